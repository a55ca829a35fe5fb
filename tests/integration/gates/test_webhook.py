"""Webhook gates: with TLS and a private certificate authority, with headers from a Secret."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from hack.devcluster.certs import Authority
from hack.harness.space import Space
from hack.harness.web import Web, verdict
from tests.integration.gates.manifests import gate, gated, state, turn
from tests.integration.gates.rights import may_read, secret

TOKEN = "Bearer s3cr3t-t0ken"


def test_over_tls_with_headers_from_a_secret(space: Space, secure_web: Web) -> None:
    space.create(secret("approval", {"Authorization": TOKEN, "X-Team": "web"}))
    may_read(space, "approval")
    secure_web.answer = lambda _: verdict("Wait" if len(secure_web.asked) < 3 else "Pass")
    hook = {"url": f"{secure_web.url}/approve", "headersFrom": "approval"}
    space.made(gated(gate(webhook=hook), instances=1))
    ended = space.roll("web:2", timeout=40)
    assert ended["status"]["phase"] == "RolledForward"
    assert state(ended)["value"] == "Pass"
    assert len(secure_web.asked) == 3, "Wait is inconclusive: the gate is asked again"
    asked = secure_web.asked[0]
    assert (asked.method, asked.path) == ("POST", "/approve")
    assert asked.headers["authorization"] == TOKEN
    assert asked.headers["x-team"] == "web"
    assert json.loads(asked.body) == {
        "gate": "g",
        "job": "web",
        "namespace": space.name,
        "update": "web-g2",
        "revision": ended["status"]["to"]["revision"],
        "group": 0,
    }


def test_a_secret_is_never_shown(space: Space, secure_web: Web) -> None:
    space.create(secret("approval", {"Authorization": TOKEN}))
    may_read(space, "approval")
    secure_web.answer = lambda _: verdict("Fail", f"no entry with {TOKEN}")
    hook = {"url": secure_web.url, "headersFrom": "approval", "body": "{{echelon.revision}}"}
    space.made(gated(gate(webhook=hook), instances=1))
    ended = space.roll("web:2", timeout=40)
    assert ended["status"]["phase"] == "RolledBack"
    assert "no entry with" in turn(ended, "RollingBack")["message"]
    assert secure_web.asked[0].body == ended["status"]["to"]["revision"]
    everything = json.dumps([ended, space.job(), space.events("web-g2"), space.events("web")])
    assert "s3cr3t" not in everything
    assert base64.b64encode(TOKEN.encode()).decode() not in everything


def test_without_the_right_to_read_it_the_gate_waits_and_says_why(
    space: Space, secure_web: Web
) -> None:
    space.create(secret("approval", {"Authorization": TOKEN}))
    secure_web.answer = lambda _: verdict("Pass")
    hook = {"url": secure_web.url, "headersFrom": "approval"}
    space.made(gated(gate(webhook=hook), instances=1))
    space.set_image("web:2")
    words = "may not be read by the operator: grant it that"
    held = space.wait_update("RollingForward", probe=lambda u: words in str(state(u)), timeout=40)
    assert state(held)["result"] == "Waiting"
    assert secure_web.asked == []
    may_read(space, "approval")
    space.wait_update("RolledForward", timeout=40)


@pytest.fixture
def untrusted(tmp_path: Path) -> tuple[Path, Path]:
    Authority(tmp_path).server("server")
    return tmp_path / "server.crt", tmp_path / "server.key"


def test_an_unknown_authority_is_not_trusted(space: Space, untrusted: tuple[Path, Path]) -> None:
    with Web(untrusted) as server:
        server.answer = lambda _: verdict("Fail")
        hook = gate(webhook={"url": server.url}, timeoutSeconds=2, onInconclusive="Pass")
        space.made(gated(hook, instances=1))
        ended = space.roll("web:2", timeout=40)
    assert ended["status"]["phase"] == "RolledForward"
    assert "the certificate of 127.0.0.1 is not accepted" in state(ended)["message"]
    assert server.asked == []
