"""The operator's pod is deleted during an update, and has exactly the permissions of the chart."""

from __future__ import annotations

import json
import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hack.devcluster.cluster import Cluster
from hack.e2e.node import RealNode
from hack.e2e.release import Release
from tests.e2e import web
from tests.e2e.asking import Asking, ask
from tests.e2e.place import Place


def test_its_pods_run_as_the_chart_says(operator: Release) -> None:
    for pod in operator.pods():
        assert pod["spec"]["securityContext"]["runAsNonRoot"]
        assert not pod["spec"].get("hostNetwork")
        (container,) = pod["spec"]["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        (status,) = pod["status"]["containerStatuses"]
        assert status["restartCount"] == 0
        assert "echelon" in ask(pod["status"]["podIP"], "/metrics", port=metrics_port(container))


def metrics_port(container: dict[str, Any]) -> int:
    return next(int(p["containerPort"]) for p in container["ports"] if p["name"] == "metrics")


@pytest.mark.parametrize("how", ["deleted", "killed"])
def test_an_update_goes_on_when_the_operator_goes(
    place: Place, node: RealNode, operator: Release, how: str
) -> None:
    """A deleted pod releases its Lease. A killed process cannot, and is restarted in its pod."""
    place.create(web.service())
    place.made(web.job("1", 4))
    with Asking(place) as asking:
        name = place.change(web.template("2"))
        place.wait_update(name, lambda update: counts(update)["updated"] == 1)
        acting = place.wait("the pod that acts", operator.holder)
        if how == "deleted":
            operator.delete(acting)
        else:
            kill(node, acting)
        seen = place.wait_update(name, lambda _: True)
        assert seen["status"]["phase"] == "RollingForward"
        update = place.wait_update(name)
        asking.answered("2", 20)
    assert update["status"]["phase"] == "RolledForward", update["status"]
    assert counts(update)["updated"] == 4
    assert asking.tally.failures == []
    assert asking.tally.nobody == 0
    operator.wait_ready()
    uids = [pod["metadata"]["uid"] for pod in operator.pods()]
    restarts = [pod["status"]["containerStatuses"][0]["restartCount"] for pod in operator.pods()]
    assert (acting["metadata"]["uid"] in uids) == (how == "killed")
    assert sum(restarts) == (1 if how == "killed" else 0)


def kill(node: RealNode, pod: dict[str, Any]) -> None:
    """Kill the pod's process with SIGKILL."""
    mark = f"POD_UID={pod['metadata']['uid']}".encode()
    (pid,) = [pid for pid in node.containers() if mark in environment(pid)]
    os.kill(pid, signal.SIGKILL)


def environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []  # the process has just ended


def counts(update: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = update["status"].get("counts") or {"updated": 0}
    return found


def test_its_roles_sufficed_in_all_tests_so_far(
    cluster: Cluster, operator: Release, notes: list[str]
) -> None:
    """The last test of the session, see `conftest.py`."""
    users = operator.users()
    asked = [event for event in audited(cluster) if event["user"]["username"] in users]
    assert len(asked) > 100
    assert [shown(event) for event in asked if denied(event)] == []
    refused = dict(Counter(said(event) for event in asked if code(event) == 403))
    notes.append(f"{len(asked)} requests of the operator, none denied; by admission: {refused}")


def audited(cluster: Cluster) -> Iterator[dict[str, Any]]:
    with cluster.audit_log.open() as log:
        for line in log:
            if line.endswith("\n"):
                yield json.loads(line)


def denied(event: dict[str, Any]) -> bool:
    """Requests refused by RBAC. Refusals by admission, for example in a namespace that is being
    deleted, have the same code but are not included."""
    allowed = event.get("annotations", {}).get("authorization.k8s.io/decision") == "allow"
    return code(event) in (401, 403) and not allowed


def code(event: dict[str, Any]) -> int:
    return int(event.get("responseStatus", {}).get("code", 0))


def said(event: dict[str, Any]) -> str:
    """A request and its refusal as text, without names."""
    words: str = event["responseStatus"].get("message", "").rpartition(":")[2]
    words = re.sub(r"namespace .* ", "a namespace that is being ", words)
    return f"{event['verb']} {event['objectRef']['resource']}:{words}"


def shown(event: dict[str, Any]) -> str:
    return f"{event['verb']} {event['requestURI']}: {event['responseStatus'].get('message')}"
