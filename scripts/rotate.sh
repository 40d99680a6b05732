#!/usr/bin/env bash
# Gives a secret a new value while the service runs and loses no request: `make rotate SECRET=database` and others (docs/operations.md).
#
#   scripts/rotate.sh database    the password with which API, pipeline and migrations come to the database
#   scripts/rotate.sh backup      that with which the service `backup` comes to it
#   scripts/rotate.sh redis       likewise to Redis
#   CERTIFICATE=fullchain.pem KEY=privkey.pem scripts/rotate.sh certificate    the proxy's, as the hook of an ACME client
#
# Compose mounts secrets as files, so they are written over and never replaced: a new file would not be seen in the containers. Whoever makes
# a connection reads the password at that moment (app/settings/secret_files.py), and for a while both the old and the new one are good.
#
# It may be killed at any moment: the new password stands in secrets/*.next until everything has it, and running it again finishes the work. A pair of
# certificate and key is looked at before it is written.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/production.sh
source scripts/production.sh

folder=$SECRETS_DIR

# begin NAME: the value that is to come is in NAME.next from here on, whole or not at all
begin() {
  local new
  if [[ -s $folder/$1.next ]]; then
    step "continuing an interrupted change of $1"
    return
  fi
  new=$(mktemp "$folder/.new.XXXXXX")
  bash scripts/secrets.sh random >"$new" && [[ -s $new ]] || fail "a new value could not be created: the lines above, if any, say why."
  mv "$new" "$folder/$1.next"
}

# write_over NAME: what comes on standard input becomes the content of the same file
write_over() {
  local content spare
  content=$(cat)
  [[ -n $content ]] || fail "nothing to write into $folder/$1: run this again."
  # Room for it is taken before the old content goes.
  spare=$(mktemp "$folder/.new.XXXXXX")
  printf '%s' "$content" >"$spare" || { rm -f "$spare"; fail "there is no space for $1 in $folder: free some, then run this again."; }
  rm -f "$spare"
  chmod u+w "$folder/$1"
  printf '%s' "$content" >"$folder/$1"
  chmod 0444 "$folder/$1"
}

running() { # running SERVICE
  [[ -n $(compose ps --quiet --status running "$1") ]] || fail "the service $1 is not running: start it with 'docker start \$(docker compose -f compose.prod.yaml ps --all --quiet $1)', then run this again."
}

rotate_database() {
  local old='' next lines line said
  running db
  begin database_password
  next=$(<"$folder/database_password.next")
  mapfile -t lines <"$folder/database_password"
  for line in "${lines[@]}"; do
    if [[ -n $line && $line != "$next" ]]; then old=$line; break; fi
  done
  # Either may be the one that the server takes: whoever is refused tries the other.
  { [[ -z $old ]] || echo "$old"; echo "$next"; } | write_over database_password
  step "new connections try both passwords"
  # psql asks twice and sends no more than a checksum (SCRAM), so neither the log nor the statistics see the password. The whole line has to have
  # come before psql starts: when this script is killed it goes on, and would take the end of its input for an empty password.
  # shellcheck disable=SC2016 # to be read inside
  if ! said=$(compose exec --no-TTY db bash -c 'IFS= read -r password && printf "%s\n%s\n" "$password" "$password" |
      psql --no-psqlrc --quiet --username draft_queen --dbname draft_queen --command "\password draft_queen"' <<<"$next" 2>&1); then
    echo "$said" >&2
    fail "the database did not accept the new password, the old one still works: the lines above say why; then run this again."
  fi
  step "the database accepts the new one"
  printf '%s' "$next" | write_over database_password
  # By the network, where a password is asked for, with the secret as the containers see it.
  # shellcheck disable=SC2016 # to be read inside
  compose exec --no-TTY db bash -c 'PGPASSWORD=$(</run/secrets/database_password) psql --no-psqlrc --host db --username draft_queen --dbname draft_queen --quiet --command "select 1"' >/dev/null ||
    fail "the database rejects the new password: run this again."
  rm -f "$folder/database_password.next"
  step "done: the old password is refused"
}

# Nobody but the service backup uses it: what that begins between the steps is refused and tried again, and what it is in the middle of goes on.
rotate_backup() {
  running db
  running backup
  begin backup_password
  write_over backup_password <"$folder/backup_password.next"
  compose exec --no-TTY db bash -c 'POSTGRES_USER=postgres POSTGRES_DB=draft_queen bash /docker-entrypoint-initdb.d/20-roles.sh' >/dev/null ||
    fail "the database did not accept the new password: the lines above say why; then run this again."
  step "the database accepts the new one"
  compose exec --no-TTY backup backup reread || fail "the database rejects the new password: run this again."
  rm -f "$folder/backup_password.next"
  step "done: the old password is refused"
}

redis_takes() { # redis_takes CHECKSUM...: these passwords and no other
  sed -E "s/^(user draft_queen on)( #[0-9a-f]{64})+/\1$(printf ' #%s' "$@")/" "$folder/redis_users" | write_over redis_users
  compose exec --no-TTY redis redis-cli -e acl load >/dev/null ||
    fail "Redis did not read its users again: 'docker compose -f compose.prod.yaml restart redis' makes it, then run this again."
}

checksum_of() { # checksum_of FILE
  printf '%s' "$(<"$folder/$1")" | { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; } | cut -c1-64
}

rotate_redis() {
  local next
  running redis
  begin redis_password
  next=$(<"$folder/redis_password.next")
  redis_takes "$(checksum_of redis_password)" "$(checksum_of redis_password.next)"
  step "Redis accepts both passwords"
  printf 'redis://draft_queen:%s@redis:6379/0' "$next" | write_over redis_url
  printf '%s' "$next" | write_over redis_password
  step "new connections use the new one"
  redis_takes "$(checksum_of redis_password)"
  [[ $(printf 'auth draft_queen %s\nping\n' "$next" | compose exec --no-TTY redis redis-cli) == *PONG* ]] ||
    fail "Redis rejects the new password: run this again."
  rm -f "$folder/redis_password.next"
  step "done: the old password is refused"
}

rotate_certificate() {
  local old_certificate old_key said
  [[ -n ${CERTIFICATE:-} && -r $CERTIFICATE && -n ${KEY:-} && -r $KEY ]] ||
    fail "name two files that can be read: 'make rotate SECRET=certificate CERTIFICATE=fullchain.pem KEY=privkey.pem'."
  running proxy
  # Before anything is written: a pair that does not fit would keep the proxy from starting.
  bash scripts/secrets.sh pair "$CERTIFICATE" "$KEY"
  old_certificate=$(<"$folder/tls_certificate")
  old_key=$(<"$folder/tls_key")
  write_over tls_certificate <"$CERTIFICATE"
  write_over tls_key <"$KEY"
  if ! said=$(compose exec --no-TTY proxy nginx -t 2>&1); then
    write_over tls_certificate <<<"$old_certificate"
    write_over tls_key <<<"$old_key"
    echo "$said" >&2
    fail "the proxy rejects these two files: the lines above say why; the old ones are restored."
  fi
  # Running requests end with the old certificate, new connections get the new one.
  compose kill --signal HUP proxy
  step "done: new connections get the new certificate"
  bash scripts/secrets.sh check
}

case ${1:-} in
  database | backup | redis | certificate) ;;
  *) fail "say which secret: 'make rotate SECRET=database', 'SECRET=backup', 'SECRET=redis' or 'SECRET=certificate'." ;;
esac
[[ -f $folder/database_password && -f $folder/redis_users ]] || fail "$folder holds no secrets: run 'make secrets', then 'make deploy'."
lock
configuration_is_read
"rotate_$1"
