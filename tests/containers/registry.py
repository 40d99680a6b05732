"""A registry for images that can be pulled and nothing else: it hands out what `docker save` wrote, on a port of the loopback."""

from __future__ import annotations

import json
import subprocess
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def handler(layouts: Mapping[str, Path]) -> type[BaseHTTPRequestHandler]:
    """Answers for these repositories, each an OCI layout with one image."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = self.path.strip("/").split("/")
            if parts == ["v2"]:
                self.answer(b"{}", "application/json")
                return
            layout = layouts.get("/".join(parts[1:-2]))
            kind, name = parts[-2:]
            if layout is None or kind not in ("manifests", "blobs"):
                self.answer(b"{}", "application/json", 404)
                return
            media_type = "application/octet-stream"
            if kind == "manifests":
                (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
                media_type = entry["mediaType"]
                name = name if name.startswith("sha256:") else entry["digest"]
            self.answer((layout / "blobs" / "sha256" / name.removeprefix("sha256:")).read_bytes(), media_type, digest=name)

        do_HEAD = do_GET  # noqa: N815 - the library's name

        def answer(self, body: bytes, media_type: str, status: int = 200, digest: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            if digest:
                self.send_header("Docker-Content-Digest", digest)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler


@contextmanager
def registry(images: Mapping[str, str], folder: Path) -> Iterator[int]:
    """The port of a registry with these images of the engine, by the repository's name."""
    layouts: dict[str, Path] = {}
    saved_before: dict[str, Path] = {}
    for name, image in images.items():
        if image in saved_before:
            layouts[name] = saved_before[image]
            continue
        layout = layouts[name] = saved_before[image] = folder / name.replace("/", "_")
        layout.mkdir()
        saved = folder / "saved.tar"
        subprocess.run(["docker", "save", "--output", str(saved), image], check=True)
        with tarfile.open(saved) as archive:
            archive.extractall(layout, filter="data")
        saved.unlink()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(layouts))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
