#!/usr/bin/env bash
# The secrets of production, as files in one folder (SECRETS_DIR, else ./secrets): `make secrets`.
#
#   scripts/secrets.sh make     create missing secrets; existing ones are kept
#   scripts/secrets.sh check    check that all exist, and none is empty or well known
#   scripts/secrets.sh random   print a new value
#   scripts/secrets.sh pair CERTIFICATE KEY    check that two files belong together
#
# DOMAIN=draft.example.org puts that name into the certificate, which is self-signed until a real one replaces it.
#
# `make` writes SECRETS_DIR into .env, which compose.prod.yaml requires: a start without secrets ends at once and names the command.
#
# Only its owner can enter the folder (0700). The files in it are readable by all (0444): Compose mounts them unchanged, and every container runs
# as a different user. Needs bash, and for the certificate openssl or Docker.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/stack_env.sh
source scripts/stack_env.sh

readonly CERTIFICATE_DAYS=397 WARNING_DAYS=14 OPENSSL_IMAGE=postgres:18-trixie
# The random values, which rotate.sh changes under their first word (SECRET=database).
readonly GENERATED=(database_password backup_password redis_password webhook_secret)
# Generated ones first: the others are derived from them, except for the certificate.
readonly SECRETS=("${GENERATED[@]}" redis_url redis_users tls_key tls_certificate)

folder=${SECRETS_DIR:-}
if [[ -z $folder && -f .env ]]; then folder=$(env_value SECRETS_DIR); fi
folder=${folder:-./secrets}

