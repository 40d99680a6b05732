"""Log lines: for people in development, JSON in production, from structlog and from every library alike.

``configure()`` is called once per process. Lines carry what structlog's context variables hold (the request id), the level, the
logger's name and the time in UTC.
"""

from __future__ import annotations

import logging.config
import sys
from types import TracebackType

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.settings import Settings

_TALKATIVE = ("asyncio", "httpcore", "httpx", "watchfiles", "alembic")
"""Libraries whose log is too verbose."""

_OPERATORS = ("uvicorn.error",)
"""What an operator wants to know (a process started, stopped), and a person at a terminal does not."""


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module; its methods take an event name and values: ``log.info("load_done", rows=12)``."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def configure(settings: Settings) -> None:
    """Set up structlog and the standard library's logging for this process; a later call replaces an earlier one."""
    sys.excepthook = _log_uncaught if settings.log_as_json else sys.__excepthook__
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True) if settings.log_as_json else structlog.processors.TimeStamper(fmt="%H:%M:%S"),
        _drop_color_message,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "lines": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": before,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(as_json=settings.log_as_json)],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "lines"}},
            "root": {"handlers": ["stderr"], "level": settings.log_level},
            "loggers": {name: {"level": "WARNING"} for name in _TALKATIVE + (() if settings.log_as_json else _OPERATORS)},
        }
    )


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log the error that ends the process as one line."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        get_logger("app").critical("ended_by_an_error", exc_info=error)


def _renderers(*, as_json: bool) -> list[Processor]:
    if as_json:
        # A traceback as text: as a structure it would carry the values of local variables, and with them secrets.
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback)]


def _drop_color_message(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop the coloured copy of uvicorn's messages."""
    event.pop("color_message", None)
    return event
