"""The ETL: from a source file to dated, joined rows in PostgreSQL, one ledger row per run."""
