"""What .vscode and .run say is what compose.dev.yaml, devcontainer.json, the Makefile and the packages say."""

from __future__ import annotations

import copy
import importlib.util
import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
import yaml

from app.settings import Settings
from tests.conftest import CHECKOUT
from tools.compose_variables import PORT_STEP

LOOPBACK: Final = "127.0.0.1"
#: What a service is called in the editor, where that is not its name.
TITLES: Final = {"api": "API"}
#: The same without containers, at the ports of `make run`: editor and program see the same folder.
WITHOUT_CONTAINERS: Final = {"Attach to make run: pipeline": Settings.model_fields["pipeline_debug_port"].default}
LAUNCHES: Final = {"Debug: current test file": "pytest", "Debug: a dq command": "cli.entry"}
COMPOUNDS: Final = {
    "Attach: both": ["Attach: API", "Attach: pipeline"],
    "Attach from the host: both": ["Attach from the host: API", "Attach from the host: pipeline"],
}
RUNS: Final = {"pytest current file": "pytest", "pytest all": "pytest", "dq command": "cli.entry"}


def without_comments(text: str) -> Any:
    """JSON with ``//`` comments; those in strings are none."""
    return json.loads(re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*', lambda found: found[1] or "", text))


@dataclass
class Files:
    """Everything that has to agree."""

    launch: dict[str, Any]
    launch_text: str
    tasks: dict[str, Any]
    extensions: dict[str, Any]
    runs: dict[str, str]
    compose: dict[str, Any]
    devcontainer: dict[str, Any]
    make_targets: set[str]
    command: str

    def configuration(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in self.launch["configurations"] if each["name"] == name)
        return found


def read_files() -> Files:
    text = {name: (CHECKOUT / ".vscode" / f"{name}.json").read_text() for name in ("launch", "tasks", "extensions")}
    return Files(
        launch=without_comments(text["launch"]),
        launch_text=text["launch"],
        tasks=without_comments(text["tasks"]),
        extensions=without_comments(text["extensions"]),
        runs={path.name: path.read_text() for path in (CHECKOUT / ".run").glob("*.run.xml")},
        compose=yaml.safe_load((CHECKOUT / "compose.dev.yaml").read_text()),
        devcontainer=without_comments((CHECKOUT / ".devcontainer" / "devcontainer.json").read_text()),
        make_targets=set(re.findall(r"^([a-z][a-z-]*):", (CHECKOUT / "Makefile").read_text(), flags=re.MULTILINE)),
        command=tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["scripts"]["dq"].partition(":")[0],
    )


# --- the checks: each yields a sentence per problem ---------------------------------------------------------------------------


def debug_port(files: Files, service: str) -> tuple[int, int]:
    """On the host for instance 1, and in the container."""
    for port in files.compose["services"][service]["ports"]:
        found = re.fullmatch(r"127\.0\.0\.1:\$\{\w+_DEBUG_PORT:-(\d+)\}:(\d+)", port)
        if found is not None:
            return int(found[1]), int(found[2])
    raise AssertionError(f"{service} publishes no port for a debugger")


def mounted_at(files: Files, service: str) -> str:
    mounts = files.compose["services"][service]["volumes"]
    return next(str(mount["target"]) for mount in mounts if mount["source"] == ".")


def wanted_attaches(files: Files) -> dict[str, tuple[str, bool]]:
    """Two for each service with a debug port: its name, and whether the editor is on the host."""
    services = [name for name, service in files.compose["services"].items() if "_DEBUG_PORT" in str(service.get("ports"))]
    titles = [(TITLES.get(name, name), name) for name in services]
    return {f"Attach: {title}": (name, False) for title, name in titles} | {
        f"Attach from the host: {title}": (name, True) for title, name in titles
    }


def attach_problems(files: Files) -> Iterator[str]:
    attaches = {each["name"] for each in files.launch["configurations"] if each["request"] == "attach"}
    expected = {*wanted_attaches(files), *WITHOUT_CONTAINERS}
    if attaches != expected:
        yield f"attach configurations: {sorted(attaches ^ expected)}"
        return
    for name, port in WITHOUT_CONTAINERS.items():
        if files.configuration(name) != {**files.configuration("Attach: API"), "name": name, "connect": {"host": LOOPBACK, "port": port}}:
            yield f"{name} is not as Attach: API, at port {port}"
    for name, (service, on_host) in wanted_attaches(files).items():
        found = files.configuration(name)
        published, inside = debug_port(files, service)
        host = LOOPBACK if on_host or service == files.devcontainer["service"] else service
        wanted = {
            "name": name,
            "type": "debugpy",
            "request": "attach",
            "connect": {"host": host, "port": published if on_host else inside},
            "pathMappings": [
                {"localRoot": "${workspaceFolder}", "remoteRoot": mounted_at(files, service) if on_host else "${workspaceFolder}"}
            ],
            "subProcess": True,
            "justMyCode": True,
            "redirectOutput": False,
        }
        for key in sorted(wanted.keys() | found.keys()):
            if found.get(key) != wanted.get(key):
                yield f"{name}: {key} is {found.get(key)} and not {wanted.get(key)}"
        if files.devcontainer["workspaceFolder"] != mounted_at(files, service):
            yield f"{name}: the editor's folder is not where {service} has the source, so their paths are not the same"
        forwarded = inside if host == LOOPBACK else f"{service}:{inside}"
        if not on_host and forwarded not in files.devcontainer["forwardPorts"]:
            yield f"devcontainer.json does not forward {forwarded}"
        if str(published + PORT_STEP) not in files.launch_text:
            yield f"launch.json does not tell that {published} is {published + PORT_STEP} in the second instance"


def launch_problems(files: Files) -> Iterator[str]:
    launches = {each["name"]: each.get("module") for each in files.launch["configurations"] if each["request"] == "launch"}
    if launches != LAUNCHES:
        yield f"launch configurations: {launches}"
    for name, module in launches.items():
        if module is None or importlib.util.find_spec(module) is None:
            yield f"{name}: there is no module {module}"
    if LAUNCHES["Debug: a dq command"] != files.command:
        yield f"dq is {files.command} in pyproject.toml"
    for each in files.launch["configurations"]:
        if "preLaunchTask" in each and each["preLaunchTask"] not in labels(files):
            yield f"{each['name']}: there is no task {each['preLaunchTask']}"
    compounds = {each["name"]: each["configurations"] for each in files.launch["compounds"]}
    if compounds != COMPOUNDS:
        yield f"compounds: {compounds}"
    asked = set(re.findall(r"\$\{input:([^}]+)\}", json.dumps(files.launch["configurations"])))
    defined = {each["id"] for each in files.launch["inputs"]}
    if asked != defined:
        yield f"inputs: asked for {sorted(asked)}, defined {sorted(defined)}"


def labels(files: Files) -> list[str]:
    return [str(task["label"]) for task in files.tasks["tasks"]]


def commands(files: Files) -> set[str]:
    return {str(task["command"]) for task in files.tasks["tasks"]}


def task_problems(files: Files) -> Iterator[str]:
    if len(set(labels(files))) < len(labels(files)):
        yield "two tasks have the same label"
    for task in files.tasks["tasks"]:
        found = re.fullmatch(r"make ([a-z-]+)( ARGS='\$\{relativeFile\}')?", task["command"])
        if found is None or found[1] not in files.make_targets:
            yield f"task {task['label']}: the Makefile has no target for {task['command']!r}"
    missing = {"make up", "make test", "make check", "make logs-api", "make logs-pipeline"} - {
        task["command"] for task in files.tasks["tasks"]
    }
    if missing:
        yield f"no task for {sorted(missing)}"
    if repeated := set(files.extensions["recommendations"]) & set(files.devcontainer["customizations"]["vscode"]["extensions"]):
        yield f"extensions.json repeats devcontainer.json: {sorted(repeated)}"


def run_problems(files: Files) -> Iterator[str]:
    found = {}
    for file, text in files.runs.items():
        configuration = ET.fromstring(text).find("configuration")  # noqa: S314 - our own file
        assert configuration is not None
        name = configuration.attrib["name"]
        option = {each.attrib["name"]: each.attrib["value"] for each in configuration.iter("option")}
        found[name] = option["SCRIPT_NAME"]
        if file != f"{name}.run.xml":
            yield f"{file} is named {name}"
        if configuration.attrib["type"] != "PythonConfigurationType" or option["MODULE_MODE"] != "true":
            yield f"{file} does not run a module"
        if importlib.util.find_spec(option["SCRIPT_NAME"]) is None:
            yield f"{file}: there is no module {option['SCRIPT_NAME']}"
        if option["WORKING_DIRECTORY"] != "$PROJECT_DIR$" or option["SDK_HOME"]:
            yield f"{file} holds paths of one machine"
    if found != RUNS:
        yield f".run: {found}"


def problems(files: Files) -> list[str]:
    return [*attach_problems(files), *launch_problems(files), *task_problems(files), *run_problems(files)]


# --- the tests ----------------------------------------------------------------------------------------------------------------


def test_the_files_agree() -> None:
    assert problems(read_files()) == []


def attach(files: Files, name: str = "Attach: API") -> dict[str, Any]:
    return files.configuration(name)


BREAKS: Final[dict[str, Callable[[Files], object]]] = {
    "port": lambda files: attach(files)["connect"].update(port=5679),
    "port of the pipeline": lambda files: attach(files, "Attach: pipeline")["connect"].update(port=5678),
    "port on the host": lambda files: attach(files, "Attach from the host: API")["connect"].update(port=5878),
    "port without containers": lambda files: attach(files, "Attach to make run: pipeline")["connect"].update(port=5678),
    "host": lambda files: attach(files, "Attach: pipeline")["connect"].update(host=LOOPBACK),
    "path": lambda files: attach(files, "Attach from the host: API")["pathMappings"][0].update(remoteRoot="/srv"),
    "path inside": lambda files: attach(files)["pathMappings"][0].update(remoteRoot="/srv"),
    "no mapping": lambda files: attach(files).pop("pathMappings"),
    "restart": lambda files: attach(files).update(restart=True),
    "children": lambda files: attach(files).pop("subProcess"),
    "type": lambda files: attach(files).update(type="python"),
    "name": lambda files: attach(files).update(name="Attach"),
    "no configuration": lambda files: files.launch["configurations"].pop(0),
    "module": lambda files: attach(files, "Debug: a dq command").update(module="cli.nothing"),
    "other command": lambda files: setattr(files, "command", "cli.main"),
    "compound": lambda files: files.launch["compounds"][0]["configurations"].pop(),
    "input": lambda files: files.launch["inputs"].clear(),
    "task before": lambda files: attach(files, "Debug: a dq command").update(preLaunchTask="nothing"),
    "target": lambda files: files.tasks["tasks"][0].update(command="make tests"),
    "label": lambda files: files.tasks["tasks"][0].update(label=files.tasks["tasks"][1]["label"]),
    "no task": lambda files: files.tasks["tasks"].pop(0),
    "extension": lambda files: files.extensions["recommendations"].append("ms-python.debugpy"),
    "compose: port": lambda files: files.compose["services"]["api"].update(ports=["127.0.0.1:${API_DEBUG_PORT:-5678}:5680"]),
    "compose: published": lambda files: files.compose["services"]["pipeline"].update(ports=["127.0.0.1:${PIPELINE_DEBUG_PORT:-5690}:5679"]),
    "compose: mount": lambda files: files.compose["services"]["api"]["volumes"][0].update(target="/srv"),
    "devcontainer: folder": lambda files: files.devcontainer.update(workspaceFolder="/srv"),
    "devcontainer: ports": lambda files: files.devcontainer["forwardPorts"].remove("pipeline:5679"),
    "devcontainer: service": lambda files: files.devcontainer.update(service="pipeline"),
    "instance": lambda files: setattr(files, "launch_text", files.launch_text.replace("5878", "5778")),
    "run: module": lambda files: change_run(files, 'value="pytest"', 'value="pytests"'),
    "run: name": lambda files: change_run(files, 'name="pytest all"', 'name="pytest"'),
    "run: folder": lambda files: change_run(files, "$PROJECT_DIR$", "/home/me"),
    "no run": lambda files: files.runs.clear(),
}


def change_run(files: Files, old: str, new: str) -> None:
    text = files.runs["pytest all.run.xml"]
    assert old in text
    files.runs["pytest all.run.xml"] = text.replace(old, new)


@pytest.mark.parametrize("what", BREAKS)
def test_a_wrong_copy_is_noticed(what: str) -> None:
    files = copy.deepcopy(read_files())
    BREAKS[what](files)
    assert problems(files)


def test_comments_in_strings_are_kept() -> None:
    assert without_comments('{"a": "x // y", // comment\n "b": "\\"// z"}') == {"a": "x // y", "b": '"// z'}


def test_git_keeps_the_files_and_images_do_not() -> None:
    files = [str(path.relative_to(CHECKOUT)) for folder in (".vscode", ".run") for path in sorted((CHECKOUT / folder).iterdir())]
    ignored = subprocess.run(["git", "check-ignore", *files], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert ignored.stdout == ""
    assert ignored.returncode == 1
    kept = re.findall(r"^!(\S+)", (CHECKOUT / ".dockerignore").read_text(), flags=re.MULTILINE)
    assert not {".vscode", ".run"} & set(kept)
