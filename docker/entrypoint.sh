#!/usr/bin/env bash
# Checks the requirements of the process, reports all problems at once, and then executes the process.
# The process itself checks its settings in the same way: all problems, each with its name and what to do.
set -euo pipefail

problems=()
here=$PWD

if [[ -n ${DRAFT_QUEEN_CONTAINER:-} ]]; then # the dev image: its source is mounted
  if [[ ! -f $here/pyproject.toml ]]; then
    echo "Error: The checkout is not mounted at $here: start the container with 'make up' or from the dev container." >&2
    exit 2 # without the code nothing else can be checked
  elif [[ ! -w $here ]]; then
    ids=$(stat --format 'HOST_UID=%u HOST_GID=%g' "$here")
    problems+=("The checkout belongs to user $(stat --format %u "$here") and this container runs as $(id -u): run 'make up' as the owner of the checkout, which builds the image for that user, or without make: $ids docker compose -f compose.dev.yaml up --build")
  elif IFS= read -r first <"$here/alembic.ini" && [[ $first == *$'\r' ]]; then
    problems+=("The checkout has Windows line ends: run 'git config core.autocrlf input', then 'git rm --cached -rq . && git reset --hard' (uncommitted edits are lost).")
  fi
fi
# Plain Compose starts the stack with the defaults (compose.dev.yaml then leaves the variable empty); one of its containers reports what is missing.
if [[ ${STACK_PREPARED-1} != 1 && "$*" == *app.server:development* && ${#problems[@]} == 0 ]]; then
  owner=$(stat --format %u "$here")
  [[ $owner == "$(id -u)" ]] || echo "Warning: The checkout belongs to user $owner, and files that are made in this container will belong to user $(id -u)." >&2
  echo "This stack has the defaults of compose.dev.yaml: 'make up' would use your user id, a project name and volumes for this checkout only, free ports, and the history of a Git worktree." >&2
fi
# Only loads write there: the API only reads, and may run on a read-only root without a volume.
if [[ -n ${DATA_DIR:-} && ("$*" == *pipeline* || "$*" == *first_load*) ]]; then
  mkdir -p "$DATA_DIR" 2>/dev/null || true
  # A volume that was used with another user id still has that user's folder.
  kept=$DATA_DIR
  [[ ! -d $DATA_DIR/exports ]] || kept=$DATA_DIR/exports
  if [[ ! -d $kept || ! -w $kept ]]; then
    owner=$(stat --format %u "$kept" 2>/dev/null || echo unknown)
    problems+=("User $(id -u) cannot write to DATA_DIR=$DATA_DIR, which belongs to user $owner: remove the volume ('make clean' in development), or change its owner.")
  fi
fi

if ((${#problems[@]})); then
  for problem in "${problems[@]}"; do echo "Error: $problem" >&2; done
  # Also report problems of the settings, so that one start reveals them all.
  python -c 'from app.settings import get_settings, SettingsError
try: get_settings()
except SettingsError as error: raise SystemExit(f"Error: {error}")' || true
  exit 2
fi
exec "$@"
