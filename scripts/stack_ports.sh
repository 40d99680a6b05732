# shellcheck shell=bash
# Checks that the ports that the stack publishes are free. Sourced by stack.sh and deploy.sh, in the checkout.
# It makes no connection: a debugger's port does not tolerate a bare one.

listens() { # listens PORT [ADDRESS]: succeed if a program on this machine listens there and blocks ADDRESS (IPv4; else any)
  local hex address=''
  if [[ -r /proc/net/tcp ]]; then
    hex=$(printf '%04X' "$1")
    if [[ ${2:-} =~ ^([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)$ && $2 != 0.0.0.0 ]]; then # the kernel writes the last byte first
      address=$(printf '%02X%02X%02X%02X' "${BASH_REMATCH[4]}" "${BASH_REMATCH[3]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[1]}")
    fi
    awk -v port=":$hex" -v address="$address" '
      FNR > 1 && $4 == "0A" && substr($2, length($2) - 4) == port {
        its = substr($2, 1, length($2) - 5)
        if (!address || its ~ /^0+$/ || substr(its, length(its) - 7) == address) found = 1
      }
      END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
  elif command -v lsof >/dev/null; then # macOS
    lsof -nP -iTCP:"$1" -sTCP:LISTEN >/dev/null 2>&1
  else
    return 1
  fi
}

holder() { # holder PORT: describe the program, as far as this user may see it
  local found=
  if command -v ss >/dev/null; then found=$(ss -H -ltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (process \2)/p' | sed -n 1p); fi
  if [[ -z $found ]] && command -v lsof >/dev/null; then found=$(lsof -nP -iTCP:"$1" -sTCP:LISTEN -Fcp 2>/dev/null | awk '/^p/ { p = substr($0, 2) } /^c/ { print substr($0, 2) " (process " p ")"; exit }'); fi
  echo "${found:-another program}"
}

taken_by() { # taken_by PORT PROJECT [ADDRESS]: describe the container or program that listens there; print nothing if it is free or the project's own
  local published
  published=$(docker ps --filter "publish=$1" --format '{{.Label "com.docker.compose.project"}}|{{.Names}}')
  if grep -q "^$2|" <<<"$published" || ! { [[ -n $published ]] || listens "$1" "${3:-}"; }; then
    return 0
  fi
  if [[ -z $published ]]; then holder "$1"
  elif [[ -z ${3:-} || $3 == 0.0.0.0 ]] || listens "$1" "$3"; then echo "container $(sed -n '1s/^[^|]*|//p' <<<"$published")"
  fi
}

check_port_number() { # check_port_number NAME VALUE
  local place='.env'
  [[ -z ${!1:-} ]] || place='the environment'
  if [[ ! $2 =~ ^[1-9][0-9]{0,4}$ ]] || (($2 > 65535)); then fail "$1=$2 in $place is not a port: write a number from 1 to 65535."; fi
}

published_names() { # the ports that this start would publish, without those of inactive profiles
  local name
  for name in $(compose_names | grep '_PORT$'); do
    case $name in ADMINER_PORT | REDIS_COMMANDER_PORT) tools_started || continue ;; esac
    echo "$name"
  done
}

check_ports() {
  local name port project holder problems=() seen=" "
  project=$(env_value COMPOSE_PROJECT_NAME)
  for name in $(published_names); do
    port=${!name:-$(env_value "$name")} # as Compose finds it
    check_port_number "$name" "$port"
    [[ $seen != *" $port "* ]] || fail "$name=$port is the port of two services: choose another for one of them."
    seen+="$port "
    holder=$(taken_by "$port" "$project")
    [[ -z $holder ]] || problems+=("$port ($name) by $holder")
  done
  ((${#problems[@]} == 0)) || fail "ports are taken: $(printf '%s, ' "${problems[@]}" | sed 's/, $//'). Stop those programs, or start another instance: make up INSTANCE=$(($(env_value INSTANCE) + 1)), or choose other numbers in .env."
}
