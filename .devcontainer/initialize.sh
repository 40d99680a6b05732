#!/usr/bin/env bash
# The dev container's first step, on the host: what `make up` does before it starts anything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

exec bash scripts/stack.sh check
