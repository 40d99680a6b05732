#!/usr/bin/env bash
# Runs once, when the volume is made, in production: gives the user the password of the secret. The image itself would read it into the
# server's environment, where it would stay; so it is given one that nobody knows, and this one replaces it.
set -euo pipefail

[[ -e /run/secrets/database_password ]] || exit 0 # development
[[ -s /run/secrets/database_password ]] || { echo "Error: the secret database_password is empty: remove it and run 'make secrets'." >&2; exit 1; }
# Neither the log nor the statistics may keep the statement.
export PGOPTIONS="-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic -c pg_stat_statements.track_utility=off"
psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\set user `echo "$POSTGRES_USER"`
\set password `cat /run/secrets/database_password`
ALTER ROLE :"user" PASSWORD :'password';
SQL
