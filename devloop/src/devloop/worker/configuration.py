"""The server's configuration: the target's own, or one for the application that it is or makes, with what the command line says."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.config import LOGGING_CONFIG

if TYPE_CHECKING:
    import ssl

    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

_LOGGING = frozenset({"access_log", "log_config", "log_level", "use_colors"})


def configuration(target: object, settings: Mapping[str, object], *, factory: bool) -> uvicorn.Config:
    """Return the configuration; a target that makes an application or a configuration is called once.

    ``settings`` are attributes of ``uvicorn.Config``. Unless they are about the log, uvicorn's own lines about each start are left out,
    because they repeat what the supervisor logs.

    Raises:
        SystemExit: with a message, when the target cannot be called.
    """
    if not isinstance(target, uvicorn.Config) and callable(target) and (factory or not _is_application(target)):
        target = target()
    if isinstance(target, uvicorn.Config):
        return _with_settings(target, settings)
    if not callable(target):
        sys.exit(f"the target is not an ASGI application: its type is {type(target).__name__}")
    quiet = not settings.keys() & {"log_config", "log_level"}
    log_config = None if "log_config" in settings else LOGGING_CONFIG
    config = uvicorn.Config(target, log_config=log_config, log_level="warning" if quiet else None)
    _with_settings(config, settings)
    if quiet:
        logging.getLogger("uvicorn.access").setLevel(logging.INFO)
    return config


def encryption(settings: Mapping[str, object]) -> ssl.SSLContext | None:
    """Return how connections are encrypted with these settings; ``None`` when they are not.

    Raises:
        OSError: a file cannot be read, or its content cannot be used.
    """
    if "ssl_certfile" not in settings:
        return None
    config = _with_settings(uvicorn.Config(_nothing, log_config=None), _only_ssl(settings))
    config.load()
    return config.ssl


def _only_ssl(settings: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in settings.items() if name.startswith("ssl_")}


async def _nothing(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Stand for an application where only the rest of the configuration is wanted."""


def _with_settings(config: uvicorn.Config, settings: Mapping[str, object]) -> uvicorn.Config:
    for name, value in settings.items():
        setattr(config, name, value)
    if settings.keys() & _LOGGING:
        config.configure_logging()
    return config


def _is_application(target: object) -> bool:
    """Distinguish ASGI applications, called with scope, receive and send, from functions that create one, called without arguments."""
    code = getattr(target, "__code__", None)
    return code is None or code.co_argcount > 0
