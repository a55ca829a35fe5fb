"""docs/kubectl.md: refused commands fail with the quoted message, the others work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.demo.stage import ROOT, Stage, StageError
from tests.examples.rolling import TIMEOUT, Rolling
from tests.examples.story import commands

DOCUMENT = (ROOT / "docs" / "kubectl.md").read_text()
_ROW = re.compile(r"^\| `(kubectl [^`]+)` \| (\w+) \|", re.MULTILINE)
ROWS = _ROW.findall(DOCUMENT)
#: The second message is for the strategic patch, which the API server refuses.
QUOTES = ('no kind "EchelonJob" is registered', "is not supported by echelon.dev/v1alpha1")


@pytest.fixture(scope="module")
def web(stage: Stage) -> Iterator[Rolling]:
    stage.shell("kubectl apply -f examples/updates/web.yaml")
    job = Rolling(stage, "web")
    job.wait_ready(6)
    yield job
    job.delete()


@pytest.mark.parametrize("command", [text for text, what in ROWS if what == "refused"])
def test_what_is_refused_is_with_these_words(web: Rolling, command: str) -> None:
    generation = web.get()["metadata"]["generation"]
    with pytest.raises(StageError) as refused:
        web.stage.shell(f"{command} 2>&1")
    assert any(words in str(refused.value) for words in QUOTES), refused.value
    assert web.get()["metadata"]["generation"] == generation


def test_what_works_does(web: Rolling, tmp_path: Path) -> None:
    works = [text for text, what in ROWS if what == "works"]
    scale, autoscale, drain, orphan = works
    stage = web.stage
    stage.shell(autoscale)
    stage.shell("kubectl delete hpa web")
    stage.shell(scale)
    web.wait_ready(5)
    (patch,) = (command.text for command in commands(DOCUMENT))
    stage.shell(patch)
    web.wait_outcome("RolledForward", web.get()["metadata"]["generation"])
    assert web.images() == ["web:1.1"] * 5
    node = web.pods()[0]["spec"]["nodeName"]
    stage.shell(drain.replace("node-1", node) + " --timeout=60s")
    stage.shell(f"kubectl uncordon {node}")
    stage.cluster.wait("all are back", lambda: web.images() == ["web:1.1"] * 5, TIMEOUT)
    web.wait_ready(5)
    uids = {pod["metadata"]["uid"] for pod in web.pods().values()}
    stage.shell(orphan)
    manifest = (ROOT / "examples" / "updates" / "web.yaml").read_text()
    again = tmp_path / "web.yaml"
    again.write_text(manifest.replace("web:1.0", "web:1.1").replace("instances: 6", "instances: 5"))
    stage.shell(f"kubectl apply -f {again}")
    web.wait_ready(5)
    assert {pod["metadata"]["uid"] for pod in web.pods().values()} == uids
