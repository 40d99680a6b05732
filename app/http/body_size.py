"""The limit of request bodies, which the middleware enforces and the OpenAPI document describes; the proxy has the same."""

from typing import Final

MOST_BODY_BYTES: Final = 64 * 1024
BODY_TOO_LARGE: Final = "The request body is larger than 64 kB: send less; no endpoint needs more."
