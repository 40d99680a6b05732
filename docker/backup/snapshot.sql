-- One moment, seen from both sides: a place in the log to which the base can be brought, and a snapshot with the same rows in it, from which the dump
-- and the counts are made. Writers are kept out of all tables while the two are taken, a few milliseconds.
-- Given: `target`, the name of the place; DUMP and CONTENTS in the environment, the files to write.
\getenv contents CONTENTS
set search_path = pg_catalog;
set idle_in_transaction_session_timeout = 0; -- the dump may take long
set statement_timeout = 0;
-- Before the transaction: it would take its snapshot with this question.
select coalesce(string_agg('only ' || oid::regclass, ', ' order by oid), '') as tables, count(*) > 0 as any_table
from pg_class
where relkind = 'r' and relpersistence = 'p' and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
\gset

begin isolation level repeatable read;
savepoint unlocked;
-- For all tables together, and less than the second (deadlock_timeout) after which the server looks who waits for whom in a circle: it is always this
-- session that gives up, never a client's work.
set local statement_timeout = '800ms';
\if :any_table
lock table :tables in share mode;
\endif
-- The first question of the transaction: it takes the snapshot.
select pg_create_restore_point(:'target') as target_lsn, clock_timestamp() as locked_at
\gset
-- The locks go, and the time limit with them; the snapshot is the whole transaction's and stays.
rollback to savepoint unlocked;
release savepoint unlocked;
select round(extract(epoch from clock_timestamp() - :'locked_at'::timestamptz) * 1000, 1) as locked_ms, pg_export_snapshot() as snapshot,
       to_regclass('public.alembic_version') is not null as has_revision
\gset

\setenv SNAPSHOT :snapshot
\! pg_dump --format=custom --compress=gzip:1 --no-password --snapshot="$SNAPSHOT" --file="$DUMP"
\if :SHELL_ERROR
do $$ begin raise exception 'the dump ended too early'; end $$;
\endif
\set revision none
\if :has_revision
select coalesce(max(version_num), 'none') as revision from public.alembic_version
\gset
\endif
\o :contents
\ir contents.sql
\o
commit;
-- A commit, so that what comes before it in the log is on the disk and on its way to the receiver.
select pg_logical_emit_message(true, 'draft-queen backup', :'target')
\g /dev/null
\echo :target_lsn :locked_ms :revision
