#!/usr/bin/env bash
# Production: the two roles for connections by TCP, with the passwords of the secrets. The superuser `postgres` is not one of them: pg_hba.conf admits
# it in through the socket inside the container alone, and its password is random and unknown.
#
# Runs when the volume is created, at every restore, because the secrets may have changed, and when the password of the backups is rotated. It can be run
# again at any time.
set -euo pipefail

[[ -e /run/secrets/database_password ]] || exit 0 # development: POSTGRES_USER owns everything
for name in database_password backup_password; do
  [[ -s /run/secrets/$name ]] || { echo "Error: the secret $name is missing or empty: run 'make secrets'." >&2; exit 1; }
done
# Neither the log nor the statistics may contain the statements.
export PGOPTIONS="-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic -c pg_stat_statements.track_utility=off"
psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\set database `echo "$POSTGRES_DB"`
\set database_password `head -n 1 /run/secrets/database_password`
\set backup_password `cat /run/secrets/backup_password`

select to_regrole('draft_queen') is null as no_owner, to_regrole('draft_queen_backup') is null as no_backup,
       to_regclass('public.database_backups') is not null as has_table
\gset
-- API, pipeline and migrations: owns this database, and can do nothing outside of it.
\if :no_owner
create role draft_queen login;
\endif
alter role draft_queen password :'database_password';
alter database :"database" owner to draft_queen;

-- Backups: reads everything, receives the log, keeps writers out for a moment, marks a place in the log. Writes into one table, about the backups themselves.
\if :no_backup
create role draft_queen_backup login replication;
\endif
alter role draft_queen_backup password :'backup_password';
grant pg_read_all_data, pg_maintain, pg_monitor to draft_queen_backup;
grant execute on function pg_create_restore_point(text) to draft_queen_backup;
revoke connect, temporary on database :"database" from public;
grant connect on database :"database" to draft_queen_backup;
\if :has_table
grant select, insert, update on public.database_backups to draft_queen_backup;
\endif
SQL
