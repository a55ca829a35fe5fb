"""The image, as far as it can be tested without Docker: its build steps run one by one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hack.chart import ROOT
from hack.chart.lock import wanted
from tests.chart.dockerfile import Build, Stage, ignored, stages

BUILD, FINAL = stages((ROOT / "Dockerfile").read_text())
IGNORED = (ROOT / ".dockerignore").read_text()
LOCKS = ("requirements.lock", "build.lock")
_PIN = re.compile(
    r"(?m)^([\w.-]+)==([\w.]+)(?: ;[^\\]*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
)


def pins(lock: str) -> dict[str, str]:
    found = {name: version for name, version, _ in _PIN.findall((ROOT / "hack" / lock).read_text())}
    assert found
    return found


def name_of(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    assert match
    return match[0].lower().replace("_", "-")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_nothing_but_pins_with_hashes(lock: str) -> None:
    text = (ROOT / "hack" / lock).read_text()
    assert re.sub(r"(?m)^#.*\n", "", _PIN.sub("", text)).strip() == ""


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_all_that_is_required(lock: str) -> None:
    assert {name_of(requirement) for requirement in wanted(lock)} <= pins(lock).keys()


def test_what_runs_is_what_is_tested() -> None:
    tested = dict(
        line.split("==")
        for line in (ROOT / "hack" / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    tested = {name_of(name): version for name, version in tested.items()}
    for name, version in pins("requirements.lock").items():
        assert tested[name] == version, f"{name}: run `make lock`"


def test_both_stages_have_the_same_pinned_slim_base() -> None:
    assert BUILD.base == FINAL.base
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", FINAL.base)
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    version = tuple(map(int, FINAL.base.removeprefix("python:").split("-")[0].split(".")))
    assert version >= tuple(map(int, oldest.removeprefix(">=").split(".")))


def test_it_runs_as_nobody_and_brings_nothing_but_the_environment() -> None:
    assert FINAL.all("USER") == ["65532:65532"]
    assert FINAL.all("COPY") == ["--from=build /opt/echelon /opt/echelon"]
    assert FINAL.all("RUN") == []
    assert json.loads(FINAL.all("ENTRYPOINT")[0]) == ["echelon-controller"]
    assert "PATH=/opt/echelon/bin:$PATH" in FINAL.all("ENV")[0]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("controller/app.py", False),
        ("controller/__pycache__/app.cpython-311.pyc", True),
        ("hack/requirements.lock", False),
        ("hack/crds.py", True),
        ("hack/devcluster/build.py", True),
        ("tests/chart/helm.py", True),
        (".git/config", True),
        ("pyproject.toml", False),
    ],
)
def test_only_what_is_needed_is_sent_to_the_build(path: str, expected: bool) -> None:
    assert ignored(path, IGNORED) is expected


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that becomes /opt/echelon in the image."""
    root = tmp_path_factory.mktemp("image") / "root"
    Build(root, ROOT, Path(sys.base_prefix, "bin", "python3")).play(BUILD)
    return root / "opt" / "echelon"


#: What the operator needs of others to start.
LIBRARIES = "aiohttp, cel_expr_python, kopf, msgspec, prometheus_client, pydantic_settings"
#: How many times as long the start may take as the import of the libraries.
MOST = 3.5


def start(built: Path, *args: str, program: str = "echelon-controller") -> tuple[float, str]:
    """Run a program on a read-only file system. Returns the seconds that a processor worked for it,
    and its output."""
    environ = {"PATH": f"{built / 'bin'}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
    began = _worked()
    done = subprocess.run(
        [str(built / "bin" / program), *args],
        cwd="/",
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return _worked() - began, done.stdout


def _worked() -> float:
    """Seconds of processors for all processes that this one started and that ended."""
    times = os.times()
    return times.children_user + times.children_system


def test_it_tells_its_version(built: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert start(built, "--version")[1] == f"echelon-controller {version}\n"


def test_to_start_takes_a_few_times_as_long_as_to_import_the_libraries(built: Path) -> None:
    """Both from the same image, at the same time, on the same machine. Where the operator's modules
    are compiled at each start, or compute much when they are imported, it takes longer."""
    whole, libraries = ("--version",), ("-c", f"import {LIBRARIES}")
    tries = [
        (start(built, *whole)[0], start(built, *libraries, program="python")[0]) for _ in range(3)
    ]
    assert min(each[0] for each in tries) < MOST * min(each[1] for each in tries), tries


def test_the_page_is_there_with_its_templates_and_files(built: Path) -> None:
    assert "--auth HOW" in start(built, "--help", program="echelon-ui")[1]
    script = """
from controller.ui.render import Renderer
made = Renderer()
print(len(made.html("sign_in.html", {"title": "", "next": "/", "trouble": "", "lifetime": 28800,
    "field": "", "token": "", "theme": "", "place": "", "viewer": "", "signed_in": False,
    "sign_in": "", "live": "", "stream": "", "asked": 28800})), *sorted(made.static))
"""
    said = start(built, "-c", script, program="python")[1].split()
    assert int(said[0]) > 1000
    assert {"page.js", "grid.js", "base.css", "vendor/htmx.min.js"} <= set(said)


def test_it_holds_the_locked_packages_and_its_own_bill(built: Path) -> None:
    folders = built.glob("lib/python*/site-packages/*.dist-info")
    found = {folder.name.rpartition(".dist-info")[0].lower() for folder in folders}
    names = {name_of(entry.partition("-")[0]) for entry in found}
    assert names == {*pins("requirements.lock"), "echelon-controller"}
    assert (built / "requirements.lock").read_text() == (
        ROOT / "hack" / "requirements.lock"
    ).read_text()


def test_all_of_it_is_compiled(built: Path) -> None:
    sources = set(built.rglob("site-packages/controller/**/*.py"))
    compiled = {p.parent.parent / f"{p.name.split('.')[0]}.py" for p in built.rglob("*.pyc")}
    assert sources
    assert sources <= compiled


def test_what_is_compiled_is_never_held_against_its_source(built: Path) -> None:
    """Byte code with timestamps would be compiled at each start, as a layer changes the times."""
    flags = {file.read_bytes()[4:8] for file in built.rglob("*.pyc")}
    assert flags == {b"\1\0\0\0"}, "an unchecked hash, see PEP 552"


def test_an_unknown_instruction_is_no_build(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="ADD"):
        Build(tmp_path / "root", ROOT, Path(sys.executable)).play(Stage("x", "y", [("ADD", "a b")]))
