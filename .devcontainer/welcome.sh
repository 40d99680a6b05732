#!/usr/bin/env bash
# Printed in the editor's terminal when it has joined the container.
set -euo pipefail

cat <<'TEXT'

  You are in the container that serves the API; an edit under app/ restarts it, and no request is refused.

  Port 8000     pages, API, /docs                 make test     the suite (no browser in here)
  Port 5050     pgAdmin, open                     make pgcli    (from the host) or: pgcli "$DATABASE_URL"
  dq --help     load, list, search                docs/development.md

TEXT
dq db status || true
