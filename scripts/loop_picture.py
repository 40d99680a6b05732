"""Draw devloop/first-minute.svg from a run of the loop in a terminal: `.venv/bin/python -m scripts.loop_picture`.

A small FastAPI application is started, asked, edited twice, and stopped at a ``breakpoint()``. Every line in the picture but the two about
the editor was printed by that run.
"""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.request import urlopen

from tests.support.terminal import Terminal, log_in
from tests.support.waiting import free_port

PICTURE = Path(__file__).resolve().parents[1] / "devloop" / "first-minute.svg"
MAIN = """from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def hello(name: str = "world") -> dict[str, str]:
    greeting = "Hello"
    return {"message": f"{greeting}, {name}"}
"""
#: Begins the lines that say what happens outside of the terminal.
OUTSIDE = "\N{PENCIL}"
SHOWN_PORT = 8000
LINE_HEIGHT, TOP, LEFT, WIDTH = 20, 54, 22, 820

STYLE = """
    text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 13px; }
    .window { fill: #f6f8fa; stroke: #d0d7de; }
    .plain { fill: #1f2328; } .prompt { fill: #57606a; } .loop { fill: #0550ae; } .pdb { fill: #116329; }
    .editor { fill: #8250df; font-style: italic; }
    @media (prefers-color-scheme: dark) {
      .window { fill: #161b22; stroke: #30363d; }
      .plain { fill: #e6edf3; } .prompt { fill: #9198a1; } .loop { fill: #79c0ff; } .pdb { fill: #7ee787; } .editor { fill: #d2a8ff; }
    }
"""


def record(folder: Path) -> list[str]:
    """Run it, and return the lines of the terminal with those about the editor in their places."""
    main, shown, port = folder / "main.py", folder.with_suffix(".log"), free_port()
    main.write_text(MAIN)
    terminal = Terminal(shown)
    command = [sys.executable, "-m", "devloop", "main:app", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONPATH": ""}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=terminal.theirs,
        stdout=terminal.theirs,
        stderr=terminal.theirs,
        start_new_session=True,
        preexec_fn=log_in,
    )

    def ask() -> None:
        urlopen(f"http://127.0.0.1:{port}/", timeout=30).read()

    def edit(old: str, new: str, what: str) -> None:
        time.sleep(1.5)  # as people work; meanwhile the loop gets ready for the next edit
        with shown.open("a") as file:
            file.write(f"{OUTSIDE} {what}\n")
        main.write_text(main.read_text().replace(old, new))

    try:
        terminal.shows(" started\n")
        ask()
        terminal.shows("200 OK")
        edit('"Hello"', '"Good evening"', "main.py is saved: another greeting")
        terminal.shows("main.py\n")
        ask()
        terminal.shows("200 OK")
        edit("    return", "    breakpoint()\n    return", "main.py is saved: a breakpoint()")
        terminal.shows(": main.py\n")
        request = threading.Thread(target=ask)
        request.start()
        terminal.shows("(Pdb) ")
        terminal.type("p greeting\n")
        terminal.shows("(Pdb) ")
        terminal.type("c\n")
        request.join()
        terminal.shows("200 OK")
    finally:
        process.terminate()
        process.wait(20)
        terminal.close()
    text = shown.read_text().replace(f":{port}", f":{SHOWN_PORT}").replace(f"{folder}/", "")
    text = re.sub(r"127\.0\.0\.1:\d{5} - ", "127.0.0.1 - ", text)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    lines = text[: text.rindex("200 OK") + len("200 OK")].splitlines()
    return ["$ devloop main:app", *filter(None, (line.rstrip() for line in lines))]


def kind(line: str) -> str:
    """Return the class of a line in the picture."""
    for start, name in (
        (OUTSIDE, "editor"),
        ("devloop:", "loop"),
        ("$", "prompt"),
        (">", "pdb"),
        ("->", "pdb"),
        ("(Pdb)", "pdb"),
        ("'", "pdb"),
    ):
        if line.startswith(start):
            return name
    return "plain"


def draw(lines: Sequence[str]) -> str:
    """Return the picture; it follows the reader's light or dark colours."""
    height = TOP + LINE_HEIGHT * len(lines) + 6
    longest = int((WIDTH - 2 * LEFT) / 7.9)
    texts = "\n".join(
        f'  <text class="{kind(line)}" x="{LEFT}" y="{TOP + LINE_HEIGHT * number}" xml:space="preserve">'
        f"{html.escape(line if len(line) <= longest else line[: longest - 1] + '…')}</text>"
        for number, line in enumerate(lines)
    )
    dots = "".join(
        f'<circle cx="{LEFT + 18 * number}" cy="22" r="6" fill="{colour}"/>'
        for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title desc">
  <title id="title">devloop in a terminal</title>
  <desc id="desc">An edit is served some milliseconds after it is saved, and a breakpoint opens a prompt in the same terminal.</desc>
  <style>{STYLE}  </style>
  <rect class="window" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="10"/>
  {dots}
{texts}
</svg>
"""


def main() -> None:
    """Record and draw."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        project.mkdir()
        PICTURE.write_text(draw(record(project)), encoding="utf-8")


if __name__ == "__main__":
    main()
