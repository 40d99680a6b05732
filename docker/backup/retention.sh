# shellcheck shell=bash
# What goes: leftovers of interrupted rounds, old backups, and log that no backup needs.

readonly ALWAYS_KEPT=2 # so many verified ones of each database stay, however old

clear_leftovers() {
  clear_scratch
  rm -rf "$BACKUPS"/.incoming-* "$BACKUPS"/.removing-*
}

# Under the lock nobody verifies anything: what has no end was interrupted.
close_interrupted() {
  local name
  while IFS= read -r name; do
    [[ -z $(field "$BACKUPS/$name/record" finished_at) ]] || continue
    set_field "$BACKUPS/$name/record" problem 'its verification was interrupted'
    set_field "$BACKUPS/$name/record" finished_at "$(now)"
  done < <(names)
}

remove_backup() { # remove_backup NAME: out of sight first, so that none is ever half there
  mv "$BACKUPS/$1" "$BACKUPS/.removing-$1"
  rm -rf "$BACKUPS/.removing-$1"
}

remove_files() { # remove_files NAME: what it was stays in the list
  local keep=$BACKUPS/.removing-$1
  mkdir -p "$keep"
  mv "$BACKUPS/$1/base" "$BACKUPS/$1/dump" "$BACKUPS/$1/contents" "$BACKUPS/$1/checksums" "$keep" 2>/dev/null || true
  rm -rf "$keep"
}

prune() {
  local name system oldest newest=yes
  local -A kept=()
  oldest=$(($(date +%s) - BACKUP_KEEP_DAYS * 86400))
  while IFS= read -r name; do
    system=$(field "$BACKUPS/$name/record" chain)
    system=${system%%-*}
    if is_verified "$name" && ((${kept[$system]:-0} < ALWAYS_KEPT)); then
      kept[$system]=$((${kept[$system]:-0} + 1))
    elif (($(seconds_of "$(field "$BACKUPS/$name/record" started_at)") < oldest)); then
      remove_backup "$name"
    elif [[ -z $newest && -z $(field "$BACKUPS/$name/record" verified_at) ]] && is_whole "$name"; then
      # The newest may be the best there is; an older one that could never be verified only takes room. One that was, and has a damaged file now, may still
      # be good for something (its log, or the other of its two copies), and a disk that cannot be read for a moment is no reason to remove it.
      remove_files "$name"
    fi
    newest=''
  done < <(names)
  prune_wal
}

prune_wal() {
  local chain folder name first
  for folder in "$WAL"/*/; do
    [[ -d $folder ]] || continue
    chain=$(basename "$folder")
    first=''
    while IFS= read -r name; do # the oldest comes last
      if is_whole "$name" && [[ $(field "$BACKUPS/$name/record" chain) == "$chain" ]]; then first=$(field "$BACKUPS/$name/record" first_segment); fi
    done < <(names)
    if [[ -n $first ]]; then
      pg_archivecleanup "$folder" "$first"
    elif [[ $chain != "$(current_chain)" ]]; then
      rm -rf "$folder"
    fi
  done
}

# look_again: what was written long ago may have gone bad on the disk
look_again() {
  local name record reason
  while IFS= read -r name; do
    is_verified "$name" || continue
    record=$BACKUPS/$name/record
    reason=$(damage "$name")
    [[ -n $reason ]] || reason=$(damage_in_wal "$(field "$record" chain)" "$(field "$record" first_segment)" "$(last_segment "$name")")
    [[ -n $reason ]] || continue
    set_field "$record" problem "$reason"
    say "Backup $name was verified, and is damaged now: $reason."
  done < <(names)
}

last_segment() { # last_segment NAME: the one with the moment of its snapshot
  local record=$BACKUPS/$1/record chain
  chain=$(field "$record" chain)
  segment_of "$chain" "$(field "$record" first_segment | cut -c1-8)" "$(field "$record" target_lsn)"
}
