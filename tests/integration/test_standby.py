"""Two operators with the same Lease: one acts, the other stands by and takes over.

Their Lease lasts as long as in production: where many tests share a machine, an operator may get no
processor for seconds, and must not lose the Lease by that.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit
from hack.harness.manifests import Object, is_true, job, queue
from hack.harness.operator import USER, Operator
from hack.harness.role import chart_rules, grant
from hack.harness.space import Space

SLOW = {"behaviour": "ready-after", "ready_after": "500ms"}
#: A Lease that expires in no test.
FOR_LONG = ("--lease-duration-seconds=3600", "--lease-renew-deadline-seconds=1800")
_NUMBERS = itertools.count(1)

Make = Callable[[str], Operator]


@pytest.fixture
def pair(
    request: pytest.FixtureRequest, cluster: Cluster, operator: Operator
) -> Iterator[tuple[Operator, Operator]]:
    """Two operators with the same Lease, which the first one holds. The session's operator is
    off. A parameter: their arguments."""
    operator.stop()
    lease, args = f"pair-{next(_NUMBERS)}", getattr(request, "param", ())
    made = [Operator(cluster, lease, identity=who, args=args) for who in ("first", "second")]
    made[0].start()
    made[0].wait("the Lease", lambda: leads(made[0]))
    made[1].start()
    yield made[0], made[1]
    for each in made:
        if each.running:
            each.thaw()
        each.close()


def leads(operator: Operator) -> bool:
    return "at work" in operator.said() and "echelon_leader 1.0" in operator.metrics()


def test_a_standby_is_ready_writes_nothing_and_takes_over_when_the_other_is_killed(
    space: Space, pair: tuple[Operator, Operator], audit: Audit
) -> None:
    first, second = pair
    space.made(job(instances=4, strategy=queue(1)))
    assert second.probe("readyz")
    assert not leads(second)
    space.set_image("web:2", **SLOW)
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updated"] >= 1)
    first.kill9()
    space.wait_update("RolledForward", timeout=30)
    assert leads(second)
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == dict.fromkeys(range(4), 2)
    assert audit.requests(user=USER, namespace=space.name)


@pytest.mark.parametrize("pair", [FOR_LONG], indirect=True, ids=["for-long"])
def test_an_operator_that_ends_in_good_order_hands_over_at_once(
    space: Space, pair: tuple[Operator, Operator]
) -> None:
    first, second = pair
    space.made(job(instances=2))
    assert first.stop() == 0
    second.wait("the Lease", lambda: leads(second))
    assert space.roll("web:2")["status"]["phase"] == "RolledForward"


def test_an_operator_that_was_stopped_for_long_does_not_act_when_it_goes_on(
    space: Space, pair: tuple[Operator, Operator]
) -> None:
    first, second = pair
    space.made(job(instances=4, strategy=queue(1)))
    space.set_image("web:2", **SLOW)
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updated"] >= 1)
    first.freeze()
    second.wait("the Lease", lambda: leads(second))
    first.thaw()
    space.wait_update("RolledForward", timeout=30)
    first.wait("it to notice", lambda: not leads(first))
    assert leads(second)
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == dict.fromkeys(range(4), 2)


def test_a_former_leader_has_nothing_to_do(space: Space, pair: tuple[Operator, Operator]) -> None:
    first, second = pair
    space.create(job(image="web:1-never-ready", instances=2, update={"readyTimeoutSeconds": 8}))
    space.until("both pods", lambda: len(space.pods()) == 2)
    # Its timer is set: it would report a late instance.
    first.freeze()
    second.wait("the Lease", lambda: leads(second))
    first.thaw()
    first.wait("it to notice", lambda: not leads(first))
    space.wait_job("late", lambda j: is_true(j, "Stalled"), timeout=30)
    assert "echelon_queue_depth 0.0" in first.metrics()
    assert "echelon_queue_oldest_seconds 0.0" in first.metrics()
    assert first.probe("healthz")


def without_lists_of_pods() -> list[Object]:
    """The operator's permissions, but not to list pods."""
    rules = chart_rules()
    for rule in rules:
        if rule["resources"] == ["pods"]:
            rule["verbs"].remove("list")
    assert rules != chart_rules()
    return rules


def test_one_that_cannot_list_pods_leaves_the_lease_to_another_and_stands_by_when_it_can(
    space: Space, cluster: Cluster, operator: Operator, audit: Audit
) -> None:
    operator.stop()
    lease, user = f"blind-{next(_NUMBERS)}", "blind-operator"
    grant(cluster, user, without_lists_of_pods())
    kubeconfig = cluster.client_kubeconfig(user)
    blind = Operator(cluster, lease, identity="blind", kubeconfig=kubeconfig)
    sees = Operator(cluster, lease, identity="sees")
    try:
        blind.start(ready=False)
        blind.wait(
            "looks at the Lease",
            lambda: sum(r.resource == "leases" for r in audit.requests(user=user)) > 12,
        )
        assert 'cannot list resource "pods"' in blind.said()
        assert [str(r) for r in audit.requests(user=user) if r.writes] == []
        assert not blind.probe("readyz")
        sees.start()
        sees.wait("the Lease", lambda: leads(sees))
        space.made(job(instances=2))
        grant(cluster, user)
        blind.wait("readiness", lambda: blind.probe("readyz"))
        assert not leads(blind)
        sees.kill9()
        blind.wait("the Lease", lambda: leads(blind))
        space.roll("web:2", "RolledForward")
    finally:
        blind.close()
        sees.close()


def test_an_operator_of_one_namespace_leaves_others_alone(
    space: Space, cluster: Cluster, operator: Operator
) -> None:
    operator.stop()
    narrow = Operator(cluster, "narrow", args=("--namespace", space.name))
    narrow.start()
    elsewhere = f"{space.name[:50]}-other"
    cluster.api.create("/api/v1/namespaces", {"metadata": {"name": elsewhere}})
    try:
        path = space.path("echelonjobs").replace(f"/{space.name}/", f"/{elsewhere}/")
        cluster.api.create(path, job(instances=1))
        space.made(job(instances=2))
        assert space.roll("web:2")["status"]["phase"] == "RolledForward"
        # The operator ignored the Job that was created first.
        (other,) = cluster.api.get(path)["items"]
        assert other["status"] == {"observedGeneration": -1}
    finally:
        narrow.close()
        cluster.api.delete(f"/api/v1/namespaces/{elsewhere}")
