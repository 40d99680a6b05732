#!/usr/bin/env bash
# Backups of the database: log streaming, scheduled copies, each verified by restoring it (docs/operations.md, "Backups").
#
#   backup serve              do all of that, until stopped
#   backup now                run one round now
#   backup list               list the backups
#   backup verify NAME        restore an existing backup into a scratch database, and compare
#   backup healthy            check that changes are being received and the last round succeeded
#
# And for scripts/backups.sh: plan [TIME] [NAME], apply NAME KIND VALUE, base, forget. For scripts/rotate.sh: reread.
set -euo pipefail
shopt -s inherit_errexit

library=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
export TZ=UTC LC_ALL=C.UTF-8
umask 077

# shellcheck source=docker/backup/common.sh
source "$library/common.sh"
# shellcheck source=docker/backup/wal.sh
source "$library/wal.sh"
# shellcheck source=docker/backup/stream.sh
source "$library/stream.sh"
# shellcheck source=docker/backup/server.sh
source "$library/server.sh"
# shellcheck source=docker/backup/take.sh
source "$library/take.sh"
# shellcheck source=docker/backup/verify.sh
source "$library/verify.sh"
# shellcheck source=docker/backup/retention.sh
source "$library/retention.sh"
# shellcheck source=docker/backup/ledger.sh
source "$library/ledger.sh"
# shellcheck source=docker/backup/restore.sh
source "$library/restore.sh"
# shellcheck source=docker/backup/serve.sh
source "$library/serve.sh"

check_number() { # check_number NAME LEAST MOST
  if [[ ! ${!1} =~ ^[1-9][0-9]{0,8}$ ]] || ((${!1} < $2 || ${!1} > $3)); then fail "$1=${!1} is not a whole number from $2 to $3: correct it in .env."; fi
}

BACKUP_EVERY_SECONDS=${BACKUP_EVERY_SECONDS:-86400} BACKUP_KEEP_DAYS=${BACKUP_KEEP_DAYS:-7}
check_number BACKUP_EVERY_SECONDS 10 31536000
check_number BACKUP_KEEP_DAYS 1 3650
export PGCONNECT_TIMEOUT=5
mkdir -p "$STATE"
touch "$LOG" "$STREAM_LOG"
trap 'exit 143' TERM INT HUP # runs the EXIT trap with its clean-up

case ${1:-} in
  healthy) healthy ;; # runs often, so it opens no connection
  list) list ;;
  plan) plan "${2:-}" "${3:-}" ;;
  apply) apply "$2" "$3" "${4:-}" ;;
  forget) forget ;;
  *)
    prepare_connection
    case ${1:-} in
      serve) serve ;;
      stream) stream_forever ;;
      due) round_if_due ;;
      now) round_now ;;
      base) wait_for_base ;;
      verify) verify_again "${2:-}" ;;
      reread) sql 'select' >/dev/null ;; # the password has just been read; this proves that it works
      *) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
    esac
    ;;
esac
