# shellcheck shell=bash
# The list of backups: in the database for the API, printed for people. The records next to the backups are authoritative.

quoted() { # quoted TEXT: as SQL; empty is null
  if [[ -n $1 ]]; then printf "'%s'" "${1//\'/\'\'}"; else printf null; fi
}

ledger_row() { # ledger_row RECORD: the statement that puts it into the table
  printf 'insert into public.database_backups as b (name, started_at, finished_at, size_bytes, verified_at, problem) values (%s, %s, %s, %s, %s, %s)\n' \
    "$(quoted "$(field "$1" name)")" "$(quoted "$(field "$1" started_at)")" "$(quoted "$(field "$1" finished_at)")" \
    "$(quoted "$(field "$1" size_bytes)")" "$(quoted "$(field "$1" verified_at)")" "$(quoted "$(field "$1" problem)")"
  cat <<'SQL'
on conflict (name) do update
  set finished_at = excluded.finished_at, size_bytes = excluded.size_bytes, verified_at = excluded.verified_at, problem = excluded.problem
  where (b.finished_at, b.size_bytes, b.verified_at, b.problem) is distinct from (excluded.finished_at, excluded.size_bytes, excluded.verified_at, excluded.problem);
SQL
}

# write_ledger [RECORD]: write every record, and this one, which may not be on the volume. If the database is away or has no table yet, it is written later.
write_ledger() {
  local name statements=''
  [[ $(sql "select to_regclass('public.database_backups') is not null" 2>/dev/null) == t ]] || return 1
  while IFS= read -r name; do
    # An unfinished backup has no end yet.
    if [[ -n $(field "$BACKUPS/$name/record" finished_at) ]]; then statements+=$(ledger_row "$BACKUPS/$name/record")$'\n'; fi
  done < <(names)
  if [[ -n ${1:-} && -n $(field "$1" finished_at) ]]; then statements+=$(ledger_row "$1"); fi
  psql --no-psqlrc --quiet --no-password --set=ON_ERROR_STOP=1 --single-transaction --file=- <<<"$statements" >/dev/null 2>&1
}

state_of() { # state_of NAME: in words
  local record=$BACKUPS/$1/record problem
  problem=$(field "$record" problem)
  if [[ -n $problem ]]; then
    echo "PROBLEM: $problem"
  elif is_verified "$1"; then
    echo "verified $(field "$record" verified_at | cut -c1-19)"
  elif [[ -z $(field "$record" finished_at) ]]; then
    echo 'being verified, or interrupted'
  else
    echo 'PROBLEM: some of its files are missing'
  fi
}

list() {
  local name record
  [[ -n $(names) ]] || { echo "No backups yet: 'make backup' makes one."; return; }
  printf '%-17s %-20s %9s %10s %-14s %s\n' NAME 'STARTED (UTC)' SECONDS SIZE ROWS STATE
  while IFS= read -r name; do
    record=$BACKUPS/$name/record
    printf '%-17s %-20s %9s %10s %-14s %s\n' "$name" "$(field "$record" started_at | cut -c1-19)" "$(seconds_taken "$record")" \
      "$(if is_whole "$name"; then megabytes "$(field "$record" size_bytes)"; else echo -; fi)" "$(field "$record" rows)" "$(state_of "$name")"
  done < <(names)
  list_ranges
}

seconds_taken() { # seconds_taken RECORD
  local end
  end=$(field "$1" finished_at)
  if [[ -n $end ]]; then echo $(($(seconds_of "$end") - $(seconds_of "$(field "$1" started_at)"))); else echo -; fi
}

list_ranges() { # the times that can be restored
  local folder chain name first end
  for folder in "$WAL"/*/; do
    chain=$(basename "$folder")
    first=''
    while IFS= read -r name; do
      if is_verified "$name" && [[ $(field "$BACKUPS/$name/record" chain) == "$chain" ]]; then first=$(field "$BACKUPS/$name/record" base_finished_at); fi
    done < <(names)
    [[ -n $first ]] || continue
    end="$(end_of_chain "$chain" | cut -c1-19) UTC"
    if [[ $chain == "$(current_chain)" ]] && is_streaming; then end='now'; fi
    echo "You can restore any time from ${first:0:19} UTC to $end."
  done
}
