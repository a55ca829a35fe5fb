"""Commands that are printed look where the command looks that prints them."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from controller.cli import main
from controller.cli.exits import CliError
from controller.cli.here import here, placed
from controller.cli.output import note
from controller.cli.session import Place, run
from controller.cli.update import describe
from controller.view import advice
from tests.unit.view.raw import NOW, update

STAGING = {"-n": "shop", "--context": "staging"}


@pytest.mark.parametrize(
    ("text", "there"),
    [
        (
            "echelon update rollback web-g4 -n shop    # undo it",
            "echelon update rollback web-g4 -n shop --context staging    # undo it",
        ),
        (
            "check:\n       kubectl get pods -A -l a=b    # is one running?",
            "check:\n       kubectl get pods -A -l a=b --context staging    # is one running?",
        ),
        (
            "`echelon job retry` tries all, `echelon job list -A` lists all",
            "`echelon job retry -n shop --context staging` tries all, "
            "`echelon job list -A --context staging` lists all",
        ),
        (
            "`kubectl auth can-i get pods`, or `helm install echelon charts/echelon`",
            "`kubectl auth can-i get pods -n shop --context staging`, or "
            "`helm install echelon charts/echelon --kube-context staging`",
        ),
        # These are no commands, or have no such flags.
        *[
            (text, text)
            for text in (
                "kubectl has set spec.instances and may set it again",
                "write `eup/web` for the Update; add `--yes`",
                "`kubectl config get-contexts` lists the contexts",
                "render templates first: `helm template … | echelon lint -`",
                "",
            )
        ],
    ],
)
def test_commands_get_the_flags_that_they_lack(text: str, there: str) -> None:
    assert placed(text) == text
    with here(STAGING):
        assert placed(text) == there
        assert placed(placed(text)) == there
    assert placed(text) == text


def test_a_path_with_blanks_can_be_copied() -> None:
    with here({"--kubeconfig": "/my files/config"}):
        found = placed("`echelon job list`")
    assert found == "`echelon job list --kubeconfig '/my files/config'`"


def test_notes_and_hints_of_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config").write_text(
        '{"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],'
        '"users": [{"name": "u", "user": {}}],'
        '"contexts": [{"name": "staging", "context": {"cluster": "c", "user": "u"}}]}'
    )

    async def command(_: object) -> None:
        note("`echelon job status web -n shop`")
        raise CliError("no", "`echelon job get web -n shop`")

    place = Place(str(tmp_path / "config"), "staging", "shop")
    flags = f"-n shop --context staging --kubeconfig {tmp_path}/config"
    with pytest.raises(CliError) as caught:
        run(place, command)
    assert caught.value.hint == f"`echelon job get web {flags}`"
    assert capsys.readouterr().err == f"`echelon job status web {flags}`\n"


@pytest.mark.parametrize("verb", ["delete", "scale", "retry"])
def test_hints_about_wrong_usage(verb: str) -> None:
    command = typer.main.get_command(main.app)
    more = ["2"] if verb == "scale" else []
    with pytest.raises(CliError) as caught:
        command.main(
            ["job", verb, "web/3", *more, "-n", "shop", "--context", "staging"],
            standalone_mode=False,
        )
    assert "-n shop --context staging`" in caught.value.hint


def test_the_next_commands_of_an_update() -> None:
    paused = update(phase="RollForwardPaused", reason="Paused", spec={"paused": True})
    wanted = advice.of_update(paused)[0].partition("    #")[0] + " --context staging    #"
    with here(STAGING):
        assert wanted in describe.describe(paused, NOW).plain
