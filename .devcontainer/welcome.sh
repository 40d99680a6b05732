#!/usr/bin/env bash
# Printed in the editor's terminal when it has joined the container.
set -euo pipefail

cat <<'TEXT'

  You are in the container that serves the API; an edit under app/ restarts it, and no request is refused.

  The editor's list of ports leads to the pages and to pgAdmin (no login); see docs/development.md for the rest.

  dq --help     load, list, search                make test     the suite
  dq doctor     what is wrong, and how to fix it  PGPASSWORD=$DATABASE_PASSWORD pgcli "$DATABASE_URL"

TEXT
# Checked without an interpreter, whose start would delay the shell.
if healthcheck http /health/ready 2>/dev/null; then
  echo "  The API is ready, and the database has the schema of this code."
else
  echo "  The API is not ready yet, or cannot be: dq doctor says which."
fi
