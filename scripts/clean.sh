#!/usr/bin/env bash
# Removes what this checkout created, after asking, but nothing that is in Git. Outside the checkout: the database that names this checkout, and
# the containers, volumes and image of its stack.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=scripts/stack_env.sh
source scripts/stack_env.sh

[[ -r .env ]] || check_env_access # names its owner, if the file exists

found=()
for path in .venv .data .cache .ruff_cache .hypothesis .bootstrap.lock build dist; do
  [[ ! -e $path ]] || found+=("$path")
done
# For root, the database of a checkout that other users cannot reach is elsewhere, with a file that names the checkout.
for mark in /var/lib/draft-queen/*/belongs-to; do
  if [[ -r $mark && $(<"$mark") == "$PWD/"* ]]; then found+=("${mark%/belongs-to}"); fi
done

# The stack that .env names, if an engine is running.
project='' stack=()
# An operator's .env names production, which only `docker compose -f compose.prod.yaml down` removes.
if [[ -f .env ]] && ! is_production && command -v docker >/dev/null && docker version >/dev/null 2>&1; then
  project=$(env_value COMPOSE_PROJECT_NAME)
fi
if [[ -n $project ]]; then
  label=label=com.docker.compose.project=$project
  # The dev container's tools build an image named after the folder and the SHA-256 of its path, which adapts ours to the user's id.
  editors="vsc-*-$(checksum "$PWD")*"
  while IFS= read -r line; do stack+=("$line"); done < <(
    docker ps --all --filter "$label" --format 'container {{.Names}}'
    docker volume ls --filter "$label" --format 'volume {{.Name}}'
    docker image ls --filter "reference=$project-dev" --format 'image {{.Repository}}'
    docker image ls --filter "reference=$editors" --format 'image {{.Repository}}'
  )
fi

if ((${#found[@]} == 0 && ${#stack[@]} == 0)); then
  echo "Nothing to remove."
  exit
fi
# Every user of the embedded database holds a lock on it.
for folder in ${found[@]+"${found[@]}"}; do
  command -v flock >/dev/null || break # macOS has no shell command for it
  while IFS= read -r lock; do # DATA_DIR may name a folder below .data
    if ! flock --nonblock "$lock" true; then
      echo "The database of this checkout is in use: stop 'make run' (or the dq command) first. Nothing was removed." >&2
      exit 1
    fi
  done < <(find "$folder" -name users.lock)
done
((${#found[@]} == 0)) || du -sh "${found[@]}"
((${#stack[@]} == 0)) || printf '%s\n' "${stack[@]}"
[[ ! -e .data ]] || echo ".data is your database, exports and downloads."
[[ "${stack[*]-}" != *"volume ${project}_database"* ]] || echo "volume ${project}_database is the database of the containers."
read -r -p "Remove all of these? [y/N] " answer || answer=n
if [[ ! $answer =~ ^([yY]|[yY][eE][sS])$ ]]; then
  echo "Nothing was removed."
  exit
fi
if ((${#stack[@]})); then
  docker compose --project-name "$project" --file compose.dev.yaml --profile '*' --progress quiet down --volumes --remove-orphans
  # What an editor has created for this project in addition to Compose.
  docker ps --all --quiet --filter "label=com.docker.compose.project=$project" | xargs -r docker rm --force --volumes >/dev/null
  docker volume ls --quiet --filter "label=com.docker.compose.project=$project" | xargs -r docker volume rm --force >/dev/null
  # After every container that used them. By name, because another checkout's image may be the same one under another name.
  docker image ls --filter "reference=$project-dev" --filter "reference=$editors" --format '{{.Repository}}:{{.Tag}}' | xargs -r docker image rm --force >/dev/null
fi
((${#found[@]} == 0)) || rm -rf -- "${found[@]}"
echo "Removed."
