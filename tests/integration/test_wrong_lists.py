"""Lists that lack objects, refused credentials: the operator deletes nothing because of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit, pods_deleted, pods_made
from hack.harness.liar import KINDS, Liar
from hack.harness.manifests import job, queue
from hack.harness.operator import USER, Operator
from hack.harness.proxy import Asked
from hack.harness.space import Space

SLOW = {"behaviour": "ready-after", "ready_after": "1s"}


@pytest.fixture
def liar(cluster: Cluster, operator: Operator) -> Iterator[tuple[Liar, Operator]]:
    """Replaces the session's operator by one behind a proxy that lies. It lists Jobs often."""
    operator.stop()
    with Liar(cluster, USER) as between:
        other = Operator(
            cluster,
            "tests",
            identity="behind-a-liar",
            kubeconfig=between.kubeconfig,
            args=["--resync-seconds", "10"],
        )
        other.start()
        yield between, other
        between.lacks = lambda *_: False
        other.close()


def one_updated(space: Space) -> None:
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updated"] >= 1)


def deleted(audit: Audit, space: Space) -> dict[str, int]:
    return dict(pods_deleted(audit.requests(user=USER, namespace=space.name)))


def every(_: str) -> bool:
    return True


def even(name: str) -> bool:
    return name[-1] in "02"


@pytest.mark.parametrize(
    ("plural", "hidden"), [*((plural, every) for plural in KINDS), ("pods", even)]
)
def test_an_update_is_not_disturbed_by_lists_that_lack_objects(
    space: Space,
    liar: tuple[Liar, Operator],
    audit: Audit,
    plural: str,
    hidden: Callable[[str], bool],
) -> None:
    proxy, operator = liar
    space.made(job(instances=4, strategy=queue(1)))
    space.made(job("other", instances=2))
    space.set_image("web:2", **SLOW)
    one_updated(space)
    since = operator.log_size()
    proxy.lacks = lambda kind, name: kind == plural and hidden(name)
    proxy.expire()
    operator.wait("the lie", lambda: "that exist" in operator.said(since), 60)
    space.wait_update("RolledForward", timeout=60)
    assert proxy.lies[plural]
    assert deleted(audit, space) == {f"web-{i}": 1 for i in range(4)}
    assert dict(pods_made(audit.requests(user=USER, namespace=space.name))) == {
        **{f"web-{i}": 2 for i in range(4)},
        **{f"other-{i}": 1 for i in range(2)},
    }
    proxy.lacks = lambda *_: False
    space.roll("web:3", "RolledForward", timeout=60)


def test_a_first_list_that_lacks_everything_deletes_nothing(
    space: Space, liar: tuple[Liar, Operator], audit: Audit
) -> None:
    """There is nothing to compare it with; the API server refuses to create what exists."""
    proxy, operator = liar
    space.made(job(instances=4, strategy=queue(1)))
    space.set_image("web:2", **SLOW)
    one_updated(space)
    operator.kill9()
    proxy.lacks = lambda plural, _: plural != "echelonjobs"
    operator.start()
    space.wait_update("RolledForward", timeout=60)
    assert proxy.lies["pods"]
    assert deleted(audit, space) == {f"web-{i}": 1 for i in range(4)}
    proxy.lacks = lambda *_: False
    proxy.expire()
    space.roll("web:3", "RolledForward", timeout=60)
    assert {len(uids) for uids in space.observer.uids().values()} == {3}


@pytest.mark.parametrize("code", [401, 403])
def test_refused_credentials_delete_nothing(
    space: Space, liar: tuple[Liar, Operator], audit: Audit, code: int
) -> None:
    proxy, operator = liar
    space.made(job(instances=4, strategy=queue(1)))
    space.set_image("web:2", **SLOW)
    one_updated(space)
    refused: list[Asked] = []

    def fault(asked: Asked) -> int | None:
        if asked.lease:
            return None
        refused.append(asked)
        return code

    proxy.fault = fault
    proxy.expire()
    operator.wait("many refusals", lambda: len(refused) > 20, 60)
    proxy.fault = lambda _: None
    space.wait_update("RolledForward", timeout=60)
    assert deleted(audit, space) == {f"web-{i}": 1 for i in range(4)}
    assert operator.running
