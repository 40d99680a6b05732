#!/usr/bin/env bash
# Replaces a secret while the service runs, without losing a request: `make rotate SECRET=database` and others (docs/operations.md).
#
#   scripts/rotate.sh database    the password of API, pipeline and migrations for the database
#   scripts/rotate.sh backup      the password of the service `backup` for the database
#   scripts/rotate.sh redis       the password for Redis
#   scripts/rotate.sh webhook     the key with which the pipeline signs webhook requests
#   CERTIFICATE=fullchain.pem KEY=privkey.pem scripts/rotate.sh certificate    the proxy's, as the hook of an ACME client
#
# Compose mounts secrets as files, so they are overwritten and never replaced: the containers would not see a new file. Clients read the password
# when they connect (app/secret_files/), and for a while both the old and the new one are valid.
#
# It may be killed at any moment: the new password is kept in secrets/*.next until everything uses it, and running it again finishes the rotation. A
# certificate and its key are checked before they are written.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/production.sh
source scripts/production.sh

readonly NAMES='database backup redis webhook certificate'
folder=$SECRETS_DIR

# begin NAME: create the new value in NAME.next, atomically
begin() {
  local new
  if [[ -s $folder/$1.next ]]; then
    step "continuing an interrupted rotation of $1"
    return
  fi
  new=$(mktemp "$folder/.new.XXXXXX")
  bash scripts/secrets.sh random >"$new" && [[ -s $new ]] || fail "a new value could not be created: the lines above, if any, say why."
  mv "$new" "$folder/$1.next"
}

# write_over NAME: replace the content of the file with standard input
write_over() {
  local content spare
  content=$(cat)
  [[ -n $content ]] || fail "nothing to write into $folder/$1: run this again."
  # Make sure that there is space before the old content is overwritten.
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
  # The server may accept either one: clients that are refused try the other.
  { [[ -z $old ]] || echo "$old"; echo "$next"; } | write_over database_password
  step "new connections try both passwords"
  # psql prompts twice and sends only a verifier (SCRAM), so neither the log nor the statistics contain the password. The line has to be complete
  # before psql starts: if this script is killed, psql goes on and would take the end of its input for an empty password.
  # shellcheck disable=SC2016 # expanded in the container
  if ! said=$(compose exec --no-TTY db bash -c 'IFS= read -r password && printf "%s\n%s\n" "$password" "$password" |
      psql --no-psqlrc --quiet --username draft_queen --dbname draft_queen --command "\password draft_queen"' <<<"$next" 2>&1); then
    echo "$said" >&2
    fail "the database did not accept the new password, the old one still works: the lines above say why; then run this again."
  fi
  step "the database accepts the new password"
  printf '%s' "$next" | write_over database_password
  # Over the network, where a password is required, with the secret as the containers see it.
  # shellcheck disable=SC2016 # expanded in the container
  compose exec --no-TTY db bash -c 'PGPASSWORD=$(</run/secrets/database_password) psql --no-psqlrc --host db --username draft_queen --dbname draft_queen --quiet --command "select 1"' >/dev/null ||
    fail "the database rejects the new password: run this again."
  rm -f "$folder/database_password.next"
  step "done: the old password is refused"
}

# Only the service backup uses it: connections that it opens between the steps are refused and retried, existing ones continue.
rotate_backup() {
  running db
  running backup
  begin backup_password
  write_over backup_password <"$folder/backup_password.next"
  compose exec --no-TTY db bash -c 'POSTGRES_USER=postgres POSTGRES_DB=draft_queen bash /docker-entrypoint-initdb.d/20-roles.sh' >/dev/null ||
    fail "the database did not accept the new password: the lines above say why; then run this again."
  step "the database accepts the new password"
  compose exec --no-TTY backup backup reread || fail "the database rejects the new password: run this again."
  rm -f "$folder/backup_password.next"
  step "done: the old password is refused"
}

redis_takes() { # redis_takes CHECKSUM...: accept exactly these passwords
  sed -E "s/^(user draft_queen on)( #[0-9a-f]{64})+/\1$(printf ' #%s' "$@")/" "$folder/redis_users" | write_over redis_users
  compose exec --no-TTY redis redis-cli -e acl load >/dev/null ||
    fail "Redis did not reload its users: run 'docker compose -f compose.prod.yaml restart redis', then run this again."
}

rotate_redis() {
  local next
  running redis
  begin redis_password
  next=$(<"$folder/redis_password.next")
  redis_takes "$(checksum "$(<"$folder/redis_password")")" "$(checksum "$next")"
  step "Redis accepts both passwords"
  printf 'redis://draft_queen:%s@redis:6379/0' "$next" | write_over redis_url
  printf '%s' "$next" | write_over redis_password
  step "new connections use the new password"
  redis_takes "$(checksum "$(<"$folder/redis_password")")"
  [[ $(printf 'auth draft_queen %s\nping\n' "$next" | compose exec --no-TTY redis redis-cli) == *PONG* ]] ||
    fail "Redis rejects the new password: run this again."
  rm -f "$folder/redis_password.next"
  step "done: the old password is refused"
}

# The workers read it for each notice. A receiver that does not have it yet refuses the notice, which is repeated for hours (pipeline/worker.py).
rotate_webhook() {
  begin webhook_secret
  write_over webhook_secret <"$folder/webhook_secret.next"
  rm -f "$folder/webhook_secret.next"
  step "done: notices are signed with the new key; now give the receiver the content of $folder/webhook_secret"
}

rotate_certificate() {
  local old_certificate old_key said
  [[ -n ${CERTIFICATE:-} && -r $CERTIFICATE && -n ${KEY:-} && -r $KEY ]] ||
    fail "name two readable files: 'make rotate SECRET=certificate CERTIFICATE=fullchain.pem KEY=privkey.pem'."
  running proxy
  # Before anything is written: a mismatched pair would keep the proxy from starting.
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
  # Running requests finish with the old certificate, new connections get the new one.
  compose kill --signal HUP proxy
  step "done: new connections get the new certificate"
  bash scripts/secrets.sh check
}

[[ ${1:-} =~ ^(${NAMES// /|})$ ]] || fail "choose a secret: 'make rotate SECRET=NAME', where NAME is one of: $NAMES."
[[ -f $folder/database_password && -f $folder/redis_users ]] || fail "$folder does not contain the secrets: run 'make secrets', then 'make deploy'."
lock
configuration_is_read
"rotate_$1"
