"""Several threads load one kubeconfig at the same time: each kopf has a thread of its own."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from pathlib import Path

import pytest

from controller.kube import config


def test_threads_do_not_take_the_files_of_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = base64.b64encode(b"not a certificate, but read as one").decode()
    kubeconfig = tmp_path / "config"
    cluster = {"server": "https://localhost:1", "certificate-authority-data": data}
    kubeconfig.write_text(
        json.dumps(
            {
                "current-context": "c",
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": {"token": "t"}}],
            }
        )
    )
    missing = list[bool]()

    def read(configuration: object, _: object) -> None:
        # In the time that OpenSSL takes another thread must not remove the file.
        threading.Event().wait(0.002)
        missing.append(not Path(configuration.ssl_ca_cert).exists())  # type: ignore[attr-defined]

    monkeypatch.setattr(config, "_ssl_context", read)

    def load() -> None:
        for _ in range(10):
            asyncio.run(config.connect(str(kubeconfig)))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(missing) == 80
    assert not any(missing)
