# shellcheck shell=bash
# The secrets that are random values: secrets.sh makes them, rotate.sh changes each under its first word (SECRET=database). Sourced by both.
# shellcheck disable=SC2034 # read there
readonly GENERATED=(database_password backup_password redis_password webhook_secret)
