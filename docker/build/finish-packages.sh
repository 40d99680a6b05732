#!/usr/bin/env bash
# The last step of installing packages into /opt/venv while an image is built.
#
#   --slim             take out what a running service never reads, strip native modules, compile
#   --compile          compile
#   --dev              take out only what cannot be used in the dev image, strip, compile what is started often
#   --lay-out DIR      put the environment below DIR
#   --list             print every file with its checksum
#   --added A B DIR    copy what list B has beyond list A below DIR
#
# Bytecode is marked as never to be compared with its source: the image does not change, and times of files then play no part. For the
# same reason every file gets the time SOURCE_DATE_EPOCH: the same packages give the same layer.
set -euo pipefail

venv=/opt/venv
packages=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib", vars={"base": "/opt/venv"}))')
epoch=${SOURCE_DATE_EPOCH:-0}

strip_native() {
  # Symbols for debuggers; a module that strip does not understand (already packed, other format) stays as it is.
  find "$packages" -type f \( -name '*.so' -o -name '*.so.*' \) -print0 | xargs -0 -r -n 1 -P "$(nproc)" strip --strip-unneeded 2>/dev/null || true
}

compile() { # compile <invalidation mode>
  python -m compileall -q -j 0 --invalidation-mode "$1" "$packages" >/dev/null
}

slim() {
  # Type stubs' markers, headers and packages' own tests.
  find "$packages" -type d \( -name tests -o -name testing -o -name include \) -not -path '*/polars/*' \
    -prune -exec rm -rf {} +
  find "$packages" -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.c' -o -name '*.h' \) -delete
  # Commands of libraries; ours is `dq`, and the servers are started as modules. `alembic current` is what an operator knows.
  find "$venv/bin" -type f -not -name 'python*' -not -name alembic -delete
  # rich loads these two only to colour source code and to render Markdown, which a service does not do.
  rm -rf "$packages"/pygments "$packages"/pygments-*.dist-info "$packages"/markdown_it "$packages"/markdown_it_py-*.dist-info \
    "$packages"/mdurl "$packages"/mdurl-*.dist-info
  # The base image has the system's time zones.
  if [[ -d /usr/share/zoneinfo ]]; then rm -rf "$packages"/tzdata "$packages"/tzdata-*.dist-info; fi
}

list() {
  find "$venv" -type f -print0 | sort -z | xargs -0 sha256sum
}

case ${1:-} in
  --slim)
    slim
    strip_native
    compile unchecked-hash
    find "$venv" -exec touch --no-dereference --date "@$epoch" {} +
    ;;
  --dev)
    # Playwright's own Node.js: the browser tests need a browser, which is not in this image, and are skipped with that reason.
    rm -rf "$packages/playwright/driver"
    # Two large checkers of files that describe this image and the public checks; `make lint` outside of containers runs them.
    rm -f "$venv/bin/hadolint" "$venv/bin/zizmor"
    strip_native
    # Two tools whose start-up time users notice.
    python -m compileall -q -j 0 "$packages/debugpy" "$packages/_pytest" "$packages/pytest" >/dev/null
    ;;
  --compile) compile timestamp ;;
  --list) list ;;
  --lay-out)
    # Below a root of its own: copied onto `/`, the folders above the environment have their time as well.
    mkdir -p "$2/opt"
    cp -a "$venv" "$2/opt/"
    find "$2" -exec touch --no-dereference --date "@$epoch" {} +
    ;;
  --added)
    mkdir -p "$4"
    comm -13 <(sort "$2") <(sort "$3") | cut -c67- | sort | tar --create --files-from - --absolute-names | tar --extract --directory "$4" --strip-components 0 \
      --transform 's,^/,,'
    find "$4" -exec touch --no-dereference --date "@$epoch" {} +
    ;;
  *)
    echo "usage: $0 --slim|--compile|--dev|--lay-out DIR|--list|--added BEFORE AFTER DIR" >&2
    exit 2
    ;;
esac
