#!/usr/bin/env bash
# Looks at what a process of ours needs before it starts, says everything that is wrong at once, and then becomes the process.
# Settings are checked by the process itself, in the same way: all problems, each by name with its cure.
set -euo pipefail

problems=()
here=$PWD

if [[ -n ${DRAFT_QUEEN_CONTAINER:-} ]]; then # the dev image: its source is mounted
  if [[ ! -f $here/pyproject.toml ]]; then
    problems+=("The checkout is not mounted at $here: start the container with 'make up' or from the dev container.")
  elif [[ ! -w $here ]]; then
    problems+=("The checkout belongs to user $(stat --format %u "$here") and this container runs as $(id -u): run 'make up' as the owner of the checkout, which builds the image for that user.")
  elif IFS= read -r first <"$here/alembic.ini" && [[ $first == *$'\r' ]]; then
    problems+=("The checkout has Windows line ends: run 'git config core.autocrlf input', then 'git rm --cached -rq . && git reset --hard' (uncommitted edits are lost).")
  fi
fi
# Only loads write there: the API reads, and may run on a read-only root without a volume.
if [[ -n ${DATA_DIR:-} && "$*" == *pipeline* ]]; then
  mkdir -p "$DATA_DIR" 2>/dev/null || true
  # A volume that another user id has used before keeps that user's folder.
  kept=$DATA_DIR
  [[ ! -d $DATA_DIR/exports ]] || kept=$DATA_DIR/exports
  if [[ ! -d $kept || ! -w $kept ]]; then
    owner=$(stat --format %u "$kept" 2>/dev/null || echo nobody)
    problems+=("DATA_DIR=$DATA_DIR cannot be written by user $(id -u), it belongs to $owner: remove the volume ('make clean' in development), or give it to that user.")
  fi
fi

if ((${#problems[@]})); then
  for problem in "${problems[@]}"; do echo "Error: $problem" >&2; done
  # The settings' problems too, so that nobody has to start again to learn of them.
  python -c 'from app.settings import get_settings, SettingsError
try: get_settings()
except SettingsError as error: raise SystemExit(f"Error: {error}")' || true
  exit 2
fi
exec "$@"
