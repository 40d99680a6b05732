#!/usr/bin/env bash
# Removes what this checkout made, after asking; nothing that is in Git, and outside of it only the database that names this checkout.
set -euo pipefail
cd "$(dirname "$0")/.."

found=()
for path in .venv .data .cache .ruff_cache .hypothesis .bootstrap.lock build dist; do
  [[ ! -e $path ]] || found+=("$path")
done
# As root the database of a checkout that others can not reach lies elsewhere, and says whose it is.
for mark in /var/lib/draft-queen/*/belongs-to; do
  if [[ -r $mark && $(<"$mark") == "$PWD/"* ]]; then found+=("${mark%/belongs-to}"); fi
done
if ((${#found[@]} == 0)); then
  echo "Nothing to remove."
  exit
fi
# Whoever uses the embedded database holds a lock on it.
for folder in "${found[@]}"; do
  for lock in "$folder/users.lock" "$folder/postgres/users.lock"; do
    if [[ -e $lock ]] && ! flock --nonblock "$lock" true; then
      echo "The database of this checkout is in use: stop 'make run' (or the dq command) first. Nothing was removed." >&2
      exit 1
    fi
  done
done
du -sh "${found[@]}"
[[ ! -e .data ]] || echo ".data is your database, exports and downloads."
read -r -p "Remove all of these? [y/N] " answer || answer=n
if [[ ! $answer =~ ^([yY]|[yY][eE][sS])$ ]]; then
  echo "Nothing was removed."
  exit
fi
rm -rf -- "${found[@]}"
echo "Removed."