random() { # 43 letters and digits: 256 bits, and nothing that a URL or a configuration file would have to escape
  local found=
  while ((${#found} < 43)); do found+=$(LC_ALL=C tr -dc 'A-Za-z0-9' < <(head -c 256 /dev/urandom)); done
  printf '%s' "${found:0:43}"
}

# run_openssl ARGUMENTS...: this machine's, or that of an image that the stack needs anyway
run_openssl() {
  if command -v openssl >/dev/null; then
    openssl "$@"
  else
    docker run --rm --interactive --network none --entrypoint openssl "$OPENSSL_IMAGE" "$@"
  fi
}

# put NAME COMMAND...: store the output of the command as the secret, atomically, and never overwrite an existing one
put() {
  local new
  new=$(mktemp "$folder/.new.XXXXXX")
  if ! "${@:2}" >"$new" || [[ ! -s $new ]]; then
    rm -f "$new"
    fail "$1 could not be created: the lines above, if any, say why."
  fi
  chmod 0444 "$new"
  if ! ln "$new" "$folder/$1" 2>/dev/null; then
    rm -f "$new"
    fail "$folder/$1 was created by another process at the same moment: run 'make secrets' again."
  fi
  rm -f "$new"
  made+=("$1")
}

check_domain() {
  [[ -n ${DOMAIN:-} ]] || return 0
  [[ $DOMAIN =~ ^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$ ]] || fail "DOMAIN=$DOMAIN is not a host name: write it like draft.example.org."
  [[ ! -e $folder/tls_certificate || $(run_openssl x509 -noout -checkhost "$DOMAIN" <"$folder/tls_certificate") == *"does match"* ]] ||
    fail "the certificate in $folder is not for $DOMAIN: remove tls_certificate and tls_key there, and run 'make secrets DOMAIN=$DOMAIN' again."
}

make_certificate() {
  local domain=${DOMAIN:-localhost} names=DNS:localhost,IP:127.0.0.1
  command -v openssl >/dev/null || command -v docker >/dev/null || fail "a certificate needs openssl or Docker, and neither is installed: install one of them."
  if [[ ! -e $folder/tls_key ]]; then
    put tls_key run_openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
  fi
  [[ $domain == localhost ]] || names=DNS:$domain,$names
  # The key on standard input, which works in a container as well.
  put tls_certificate run_openssl req -x509 -new -key /dev/stdin -days "$CERTIFICATE_DAYS" -sha256 -subj "/CN=$domain" \
    -addext "subjectAltName=$names" -addext extendedKeyUsage=serverAuth <"$folder/tls_key"
}

# The default user may only PING and ACL LOAD (scripts/rotate.sh). The API may do what its cache and rate limits need.
redis_users() {
  printf 'user default on nopass -@all +ping +acl|load\n'
  printf 'user draft_queen on #%s ~draft-queen:* +ping +get +set +incrby +decrby +expire\n' "$(checksum "$(<"$folder/redis_password")")"
}

check_pair() { # check_pair CERTIFICATE KEY: check that they are valid and belong together
  run_openssl x509 -noout <"$1" 2>/dev/null || fail "$1 is not a certificate: put a PEM file there."
  [[ $(run_openssl x509 -noout -pubkey <"$1") == "$(run_openssl pkey -pubout <"$2" 2>/dev/null)" ]] ||
    fail "$2 is not the key of $(basename "$1"): use a certificate and a key that belong together."
}

# An expired certificate does not block a release: it is only reported.
check_certificate() {
  local ends
  check_pair "$folder/tls_certificate" "$folder/tls_key"
  ends=$(run_openssl x509 -noout -enddate <"$folder/tls_certificate")
  if ! run_openssl x509 -noout -checkend 0 <"$folder/tls_certificate" >/dev/null; then
    echo "draft-queen: $folder/tls_certificate has expired (on ${ends#*=}), so browsers refuse it: put a new one there (docs/operations.md)." >&2
  elif ! run_openssl x509 -noout -checkend $((WARNING_DAYS * 86400)) <"$folder/tls_certificate" >/dev/null; then
    echo "draft-queen: $folder/tls_certificate expires on ${ends#*=}: have it renewed (docs/operations.md)." >&2
  fi
}

# Compose reads the folder's name from the environment or from .env.
remember_folder() {
  if [[ -n ${SECRETS_DIR:-} ]]; then
    [[ -f .env && -n $(env_value SECRETS_DIR) ]] || echo "Compose needs SECRETS_DIR=$folder, too: export it, or write it into .env."
    return
  fi
  [[ -f .env ]] || : >.env
  set_env_value SECRETS_DIR "$folder"
}

made=()
make_secrets() {
  local name names
  [[ -n ${SECRETS_DIR:-} || ! -f .env || -z $(env_value CHECKOUT_DIR) ]] ||
    fail "the .env here belongs to the development stack: clone the repository into another folder for production, and run 'make secrets' there."
  umask 077
  mkdir -p "$folder" || fail "the folder $folder cannot be created: correct SECRETS_DIR."
  chmod 0700 "$folder" || fail "the folder $folder belongs to another user: correct SECRETS_DIR, or run this as its owner."
  if [[ -e $folder/tls_certificate && ! -e $folder/tls_key ]]; then
    fail "$folder/tls_certificate exists without tls_key: put its key next to it, or remove it and run 'make secrets' again."
  fi
  for name in "${GENERATED[@]}"; do
    [[ -e $folder/$name ]] || put "$name" random
  done
  # The same password in the two forms in which it is read.
  if [[ ! -e $folder/redis_url ]]; then
    put redis_url printf 'redis://draft_queen:%s@redis:6379/0' "$(<"$folder/redis_password")"
  fi
  [[ -e $folder/redis_users ]] || put redis_users redis_users
  check_domain
  [[ -e $folder/tls_certificate ]] || make_certificate
  check
  remember_folder
  if ((${#made[@]})); then
    echo "Created in $folder: ${made[*]}."
  else
    echo "Nothing to do: all secrets are in $folder."
  fi
  names=$(run_openssl x509 -noout -subject -issuer <"$folder/tls_certificate" 2>/dev/null) || fail "$folder/tls_certificate is not a certificate: put a PEM file there."
  if [[ $(sed 's/^[a-z]* *= *//' < <(echo "$names") | sort -u | wc -l) -eq 1 ]]; then
    echo "The certificate is self-signed, so browsers will warn: docs/deployment.md shows how to replace it with a real one."
  fi
}

check() {
  local name value
  for name in "${SECRETS[@]}"; do
    [[ -e $folder/$name ]] || fail "$folder/$name is missing: run 'make secrets'."
    [[ -r $folder/$name ]] || fail "$folder/$name cannot be read: run this as the owner of $folder."
    [[ -s $folder/$name ]] || fail "$folder/$name is empty: remove it and run 'make secrets', which makes a new one."
  done
  for name in "${GENERATED[@]}"; do
    [[ ! -e $folder/$name.next ]] || fail "a rotation of $name was interrupted: finish it with 'make rotate SECRET=${name%%_*}'."
    value=$(tr '[:upper:]' '[:lower:]' <"$folder/$name")
    case $value in
      admin | changeme | changethis | draft_queen | draft-queen | draftqueen | password | postgres | redis | secret | test)
        fail "$folder/$name is a well-known example value: remove it and run 'make secrets', which makes a new one." ;;
    esac
    ((${#value} >= 16)) || fail "$folder/$name has fewer than 16 characters: remove it and run 'make secrets', which makes a new one."
  done
  [[ $(<"$folder/redis_url") == *"$(<"$folder/redis_password")"* ]] ||
    fail "$folder/redis_url has a different password from redis_password: remove redis_url and redis_users and run 'make secrets'."
  grep -qF "#$(checksum "$(<"$folder/redis_password")")" "$folder/redis_users" ||
    fail "$folder/redis_users has a different password from redis_password: remove it and run 'make secrets'."
  check_certificate
}

case ${1:-} in
  make) make_secrets ;;
  check) check ;;
  random) random ;;
  pair) check_pair "$2" "$3" ;;
  *) sed -n '2,16s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
