#!/usr/bin/env bash
# Lays out below one folder everything of ours that the runtime image gets: code, `dq`, metadata, the user, entrypoint and health check.
# usage: install-source.sh SOURCE ROOTFS ENTRYPOINT HEALTHCHECK
set -euo pipefail

source=$1 rootfs=$2 entrypoint=$3 healthcheck=$4
epoch=${SOURCE_DATE_EPOCH:-0}
venv=$rootfs/opt/venv

# The installation that points to the source: `dq`, and the version that the API and /metrics report.
packages=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mkdir -p "$rootfs$packages" "$venv/bin"
cp -a "$packages"/draft_queen-*.dist-info "$packages"/*draft_queen*.pth "$rootfs$packages/"
cp -a /opt/venv/bin/dq "$venv/bin/dq"
# Times and paths of this build, which are not used.
find "$rootfs$packages" \( -name 'uv_*.json' -o -name direct_url.json -o -name RECORD -o -name REQUESTED \) -delete

mkdir -p "$rootfs$(dirname "$source")"
cp -a "$source" "$rootfs$source"
find "$rootfs$source" -name __pycache__ -prune -exec rm -rf {} +
python -m compileall -q -j 0 --invalidation-mode unchecked-hash -s "$rootfs" "$rootfs$source/app" "$rootfs$source/pipeline" "$rootfs$source/cli" \
  "$rootfs$source/alembic"

# A user of no particular rights, the same everywhere.
mkdir -p "$rootfs/etc" "$rootfs/usr/local/bin"
cp /etc/passwd /etc/group "$rootfs/etc/"
echo 'draft-queen:x:10001:10001:Draft Queen:/tmp:/usr/sbin/nologin' >>"$rootfs/etc/passwd"
echo 'draft-queen:x:10001:' >>"$rootfs/etc/group"

# Windows line ends would make them fail with a misleading error message.
sed 's/\r$//' "$entrypoint" >"$rootfs/usr/local/bin/entrypoint"
sed 's/\r$//' "$healthcheck" >"$rootfs/usr/local/bin/healthcheck"
chmod 755 "$rootfs/usr/local/bin/entrypoint" "$rootfs/usr/local/bin/healthcheck"

# Whatever the umask at the time of the clone: readable by all, writable by root.
chmod -R u=rwX,go=rX "$rootfs"
install -d -o 10001 -g 10001 "$rootfs/var/lib/draft-queen"
find "$rootfs" -exec touch --no-dereference --date "@$epoch" {} +
