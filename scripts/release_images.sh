# shellcheck shell=bash
# Releases and their services and images, as declared in compose.prod.yaml. Sourced by deploy.sh, in the checkout.

# shellcheck disable=SC2034 # deploy.sh reads them
declare -A IMAGE_OF REPLICAS_OF
ROLLED=() # services whose new containers start next to the old ones
STORES=() # services with the image of another project, which have no `pull_policy`: database, Redis

# Set the variables above from the output of `compose config`, whose indentation is fixed.
# shellcheck disable=SC2034
read_services() {
  local name image own rolled replicas
  while IFS='|' read -r name image own rolled replicas; do
    REPLICAS_OF[$name]=$replicas
    if [[ -n $own ]]; then IMAGE_OF[$name]=$image; else STORES+=("$name"); fi
    if [[ -n $rolled ]]; then ROLLED+=("$name"); fi
  done < <(compose config | awk '
    function end_service() { if (name) print name "|" image "|" own "|" rolled "|" replicas; name = "" }
    /^[^ ]/ { end_service(); inside = ($1 == "services:") }
    inside && /^  [^ ]/ { end_service(); name = $1; sub(/:$/, "", name); image = own = rolled = ""; replicas = 1 }
    inside && /^    image: / { image = $2 }
    inside && /^    pull_policy:/ { own = "yes" }
    inside && /^      draft-queen\.rolled: "true"/ { rolled = "yes" }
    inside && /^      replicas: / { replicas = $2 }
    END { end_service() }')
}

# The last release of the list if something else is running (started by plain Compose, or a release that was never recorded), else the previous one.
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

images() { # the images of a release
  printf '%s\n' "${IMAGE_OF[@]}" | sort -u
}

has_images() {
  local image
  for image in $(images); do
    docker image inspect "$image" >/dev/null 2>&1 || return 1
  done
}

# Succeed if images come from a registry: because of PULL or PULL_POLICY, or because IMAGE_PREFIX begins with one (recognised by a dot or a port).
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

content_of() { # content_of IMAGE: its layers and start command, without its labels
  docker image inspect --format '{{.RootFS.Layers}} {{.Config.Env}} {{.Config.Entrypoint}} {{.Config.Cmd}} {{.Config.User}} {{.Config.StopSignal}} {{.Config.Healthcheck}}' "$1"
}
