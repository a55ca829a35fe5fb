"""The floors of the code hold: an import that points upwards is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the code and of its contracts."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "controller", tmp_path / "controller", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of a tree."""
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [program, "--no-cache"], cwd=tree, env={"PYTHONPATH": "."}, capture_output=True, text=True
    )


def test_the_tree_as_it_is_passes(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout
    assert "the floors of the core KEPT" in done.stdout


@pytest.mark.parametrize(
    ("module", "upward"),
    [
        ("core/pods/facts.py", "controller.core.model.plan"),
        ("core/rollout/order.py", "controller.core.status.update"),
        ("core/job/pruning.py", "controller.core.decide"),
        ("core/replacement/repair.py", "controller.reconcile.store"),
        ("api/ids.py", "controller.core.pods.facts"),
        ("kube/client.py", "controller.api.job"),
        ("api/pods/wire.py", "controller.api.pods.trouble"),
        ("api/pods/in_effect.py", "controller.api.pods.slim"),
    ],
)
def test_an_upward_import_is_refused(tree: Path, module: str, upward: str) -> None:
    with (tree / "controller" / module).open("a", encoding="utf-8") as file:
        file.write(f"\nimport {upward}\n")
    done = lint(tree)
    assert done.returncode != 0
    assert f"controller.{module[:-3].replace('/', '.')} -> {upward}" in done.stdout


def test_a_new_room_needs_a_floor(tree: Path) -> None:
    room = tree / "controller" / "core" / "attic"
    room.mkdir()
    (room / "__init__.py").touch()
    done = lint(tree)
    assert done.returncode != 0
    assert "attic" in done.stdout


def layers(of: str) -> list[list[str]]:
    """The layers of a package, highest first, as pyproject.toml has them."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    found = next(c for c in contracts if c.get("containers") == [of])
    return [layer.split(" | ") for layer in found["layers"]]


def drawn(number: int) -> list[list[str]]:
    """The floors of a drawing in docs/architecture.md, highest first."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawing = re.findall(r"```text\n(.*?)```", text, flags=re.DOTALL)[number]
    names = [re.split(r" {3,}(?=[a-z]+ [a-z]|decide\()", line)[0] for line in drawing.splitlines()]
    return [re.findall(r"(\w+)(?:/|\.py)", line) for line in names]


@pytest.mark.parametrize(("number", "package"), [(0, "controller"), (1, "controller.core")])
def test_the_drawings_show_the_layers(number: int, package: str) -> None:
    shown = [set(floor) for floor in drawn(number)]
    assert shown
    wanted = [set(layer) & set().union(*shown) for layer in layers(package)]
    ranks = {name: rank for rank, floor in enumerate(shown) for name in floor}
    order = [{ranks[name] for name in layer} for layer in wanted if layer]
    assert all(max(a) <= min(b) for a, b in pairwise(order)), order
    if package.endswith("core"):
        assert shown == [set(layer) for layer in layers(package)]


def test_the_files_that_the_architecture_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_/]+\.py)`", text))
    assert len(named) > 30
    assert sorted(n for n in named if not (ROOT / "controller" / n).is_file()) == []
