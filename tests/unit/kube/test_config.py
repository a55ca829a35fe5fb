from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from controller.kube import config
from controller.kube.config import TOKEN_MAX_AGE, ConfigError, Credentials, connect
from tests.unit.kube.conftest import Clock

BEARER = "Authorization"
SERVER = {"server": "http://api:1/"}


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config"
    monkeypatch.setenv("KUBECONFIG", str(path))
    return path


def write(path: Path, user: dict[str, Any], **cluster: Any) -> None:
    path.write_text(
        json.dumps(
            {
                "current-context": "here",
                "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [{"name": "c", "cluster": {**SERVER, **cluster}}],
                "users": [{"name": "u", "user": user}],
            }
        )
    )


async def test_a_kubeconfig(kubeconfig: Path) -> None:
    write(kubeconfig, {"token": "secret"}, **{"proxy-url": "http://proxy:3128"})
    connection = await connect()
    assert connection.server == "http://api:1"
    assert connection.ssl_context is None
    assert connection.proxy == "http://proxy:3128"
    assert await connection.credentials.headers() == {BEARER: "Bearer secret"}


async def test_a_token_file_is_read_again(
    kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("first")
    write(kubeconfig, {"tokenFile": str(token)})
    credentials = (await connect()).credentials
    clock = Clock()
    monkeypatch.setattr(credentials, "_clock", clock)
    first = await credentials.headers()
    token.write_text("second")
    clock.pass_by(TOKEN_MAX_AGE - 1)
    assert await credentials.headers() == first == {BEARER: "Bearer first"}
    clock.pass_by(2)
    assert await credentials.headers() == {BEARER: "Bearer second"}
    token.write_text("third")
    credentials.invalidate({BEARER: "Bearer second"})
    assert await credentials.headers() == {BEARER: "Bearer third"}
    token.unlink()
    clock.pass_by(TOKEN_MAX_AGE + 1)
    with pytest.raises(ConfigError, match="no credentials"):
        await credentials.headers()


async def test_an_exec_plugin_runs_again_only_when_refused(
    kubeconfig: Path, tmp_path: Path
) -> None:
    plugin, runs = tmp_path / "plugin", tmp_path / "runs"
    answer = '{"apiVersion":"v1","kind":"ExecCredential","status":{"token":"t\'$n\'"}}'
    plugin.write_text(
        f"#!/bin/sh\necho x >> {runs}\nn=$(wc -l < {runs} | tr -d ' ')\necho '{answer}'\n"
    )
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    write(kubeconfig, {"exec": {"command": str(plugin), "apiVersion": "v1"}})
    credentials = (await connect()).credentials
    assert await credentials.headers() == {BEARER: "Bearer t1"}
    credentials._until = float("-inf")
    assert await credentials.headers() == {BEARER: "Bearer t1"}
    credentials.invalidate({BEARER: "Bearer t1"})
    assert await credentials.headers() == {BEARER: "Bearer t2"}


async def test_many_refusals_fetch_once(clock: Clock) -> None:
    fetched = 0

    async def fetch(_force: bool) -> str:
        nonlocal fetched
        fetched += 1
        await asyncio.sleep(0)
        return f"Bearer {fetched}"

    credentials = Credentials(fetch, clock=clock)
    refused = await credentials.headers()
    for _ in range(5):
        credentials.invalidate(refused)
    renewed = await asyncio.gather(*(credentials.headers() for _ in range(5)))
    assert renewed == [{BEARER: "Bearer 2"}] * 5
    credentials.invalidate(refused)  # a late answer to the old token
    assert await credentials.headers() == {BEARER: "Bearer 2"}


@pytest.mark.usefixtures("kubeconfig")
async def test_nothing_to_connect_to() -> None:
    with pytest.raises(ConfigError, match="set KUBECONFIG"):
        await connect()


@pytest.mark.parametrize("text", ["", "{}", "][", "text", "clusters: 7\ncontexts: []\n"])
def test_a_kubeconfig_that_makes_no_sense(kubeconfig: Path, text: str) -> None:
    kubeconfig.write_text(text)
    with pytest.raises(ConfigError, match="cannot use"):
        asyncio.run(connect())


def test_a_user_that_is_missing(kubeconfig: Path) -> None:
    write(kubeconfig, {"token": "secret"}, server="https://api:1")
    kubeconfig.write_text(kubeconfig.read_text().replace('"name": "u"', '"name": "other"'))
    with pytest.raises(ConfigError, match="cannot use"):
        asyncio.run(connect())


async def test_in_a_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tmp_path / "token"
    token.write_text("first\n")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    import ssl

    import certifi
    from kubernetes.aio.config import incluster_config

    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", certifi.where())
    connection = await config.connect()
    assert connection.server == "https://10.0.0.1:443"
    assert isinstance(connection.ssl_context, ssl.SSLContext)
    assert await connection.credentials.headers() == {BEARER: "bearer first"}
    token.write_text("second\n")
    connection.credentials.invalidate({BEARER: "bearer first"})
    assert await connection.credentials.headers() == {BEARER: "bearer second"}
