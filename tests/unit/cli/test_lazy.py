"""`controller.cli.lazy`: what help and completion do not import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from controller.cli import main
from controller.cli.lazy import Lazy
from hack import cli_doc

ROOT = Path(__file__).parents[3]
#: What takes long to import. (pydantic is not among them: typer itself needs it.)
CLUSTER = ("aiohttp", "kubernetes", "requests", "controller.kube.config")
MODELS = ("controller.api.job", "controller.api.update", "controller.core", "controller.view")
RICH = ("rich",)
YAML = ("yaml",)


def imported(*words: str, environ: dict[str, str] | None = None) -> set[str]:
    """The modules that a call of ``echelon`` imports."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))\n"
        f"sys.argv = ['echelon', *{words!r}]\n"
        "from controller.cli.main import main\n"
        "main()"
    )
    environ = os.environ | {"KUBECONFIG": "/nowhere"} | (environ or {})
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "never"),
    [
        (["--help"], (*CLUSTER, *MODELS, *YAML)),
        (["job", "--help"], (*CLUSTER, *MODELS, *YAML)),
        (["completion", "bash"], (*CLUSTER, *MODELS, *YAML, *RICH)),
        (["version", "--client"], (*CLUSTER, *MODELS)),
        (["lint", "examples/webserver.yaml"], ("aiohttp", "controller.kube.config")),
    ],
)
def test_what_a_call_does_not_import(words: list[str], never: tuple[str, ...]) -> None:
    assert imported(*words) & set(never) == set()


def test_the_help_of_commands_imports_no_client() -> None:
    # To import the module of a command is what its help does, and the completion of its flags.
    code = "import sys, tests.cli.everything; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    found = set(done.stdout.split())
    assert "controller.cli.update.start" in found, done.stderr
    assert found & {"aiohttp", "controller.kube.config"} == set()


def test_completing_a_word_imports_no_cluster() -> None:
    environ = {"COMP_WORDS": "echelon job l", "COMP_CWORD": "2"}
    found = imported(environ=environ | {"_ECHELON_COMPLETE": "complete_bash"})
    assert found & {*CLUSTER, *MODELS, *YAML, *RICH} == set()


@pytest.mark.parametrize("words", [words for words, _ in cli_doc.commands()])
def test_the_line_in_a_group_is_the_first_sentence_of_the_command(words: str) -> None:
    node = main.typer.main.get_command(main.app)
    for word in words.split():
        node = node.commands[word]  # type: ignore[attr-defined]
    assert isinstance(node, Lazy)
    help_text = " ".join(node.loaded().help.split())
    assert node.help
    assert help_text.startswith(node.help)
    assert node.help.endswith(".")
    assert ". " not in node.help
