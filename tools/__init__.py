"""What only development needs: the names that Compose reads, and the embedded PostgreSQL. No production image has it."""
