"""What is known of the database's backups: for /metrics and for readiness."""
