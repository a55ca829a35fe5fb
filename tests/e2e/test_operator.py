"""The operator's own pod: deleted in mid-update, and what the chart's roles allow it to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hack.devcluster.cluster import Cluster
from tests.e2e import web
from tests.e2e.asking import Asking, ask
from tests.e2e.installed import Installed
from tests.e2e.place import Place


def test_its_pods_run_as_the_chart_says(operator: Installed) -> None:
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


@pytest.mark.parametrize("how", ["asked", "killed"])
def test_an_update_goes_on_when_the_operator_goes(
    place: Place, operator: Installed, how: str
) -> None:
    """Deleted with grace it hands its Lease over; killed, the Lease has to expire first."""
    place.create(web.service())
    place.made(web.job("1", 4))
    with Asking(place) as asking:
        name = place.change(web.template("2"))
        place.wait_update(name, lambda update: counts(update)["updated"] == 1)
        acting = place.wait("the pod that acts", operator.holder)
        operator.delete(acting, grace=None if how == "asked" else 0)
        seen = place.wait_update(name, lambda _: True)
        assert seen["status"]["phase"] == "RollingForward"
        update = place.wait_update(name)
        asking.answered("2", 20)
    assert update["status"]["phase"] == "RolledForward", update["status"]
    assert counts(update)["updated"] == 4
    assert asking.tally.failures == []
    assert asking.tally.nobody == 0
    successor = place.wait("the pod that acts now", operator.holder)
    assert successor["metadata"]["uid"] != acting["metadata"]["uid"]
    operator.wait_ready()


def counts(update: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = update["status"].get("counts") or {"updated": 0}
    return found


def test_its_roles_sufficed_in_all_tests_so_far(cluster: Cluster, operator: Installed) -> None:
    """The last test of the session, see `conftest.py`."""
    users = operator.users()
    asked = [event for event in audited(cluster) if event["user"]["username"] in users]
    assert len(asked) > 100
    assert [shown(event) for event in asked if denied(event)] == []


def audited(cluster: Cluster) -> Iterator[dict[str, Any]]:
    with cluster.audit_log.open() as log:
        for line in log:
            if line.endswith("\n"):
                yield json.loads(line)


def denied(event: dict[str, Any]) -> bool:
    """Who may not ask at all; not what admission refuses of those who may, in a namespace that is
    being deleted for instance: with the same code."""
    allowed = event.get("annotations", {}).get("authorization.k8s.io/decision") == "allow"
    return event.get("responseStatus", {}).get("code") in (401, 403) and not allowed


def shown(event: dict[str, Any]) -> str:
    return f"{event['verb']} {event['requestURI']}: {event['responseStatus'].get('message')}"
