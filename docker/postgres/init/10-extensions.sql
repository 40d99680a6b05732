-- Runs once, when the volume is made. Statement statistics: SELECT * FROM pg_stat_statements ORDER BY total_exec_time DESC;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
-- Similarity of names, for trying out searches.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
