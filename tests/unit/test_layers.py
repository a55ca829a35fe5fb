"""The floors of the code hold: an import that points upwards is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
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
