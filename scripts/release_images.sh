# shellcheck shell=bash
# Which releases there are, and of what one consists, as compose.prod.yaml says: services and images. Sourced by deploy.sh, in the checkout.

# shellcheck disable=SC2034 # deploy.sh reads them
declare -A IMAGE_OF REPLICAS_OF
ROLLED=() # services whose new containers start next to the old ones
STORES=() # services with the image of another project: database, Redis

# Sets them from compose.prod.yaml, as Compose writes it out: always with the same indentation.
# shellcheck disable=SC2034
read_services() {
  local name image built rolled replicas
  while IFS='|' read -r name image built rolled replicas; do
    REPLICAS_OF[$name]=$replicas
    if [[ -n $built ]]; then IMAGE_OF[$name]=$image; else STORES+=("$name"); fi
    if [[ -n $rolled ]]; then ROLLED+=("$name"); fi
  done < <(compose config | awk '
    function end_service() { if (name) print name "|" image "|" built "|" rolled "|" replicas; name = "" }
    /^[^ ]/ { end_service(); inside = ($1 == "services:") }
    inside && /^  [^ ]/ { end_service(); name = $1; sub(/:$/, "", name); image = built = rolled = ""; replicas = 1 }
    inside && /^    image: / { image = $2 }
    inside && /^    build:/ { built = "yes" }
    inside && /^      draft-queen\.rolled: "true"/ { rolled = "yes" }
    inside && /^      replicas: / { replicas = $2 }
    END { end_service() }')
}

# The last one, when something else runs: what plain Compose has started, or a release that did not get as far as the list. Else the one before it.
release_to_go_back_to() {
  local tag last
  last=$(last_release)
  for tag in $(running_tags); do
    if ! awk -v tag="$tag" '$2 == tag { found = 1 } END { exit !found }' "$HISTORY"; then
      echo "$last"
      return
    fi
  done
  awk -v last="$last" '$2 != last { found = $2 } END { print found }' "$HISTORY"
}

images() { # of which a release consists
  printf '%s\n' "${IMAGE_OF[@]}" | sort -u
}

has_images() {
  local image
  for image in $(images); do
    docker image inspect "$image" >/dev/null 2>&1 || return 1
  done
}

# Whether images come from a registry: PULL or PULL_POLICY says so, or IMAGE_PREFIX begins with one, which Docker knows by a dot or a port.
pulls() {
  case $(setting PULL '') in
    1) return 0 ;;
    0) return 1 ;;
  esac
  [[ $GIVEN_PULL_POLICY != @(missing|always) ]] || return 0
  [[ $(setting IMAGE_PREFIX '') =~ ^(localhost|[^/]*[.:][^/]*)/ ]]
}

get_images() {
  local image
  if has_images; then
    step "its images exist already"
  elif pulls; then
    for image in $(images); do
      docker pull --quiet "$image" >/dev/null ||
        fail "$image could not be pulled: the lines above say why; nothing was changed. PULL=0 builds the images here."
    done
    step "images pulled"
  else
    compose build --quiet || fail "the images could not be built: the lines above say why; nothing was changed."
    step "images built"
  fi
}

content_of() { # content_of IMAGE: its layers and what it starts, without its labels
  docker image inspect --format '{{.RootFS.Layers}} {{.Config.Env}} {{.Config.Entrypoint}} {{.Config.Cmd}} {{.Config.User}} {{.Config.StopSignal}} {{.Config.Healthcheck}}' "$1"
}
