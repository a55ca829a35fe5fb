"""The table of Updates."""

from __future__ import annotations

import pytest

from controller.cli.update import list_
from controller.cli.update.list_ import MAX_MESSAGE, show
from tests.unit.cli.fakes import an_update

CAUSE = "instance 0 failed: environment variable PAYMENT_URL is not set"
LONG = {"phase": "RolledBack", "observedGeneration": 1, "message": f"{'x' * MAX_MESSAGE} {CAUSE}"}


@pytest.mark.parametrize("on_screen", [True, False])
def test_only_a_terminal_gets_a_part_of_a_message(
    on_screen: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_, "is_screen", lambda _: on_screen)
    show([{**an_update("web-g2"), "status": LONG}], None, many=True)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith("…") is on_screen
    assert last.endswith(CAUSE) is not on_screen
