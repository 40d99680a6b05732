"""Everything that the processes of the loop say to each other. One message is one JSON object: the class name and the fields.

Plain dataclasses: frozen ones with slots take 20 ms of every start to be made, which delays the first response.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, field
from typing import ClassVar

from devloop.options import Setting

#: A list of a thousand modules does not fit into one packet unless it is compressed.
_COMPRESS_ABOVE = 16_384
#: So many files are named of those that have changed.
MOST_NAMED = 1_000


@dataclass
class Message:
    """The base of them all; its subclasses are known by their names."""

    kinds: ClassVar[dict[str, type[Message]]] = {}

    def __init_subclass__(cls) -> None:
        Message.kinds[cls.__name__] = cls

    def encode(self) -> bytes:
        """Encode the message as one packet."""
        text = json.dumps([type(self).__name__, asdict(self)]).encode()
        return b"z" + zlib.compress(text, 1) if len(text) > _COMPRESS_ABOVE else text


def decode(packet: bytes) -> Message:
    """Decode the message in a packet.

    Raises:
        ValueError: it is none of ours.
    """
    try:
        name, fields = json.loads(zlib.decompress(packet[1:]) if packet[:1] == b"z" else packet)
        return Message.kinds[name](**fields)
    except (ValueError, KeyError, TypeError, RecursionError, zlib.error) as error:
        raise ValueError(f"not a message of the loop: {packet[:80]!r}") from error


# --- supervisor to zygote --------------------------------------------------------------------------------------------------------


@dataclass
class Preload(Message):
    """The first message: import these third-party modules, in this order. The socket to answer on comes with it. Answered by ``Ready``.

    ``root`` is the folder that is imported from; the application's own modules are those below it and below ``watch``.
    ``variables`` are set in the environment first, unless they are set already.
    """

    modules: list[str]
    root: str
    watch: list[str]
    variables: dict[str, str] = field(default_factory=dict)


@dataclass
class Fork(Message):
    """Fork a process for this; its channel comes with the message. Answered by ``Forked``, or by ``Outdated``.

    ``generation`` counts the reloads. ``warm`` names modules of the application to import before waiting for ``Run``, and ``unsafe``
    packages that are known to start threads and the like on their own account. With ``error`` the process does not run the application:
    it answers every request with this text, as an error, or because another process is still ``starting``. ``grace`` is how many seconds it
    may take to finish once it is replaced. ``breakpoint()`` asks on the ``terminal`` of this name, or advises to attach to ``debug_port``.
    With ``factory`` the target is called for the application. ``server`` are settings of ``uvicorn.Config``. ``supervisor`` tells this one
    from those before and after it, whose generations have the same numbers.
    """

    kind: str
    target: str
    root: str
    generation: int
    grace: float
    supervisor: str
    factory: bool = False
    server: dict[str, Setting] = field(default_factory=dict)
    terminal: str | None = None
    debug_port: int | None = None
    warm: list[str] | None = None
    unsafe: list[str] = field(default_factory=list)
    join: tuple[str, int, int] | None = None
    error: str | None = None
    starting: bool = False


@dataclass
class PreloadDebugger(Message):
    """A debugger has attached: import its modules, so that later processes have them. Not answered."""


# --- zygote to supervisor --------------------------------------------------------------------------------------------------------


@dataclass
class Ready(Message):
    """The modules are imported; ``unsafe`` are those after which nothing may be forked here, each with what it does."""

    unsafe: dict[str, str]


@dataclass
class Forked(Message):
    """The process that was asked for."""

    pid: int


@dataclass
class Outdated(Message):
    """These files are not any more as this process has read them: it is to be replaced. A warm process says so too, instead of going on."""

    files: list[str]


@dataclass
class Ended(Message):
    """A forked process has ended: its exit code, or minus the signal."""

    pid: int
    code: int


# --- supervisor to worker --------------------------------------------------------------------------------------------------------


@dataclass
class Run(Message):
    """To a warm process: you are the next generation, go on."""

    generation: int
    join: tuple[str, int, int] | None


@dataclass
class Go(Message):
    """To a prepared process: begin to accept, or to work."""


@dataclass
class Stop(Message):
    """Accept nothing more, finish what runs, and end."""


@dataclass
class Join(Message):
    """A debugger has attached: join its session at this host and port, as a child of this process."""

    host: str
    port: int
    parent: int


@dataclass
class Stale(Message):
    """Newer code than yours did not start, for this reason."""

    error: str


@dataclass
class Refresh(Message):
    """A template or a static file has changed: pages in browsers are to be loaded again."""


# --- worker to supervisor --------------------------------------------------------------------------------------------------------


@dataclass
class Warm(Message):
    """The modules are imported; these modules of the application are in memory now (names and files)."""

    modules: list[tuple[str, str]]


@dataclass
class Unkept(Message):
    """The import of this module does more than to define things, so it is not imported ahead; the process has ended."""

    module: str
    what: str


@dataclass
class Writing(Message):
    """The application opens this file of its own to write it, while it starts."""

    file: str


@dataclass
class Current(Message):
    """The answer to ``Run``: everything is as it was read, and this process goes on."""


@dataclass
class Joined(Message):
    """The debugger's session was joined, and its breakpoints hold from now on; or it was not."""

    success: bool


@dataclass
class AtPrompt(Message):
    """A debugger's prompt is shown on the terminal, or not any more. ``can_leave``: SIGTERM closes it."""

    shown: bool
    can_leave: bool


@dataclass
class Prepared(Message):
    """Imported and started up; waiting for ``Go``.

    ``changers`` are the modules of the application that changed the environment while they were imported ("" for its start-up),
    ``before`` are the files of those whose import had begun before the first change. ``importing`` and ``starting`` are the milliseconds
    that import and start-up took, ``slowest`` the modules or packages whose own code took most of the import.
    """

    changers: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    importing: float = 0.0
    starting: float = 0.0
    slowest: list[tuple[str, float]] = field(default_factory=list)


@dataclass
class Accepting(Message):
    """The process serves requests, or its work has begun."""


@dataclass
class Stopped(Message):
    """Nothing more is accepted."""


@dataclass
class Failed(Message):
    """The code did not start; the traceback, what ``Prepared`` would have reported, and files that have changed since they were read."""

    error: str
    changers: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


@dataclass
class Loaded(Message):
    """What is in memory: the application's modules (names and files), and third-party modules that the zygote did not have.

    ``others`` are those only that were imported before the application changed the environment. ``read`` are files with the state in
    which they were read, ``written`` those that were written meanwhile. ``ordered`` are modules that change the environment,
    ``effects`` those with an import that does more than to define things, and what it does.
    """

    own: list[tuple[str, str]]
    others: list[str]
    read: dict[str, tuple[int, int, int] | None] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    ordered: list[str] = field(default_factory=list)
    effects: dict[str, str] = field(default_factory=dict)
