"""The tables of Updates and of Jobs: how much of a message they show."""

from __future__ import annotations

import pytest

from controller.cli import output
from controller.cli.job.list_ import show as show_jobs
from controller.cli.output import MAX_MESSAGE, Format
from controller.cli.update.list_ import show
from tests.unit.cli.fakes import a_job, an_update

CAUSE = "instance 0 failed: environment variable PAYMENT_URL is not set"
LONG = {"phase": "RolledBack", "observedGeneration": 1, "message": f"{'x' * MAX_MESSAGE} {CAUSE}"}


@pytest.mark.parametrize("on_screen", [True, False])
def test_only_a_terminal_gets_a_part_of_a_message(
    on_screen: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "is_screen", lambda _: on_screen)
    show([{**an_update("web-g2"), "status": LONG}], None, many=True)
    told = {"type": "Stalled", "status": "True", "reason": "RolledBack", "message": LONG["message"]}
    job = a_job(conditions=[told])
    show_jobs([job], None, many=True)
    for last in capsys.readouterr().out.splitlines()[1::2]:
        assert last.endswith("…") is on_screen
        assert last.endswith(CAUSE) is not on_screen
    show_jobs([job], Format.WIDE, many=True)
    assert capsys.readouterr().out.rstrip().endswith(CAUSE)
