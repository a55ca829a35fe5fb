"""`echelon ui` where it cannot show anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from controller.cli.exits import CliError
from controller.cli.ui import ui
from controller.kube.errors import ApiError, Forbidden, Unauthorized, Unreachable
from controller.ui import serve

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: one
clusters: [{name: one, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: one, user: {token: abc}}]
contexts: [{name: one, context: {cluster: one, user: one}}]
"""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    file = tmp_path / "config"
    file.write_text(KUBECONFIG)
    return str(file)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Unreachable("refused"), "the API server does not answer: refused"),
        (Unauthorized(401, "Unauthorized"), "does not accept the credentials"),
        (Forbidden(403, "Forbidden", "no"), "not allowed: no"),
    ],
)
def test_an_api_server_that_refuses_is_told_in_one_line(
    kubeconfig: str, monkeypatch: pytest.MonkeyPatch, error: ApiError, words: str
) -> None:
    async def refused(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(serve, "reach", refused)
    with pytest.raises(CliError) as caught:
        ui(port=0, browser=False, kubeconfig=kubeconfig)
    assert words in caught.value.message
    assert caught.value.hint
