-- Runs once, when the volume is made: fills min_wal_size with segments of the write-ahead log, which PostgreSQL reuses from then on.
-- Without a free segment a server on a full disk stops and cannot start; with them a write fails with an error, and reads continue.
SELECT pg_logical_emit_message(false, 'reserve', ''), pg_switch_wal()
  FROM generate_series(1, (SELECT setting::int / 16 FROM pg_settings WHERE name = 'min_wal_size'))
\g /dev/null
CHECKPOINT;
