"""What is said to a person who uses a verb under another name."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from controller.cli import main
from controller.cli.exits import CliError, Exit
from controller.cli.verbs import _MEANT, _names

NAMES = _names(typer.main.get_command(main.app))


def refused(*words: str) -> CliError:
    error = CliRunner().invoke(main.app, list(words)).exception
    assert isinstance(error, CliError)
    assert error.code is Exit.USAGE
    return error


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["job", "describe", "web"], "perhaps `echelon job status`"),
        (["update", "describe", "web"], "perhaps `echelon update get`"),
        (["job", "events"], "perhaps `echelon job status`"),
        (["status"], "perhaps `echelon job status` or `echelon maintenance status`"),
        (["get", "web"], "perhaps `echelon job get` or `echelon update get`"),
        (["job", "pause", "web"], "perhaps `echelon update pause`"),
        (["jobs"], "perhaps `echelon job list`"),
        (["undo"], "perhaps `echelon update rollback`"),
        (["update", "lst"], "perhaps `echelon update list`"),
        (["job", "frobnicate"], "`echelon job --help` lists all"),
    ],
)
def test_another_word_leads_to_the_command(words: list[str], meant: str) -> None:
    error = refused(*words)
    assert error.hint == meant
    assert "has no command" in error.message


def test_each_command_that_is_suggested_exists() -> None:
    assert {each for meant in _MEANT.values() for each in meant} <= set(NAMES)


def test_no_word_that_is_a_command_leads_elsewhere() -> None:
    for name in NAMES:
        assert CliRunner().invoke(main.app, [*name.split(), "--help"]).exit_code == 0


@pytest.mark.parametrize("flag", ["-A", "--all-namespaces"])
def test_names_belong_to_one_namespace(flag: str) -> None:
    assert "list -A" in refused("job", "get", "web", flag).hint
    assert "name it with -n" in refused("update", "get", flag).hint
