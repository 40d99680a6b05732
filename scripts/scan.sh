#!/usr/bin/env bash
# Scans every image of production for known vulnerabilities, with trivy or grype, whichever is installed: `make scan` (docs/deployment.md).
#
# RELEASE=tag names the images; the default is the running release. Exit code 1: a vulnerability of severity high or critical has a fix.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

IMAGE_TAG=${RELEASE:-}
# shellcheck source=scripts/production.sh
source scripts/production.sh

if command -v trivy >/dev/null; then
  scan() { trivy image --quiet --severity HIGH,CRITICAL --ignore-unfixed --exit-code 1 "$1"; }
elif command -v grype >/dev/null; then
  scan() { grype --quiet --only-fixed --fail-on high "$1"; }
else
  fail "no scanner is installed: install trivy (https://trivy.dev) or grype (https://github.com/anchore/grype), then run 'make scan' again."
fi
configuration_is_read

bad=()
for image in $(compose config --images | sort -u); do
  docker image inspect "$image" >/dev/null 2>&1 ||
    fail "$image is not on this machine: start production, or name a release that is, as in 'make scan RELEASE=tag'."
  step "$image"
  scan "$image" || bad+=("$image")
done
((${#bad[@]} == 0)) || fail "these images have vulnerabilities, or could not be scanned: ${bad[*]}. The lines above have the details; docs/deployment.md says how to apply fixes."
step "no vulnerability of severity high or critical has a fix"
