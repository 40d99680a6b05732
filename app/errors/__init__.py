"""Errors that the user can act on, and those that a request can cause. Imports nothing, so that any module may import it.

Services raise them; ``app.errors.handlers`` turns them into HTTP responses, and ``dq`` into error messages.
"""


class DraftQueenError(Exception):
    """An error with a message for the user: shown without a traceback.

    ``message`` says what is wrong, ``cure`` what to do about it; both are whole phrases without a line break.
    ``exit_code`` is what a command ends with: 1 failed, 2 wrongly asked or configured. ``status`` is the status of an HTTP response; below
    500, and with 503, its detail is the error's own text. A class with 503 also has ``resource``: what the log says is unavailable.
    """

    exit_code = 1
    status = 500
    resource: str

    def __init__(self, message: str, cure: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure

    def __str__(self) -> str:
        """Return the message, followed by what to do about it."""
        return f"{self.message} {self.cure}" if self.cure else self.message


class InvalidParameter(DraftQueenError):
    """A parameter of a request is well formed but means nothing. The response names it."""

    status = 422

    def __init__(self, parameter: str, message: str, value: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.value = value


class NotFound(DraftQueenError):
    """The resource does not exist."""

    status = 404


class NotAcceptable(DraftQueenError):
    """None of the formats the client accepts can be produced."""

    status = 406


class TooManyRequests(DraftQueenError):
    """A client has sent more requests of one kind than are allowed in a minute (``window``). ``seconds`` says when another one is."""

    status = 429
    window = 60

    def __init__(self, kind: str, allowed: int, seconds: int) -> None:
        super().__init__(f"Only {allowed} requests of this kind ({kind}) are allowed in a minute. Try again in {seconds} s.")
        self.kind = kind
        self.allowed = allowed
        self.seconds = seconds
