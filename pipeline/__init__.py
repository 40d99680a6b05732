"""The ETL: from a source file to dated, joined rows in PostgreSQL, one ledger row per run."""

import os

# polars brings its own allocator, which keeps freed memory for ten seconds; a load frees and takes hundreds of megabytes a second, so
# give it back soon (after 50 ms it would cost a tenth more processor time). Read when polars is imported, hence here.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:100,muzzy_decay_ms:0")
