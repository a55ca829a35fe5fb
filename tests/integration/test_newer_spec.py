"""A Job of a newer version and its Update are not touched; other Jobs go on (reason TooNew)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hack.crds import FOLDER
from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit
from hack.harness.manifests import condition, is_true, job, phase
from hack.harness.operator import USER
from hack.harness.space import Space

SPEC = "/spec/versions/0/schema/openAPIV3Schema/properties/spec"
MODES = f"{SPEC}/properties/update/properties/mode/enum/-"


@pytest.fixture
def newer(cluster: Cluster) -> Iterator[None]:
    """The CRD of a newer version with another mode."""
    patch = json.dumps([{"op": "add", "path": MODES, "value": "Sometimes"}])
    cluster.kubectl("patch", "crd", "echelonjobs.echelon.dev", "--type=json", "-p", patch)
    yield
    cluster.kubectl("replace", "-f", str(FOLDER / "echelonjobs.yaml"))


@pytest.mark.usefixtures("newer")
def test_a_job_of_a_newer_version_is_left_alone_in_mid_update(space: Space, audit: Audit) -> None:
    space.made(job(instances=2))
    space.set_image("web:2", behaviour="ready-after", ready_after="3s")
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updating"] == 1)
    space.cluster.wait("the schema", lambda: _taken(space))
    told = space.wait_job("TooNew", lambda j: condition(j, "Stalled").get("reason") == "TooNew")
    assert "spec.update.mode" in condition(told, "Stalled")["message"]
    assert not is_true(told, "Ready")
    space.until("its Event", lambda: [e for e in space.events("web") if e["reason"] == "TooNew"])
    audit.mark()
    space.delete_pod("web-1")
    space.made(job("other", instances=1))
    assert phase(space.update("web-g2")) == "RollingForward"
    asked = audit.requests(user=USER, namespace=space.name)
    assert [str(r) for r in asked if r.writes and r.name.startswith("web")] == []
    space.patch_job(update={"mode": "Automatic"})
    space.wait_update("RolledForward", name="web-g2", timeout=40)
    space.wait_ready()


def _taken(space: Space) -> bool:
    """Whether the API server accepts the new mode yet."""
    try:
        space.patch_job(update={"mode": "Sometimes"})
    except ApiError as error:
        if error.code != 422:
            raise
        return False
    return True
