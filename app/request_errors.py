"""Errors that a request can cause, without anything of HTTP in them: services raise them, ``app.errors`` and ``dq`` show them."""

from __future__ import annotations

from app.exceptions import DraftQueenError


class InvalidParameter(DraftQueenError):
    """A parameter of a request is well formed but means nothing: 422, naming it."""

    def __init__(self, parameter: str, message: str, value: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.value = value


class NotFound(DraftQueenError):
    """There is no such thing: 404."""


class NotAcceptable(DraftQueenError):
    """None of the formats the client accepts can be produced: 406."""


class TooManyRequests(DraftQueenError):
    """A client has sent more requests of one kind than are allowed in a minute: 429. ``seconds`` says when another one is."""

    def __init__(self, kind: str, allowed: int, seconds: int) -> None:
        super().__init__(f"Only {allowed} requests of this kind ({kind}) are allowed in a minute. Try again in {seconds} s.")
        self.kind = kind
        self.allowed = allowed
        self.seconds = seconds
