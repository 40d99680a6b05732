#!/usr/bin/env bash
# What the proxy serves itself: the static files with a compressed copy of each, their fingerprints, and the error pages.
# usage: proxy-files.sh WEB_STATIC DOCS_STATIC ROOTFS
set -euo pipefail

web=$1 docs=$2 rootfs=$3
html=$rootfs/usr/share/nginx/html
configuration=$rootfs/etc/nginx/draft-queen

mkdir -p "$html/static" "$html/docs/static" "$html/_errors" "$configuration"
cp -a "$web/." "$html/static"
cp -a "$docs/." "$html/docs/static"

# The same fingerprint as in the links of the pages (app/http/static_files.py).
while IFS= read -r -d '' file; do
  sum=$(sha256sum "$file")
  printf '"%s?%s" "public, max-age=31536000, immutable";\n' "${file#"$html"}" "${sum:0:12}"
done < <(find "$html/static" "$html/docs/static" -type f -print0 | sort -z) >"$configuration/fingerprints.map"

find "$html" -type f \( -name '*.css' -o -name '*.js' -o -name '*.svg' -o -name '*.txt' \) -size +1k -exec gzip --best --keep --no-name {} +

# error STATUS TITLE DETAIL: the page that browsers get, and the document that programs get (as app/errors/handlers.py writes it)
error() {
  cat >"$html/_errors/$1.html" <<HTML
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>$2 · Draft Queen</title>
  <link rel="stylesheet" href="/static/css/app.css">
</head>
<body>
  <main id="main">
    <div class="wrap page">
      <div class="error-page stack">
        <p class="error-number" aria-hidden="true">$1</p>
        <h1>$2</h1>
        <p>$3</p>
        <ul class="links">
          <li><a href="/">Start page</a></li>
        </ul>
      </div>
    </div>
  </main>
</body>
</html>
HTML
  printf '{"type":"about:blank","title":"%s","status":%d,"detail":"%s"}\n' "$2" "$1" "$3" >"$html/_errors/$1.json"
}
error 400 'Bad Request' 'The request is malformed: check its syntax.'
error 403 'Forbidden' 'This URL is not available from outside.'
error 404 'Not Found' 'No resource exists at this URL.'
error 405 'Method Not Allowed' 'This URL only supports reading: use GET.'
error 408 'Request Timeout' 'The request did not arrive in time: send it again.'
error 413 'Content Too Large' 'The request body is larger than 64 kB: send less; no endpoint needs more.'
error 414 'URI Too Long' 'The URL is longer than 8 kB: request less at once.'
error 429 'Too Many Requests' 'Too many requests came from your IP address: wait a second, then send them more slowly.'
error 431 'Request Header Fields Too Large' 'A request header is longer than 8 kB: remove cookies or headers that are not needed.'
error 500 'Internal Server Error' 'The proxy encountered an error; its log has the details.'
error 503 'Service Unavailable' 'The service is temporarily unavailable: try again in a few seconds.'

# Readable by all, whatever the umask of the checkout.
chmod -R u=rwX,go=rX "$rootfs"
find "$rootfs" -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH:-0}" {} +

# nginx makes an ETag from a file's time and size, so the time is made from the content (28 bits of its checksum, from 2001 on). Two releases
# whose file differs then never have the same tag, and a file that has not changed keeps its own, whenever and wherever it was built.
while IFS= read -r -d '' file; do
  sum=$(sha256sum "$file")
  touch --date "@$((1000000000 + 16#${sum:0:7}))" "$file"
done < <(find "$html/static" "$html/docs/static" -type f -print0)
