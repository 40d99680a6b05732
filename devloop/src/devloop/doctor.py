"""``devloop doctor``: where the time of the last reloads went, and what makes them slower than they could be.

Everything that it says was measured by the loop or is looked up now. It works while the loop runs and after.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from devloop.history import Known, Reload, read

_PACKAGES = ("uvicorn", "watchfiles", "debugpy")
_LIMITS = ("max_user_watches", "max_user_instances")
#: What takes longer than this in milliseconds is worth a line.
_SLOW = 300.0
_SLOW_MODULE = 100.0
_SHOWN_MODULES = 3
#: What the phases of a reload are, where their names do not say it.
_STEPS = {
    "prepare": "import and start-up",
    "process": "the start of a process",
    "stop": "the end of the old process",
    "switch": "the switch to the new process",
    "zygote": "the import of all packages",
}


def main(arguments: Sequence[str]) -> int:
    """Print the report; 1 when there is nothing to report about."""
    parser = argparse.ArgumentParser(prog="devloop doctor", description="Show where the time of the last reloads went.")
    parser.add_argument("--app-dir", "--root", type=Path, dest="root", help="the folder that the application is imported from")
    parser.add_argument("--last", type=_positive, default=5, metavar="NUMBER", help="how many reloads to show (5)")
    found = parser.parse_args(arguments)
    root: Path = _root_of_table() if found.root is None else found.root
    files = [*root.glob(".cache/devloop/reloads-*.json")] or [*root.glob("*/.cache/devloop/reloads-*.json")]
    known = [content for file in sorted(files) if (content := read(file)) is not None]
    folders = [Path(folder) for content in known for folder in content.watch] or [root]
    lines = list(environment(folders, [content.polling for content in known if content.polling]))
    for content in known:
        lines += ["", *report(content, found.last)]
    if not known:
        lines += ["", f"No reload has been recorded below {root.resolve()}: run devloop there, edit a file, and look again."]
    print("\n".join(lines))  # noqa: T201
    return 0 if known else 1


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _root_of_table() -> Path:
    """Return the folder that ``[tool.devloop]`` imports from, or the current one."""
    from devloop.arguments import given

    _, found, _ = given([])
    root = found.get("root")
    return root if isinstance(root, Path) else Path()


def environment(folders: Sequence[Path], polling: Sequence[str] = ()) -> Iterator[str]:
    """Yield what was looked up on this machine, and how the loops have found edits (``polling``) if they have recorded it."""
    yield f"Python {sys.version.split()[0]} on {sys.platform}: {sys.executable}"
    yield ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    if sys.platform != "linux":
        yield f"This is {sys.platform}: every edit restarts a plain process, which takes as long as a start. The fast reload needs Linux."
        return
    if polling:
        yield from dict.fromkeys(polling)
    else:
        from devloop.polling import decide

        yield str(asyncio.run(decide("auto", [folder for folder in folders if folder.is_dir()], os.environ)))
    limits = {name: _limit(name) for name in _LIMITS}
    count = sum(1 for folder in set(folders) for _ in os.walk(folder))
    needed = f"{count} watch{'' if count == 1 else 'es'}"
    yield f"inotify allows {limits['max_user_watches']} watches and {limits['max_user_instances']} instances; this needs {needed}"
    if limits["max_user_watches"].isdigit() and count > int(limits["max_user_watches"]):
        yield f"  Raise the limit: sudo sysctl fs.inotify.max_user_watches={2 * count}"


def report(known: Known, last: int) -> Iterator[str]:
    """Yield the last reloads of one target, and what to change."""
    reloads = known.reloads[-last:]
    yield f"{known.target}: the last {'reload' if len(reloads) == 1 else f'{len(reloads)} reloads'}, in milliseconds"
    yield f"  {'time':8} {'noticed':>7} {'process':>7} {'import':>7} {'start-up':>8} {'switch':>6} {'total':>6}  edited"
    for reload in reloads:
        yield from _row(reload)
    advice = [f"{known.polling[0].upper()}{known.polling[1:]}."] if known.polls else []
    advice += dict(pair for reload in reloads for pair in _advice(reload, known)).values()  # of each kind the last one
    yield ""
    if advice:
        yield "What takes time:"
        yield from (f"  - {line}" for line in advice)
    else:
        yield _longest(reloads)


def _longest(reloads: Sequence[Reload]) -> str:
    """Name the longest step when no advice fits it."""
    steps = [(taken, step, reload) for reload in reloads for step, taken in reload.phases.items()]
    taken, step, reload = max(steps, key=lambda found: found[0], default=(0.0, "", Reload(0.0)))
    if taken <= _SLOW:
        return f"No step took longer than {_SLOW:.0f} ms."
    return f"The longest step was {_STEPS.get(step, step)}: {taken:.0f} ms ({', '.join(reload.files) or 'start'})."


def _row(reload: Reload) -> Iterator[str]:
    clock = time.strftime("%H:%M:%S", time.localtime(reload.at))
    process = reload.total - reload.phases.get("prepare", 0.0) - reload.phases.get("switch", 0.0)
    done = not reload.error  # otherwise the new process has measured nothing
    times = (reload.noticed, process, reload.importing if done else None, reload.starting if done else None, reload.phases.get("switch"))
    widths = (7, 7, 7, 8, 6)
    cells = " ".join(f"{'-' if taken is None else round(taken):>{width}}" for taken, width in zip(times, widths, strict=True))
    yield f"  {clock} {cells} {reload.total:6.0f}  {', '.join(reload.files) or '(start)'}"
    if reload.files:
        yield f"{'':11}{'from the warm process' if reload.warm else 'not from the warm process: ' + '; '.join(reload.because)}"
    if slow := [f"{name} {taken:.0f} ms" for name, taken in reload.slowest[:_SHOWN_MODULES] if taken >= 1]:
        yield f"{'':11}slowest imports: {', '.join(slow)}"
    if reload.error:
        yield f"{'':11}it did not start: {reload.error}"


def _advice(reload: Reload, known: Known) -> Iterator[tuple[str, str]]:
    """Yield what made this reload slow, as far as it was measured, after a key for what it is about."""
    if not reload.files:
        return
    phases = reload.phases
    if reload.noticed is not None and reload.noticed > _SLOW and not known.polls:
        late = f"{reload.files[0]} was noticed {reload.noticed:.0f} ms after it was written"
        yield "noticed", f"The edit of {late}: the machine was busy, or its clock and that of the file system differ."
    if phases.get("zygote", 0.0) > _SLOW:
        yield "zygote", f"Packages were imported again, which took {phases['zygote']:.0f} ms: {'; '.join(reload.because)}."
    if phases.get("stop", 0.0) > _SLOW:
        yield "stop", f"The old process took {phases['stop']:.0f} ms to end before the new one began, as it does with --stop-first."
    if reload.starting > _SLOW:
        yield (
            "start",
            f"The start-up of the application (lifespan) took {reload.starting:.0f} ms: have it do only what every request needs.",
        )
    if reload.importing > _SLOW and reload.importers is not None and reload.importers[1] > 0 and not reload.warm:
        module, count, total = reload.importers
        again = f"{module} is imported by {count} of {total} modules, so an edit of it imports these again ({reload.importing:.0f} ms)"
        yield f"importers {module}", f"{again}: keep what you change often in modules that few others import."
    for name, taken in reload.slowest:
        package = name.removesuffix(" (package)")
        does = next((what for unsafe, what in known.unsafe.items() if package == unsafe.partition(".")[0]), None)
        if does is not None and name != package and taken >= 1:
            yield name, f"{package} {does}, so every worker imports it by itself: {taken:.0f} ms."
        elif taken > _SLOW_MODULE and name != package:
            cause = "it was not in memory yet, as at a first start or after a new import"
            yield name, f"The import of {package} took {taken:.0f} ms, because {cause}."
        elif taken > _SLOW_MODULE:
            yield name, f"The import of {name} takes {taken:.0f} ms by itself: have its top level do less, or do that at the first use."
    if phases.get("switch", 0.0) > _SLOW:
        old = "the old process was slow to stop accepting, as while its event loop is blocked or a debugger has stopped it"
        yield "switch", f"The switch took {phases['switch']:.0f} ms: {old}, or the new one was slow to begin."


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is not installed"


def _limit(name: str) -> str:
    try:
        return Path(f"/proc/sys/fs/inotify/{name}").read_text().strip()
    except OSError:
        return "an unknown number of"
