"""Claims and an operator that is killed, or has no right to see them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.manifests import Object, condition, job
from hack.harness.operator import Operator
from hack.harness.role import chart_rules, grant
from hack.harness.space import Space
from hack.harness.volumes import Volumes
from tests.integration.claims import owners, provided, uids


@pytest.fixture
def volumes(space: Space) -> Iterator[Volumes]:
    with provided(space) as made:
        yield made


def test_killed_while_it_makes_claims(space: Space, volumes: Volumes, operator: Operator) -> None:
    space.create(job(instances=30, volumeClaimTemplates=[volumes.template()]))
    space.until("some claims", lambda: len(volumes.claims()) >= 2)
    operator.kill9()
    before = uids(volumes, "web")
    operator.start()
    space.wait_ready(timeout=60)
    after = uids(volumes, "web")
    assert set(after) == {f"data {i}" for i in range(30)}
    assert before.items() <= after.items()
    assert {i: len(u) for i, u in space.observer.uids().items()} == dict.fromkeys(range(30), 1)


@pytest.mark.parametrize("whole", [False, True], ids=["a claim", "a pod"])
def test_killed_while_a_scale_down_deletes_claims(
    space: Space, volumes: Volumes, operator: Operator, whole: bool
) -> None:
    """Killed when the first claims are their pods', or when the first pod goes."""
    policy = {"whenScaled": "Delete", "whenDeleted": "Delete"}
    wish = job(
        instances=30,
        volumeClaimTemplates=[volumes.template()],
        persistentVolumeClaimRetentionPolicy=policy,
        steering={"behaviour": "slow-stop", "stop_after": "500ms"},
    )
    space.made(wish, timeout=60)
    before = uids(volumes, "web")
    space.scale(2)

    def begun() -> bool:
        if whole:
            return any(pod.deleting for pod in space.pods().values())
        return ("Pod",) in owners(volumes, "web").values()

    space.until("the first step", begun, timeout=30)
    operator.kill9()
    operator.start()
    space.until("2 pods", lambda: set(space.pods()) == {0, 1}, timeout=60)
    kept = {"data 0": ("Set",), "data 1": ("Set",)}
    space.until("2 claims", lambda: owners(volumes, "web") == kept, timeout=60)
    space.wait_ready(timeout=30)
    assert uids(volumes, "web") == {each: before[each] for each in kept}
    space.until("2 volumes", lambda: len(volumes.volumes()) == 2, timeout=30)


def told(space: Space, words: str) -> None:
    """Wait until the Job is not Ready, with these words."""

    def tells(job: Object) -> bool:
        ready = condition(job, "Ready")
        return ready["status"] == "False" and words in ready.get("message", "")

    space.wait_job(words, tells, timeout=30)


def test_without_rights_for_claims(
    space: Space, volumes: Volumes, cluster: Cluster, operator: Operator
) -> None:
    """Jobs without claims go on. A Job with claims says what is missing: one that is new, and one
    whose pods run, when it needs a claim."""
    operator.stop()
    user = "claimless-operator"
    rules = [r for r in chart_rules() if r["resources"] != ["persistentvolumeclaims"]]
    assert len(rules) == len(chart_rules()) - 1
    grant(cluster, user, rules)
    kubeconfig = cluster.client_kubeconfig(user)
    other = Operator(cluster, f"claimless-{space.name}"[:60], kubeconfig=kubeconfig)
    try:
        other.start()
        space.made(job("plain", instances=2))
        space.create(job(instances=2, volumeClaimTemplates=[volumes.template()]))
        told(space, 'cannot create resource "persistentvolumeclaims"')
        assert space.pods() == {}
        space.roll("web:2", "RolledForward", job="plain", timeout=30)
        grant(cluster, user)
        space.wait_ready(timeout=90)
        assert set(uids(volumes, "web")) == {"data 0", "data 1"}

        other.stop()
        grant(cluster, user, rules)
        other.start()
        space.scale(3)
        told(space, 'cannot list resource "persistentvolumeclaims"')
        assert set(space.pods()) == {0, 1}
        space.roll("web:3", "RolledForward", job="plain", timeout=30)
        grant(cluster, user)
        space.wait_ready(timeout=90)
        assert set(uids(volumes, "web")) == {"data 0", "data 1", "data 2"}
    finally:
        other.close()
