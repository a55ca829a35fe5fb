"""Claims beside those of a StatefulSet: the same templates, the same claims, the same owners."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hack.harness.manifests import Object, is_true, job, queue, sim
from hack.harness.pods import PodSeen
from hack.harness.space import Space
from hack.harness.volumes import Volumes
from tests.integration.claims import (
    PEER,
    both_own,
    both_ready,
    of,
    owners,
    provided,
    scale_both,
    stateful_set,
    uids,
)

POLICIES = {"Parallel": "Parallel", "Ordered": "OrderedReady"}


@pytest.fixture
def volumes(space: Space) -> Iterator[Volumes]:
    with provided(space) as made:
        yield made


def retention(scaled: str, deleted: str) -> Object:
    policy = {"whenScaled": scaled, "whenDeleted": deleted}
    return {"persistentVolumeClaimRetentionPolicy": policy}


def bound(volumes: Volumes, name: str) -> set[str]:
    """The claims of a controller that have a volume."""
    found = of(volumes, name)
    return {each for each, claim in found.items() if claim["status"]["phase"] == "Bound"}


def mounted(space: Space, name: str) -> dict[str, list[str]]:
    """Pod, without the name of its controller -> its claims, likewise."""
    found = {}
    for pod in space.api.get(space.path("pods"))["items"]:
        controller, _, number = pod["metadata"]["name"].rpartition("-")
        if controller == name:
            volumes = (v.get("persistentVolumeClaim") for v in pod["spec"]["volumes"])
            claims = (each["claimName"] for each in volumes if each)
            found[number] = sorted(each.replace(f"-{name}-", " ") for each in claims)
    return found


@pytest.mark.parametrize("ordering", POLICIES)
def test_the_same_claims(space: Space, volumes: Volumes, ordering: str) -> None:
    """The labels of the claims differ on purpose: a StatefulSet's have those of its selector, a
    Job's have `echelon.dev/job` and `echelon.dev/instance`; both keep those of the template."""
    data, logs = volumes.template(), volumes.template("logs")
    data["metadata"] |= {"labels": {"tier": "db"}, "annotations": {"note": "kept"}}
    stateful_set(space, 2, [data, logs], podManagementPolicy=POLICIES[ordering])
    space.create(job(instances=2, ordering=ordering, volumeClaimTemplates=[data, logs]))
    both_ready(space, 2)
    both_own(space, volumes, dict.fromkeys(("data 0", "data 1", "logs 0", "logs 1"), ()))
    for name in (PEER, "web"):
        assert bound(volumes, name) == {"data 0", "data 1", "logs 0", "logs 1"}
        assert mounted(space, name) == {str(i): [f"data {i}", f"logs {i}"] for i in (0, 1)}
        meta = of(volumes, name)["data 1"]["metadata"]
        assert meta["labels"]["tier"] == "db"
        assert meta["annotations"]["note"] == "kept"
    ours = of(volumes, "web")["data 1"]["metadata"]["labels"]
    assert ours["echelon.dev/job"] == "web"
    assert ours["echelon.dev/instance"] == "1"

    scale_both(space, 4)
    both_ready(space, 4)
    every = {f"{each} {i}" for each in ("data", "logs") for i in range(4)}
    assert bound(volumes, PEER) == bound(volumes, "web") == every

    before = {name: uids(volumes, name) for name in (PEER, "web")}
    for name in (PEER, "web"):
        lost = pods(space)[f"{name}-1"]
        space.delete_pod(f"{name}-1")
        space.until(
            f"the successor of {name}-1",
            lambda n=name, uid=lost: pods(space).get(f"{n}-1", uid) != uid,  # type: ignore[misc]
            timeout=60,
        )
    both_ready(space, 4)
    scale_both(space, 1)
    both_ready(space, 1)
    assert {name: uids(volumes, name) for name in before} == before
    scale_both(space, 2)
    both_ready(space, 2)
    assert {name: uids(volumes, name) for name in before} == before


def pods(space: Space) -> dict[str, str]:
    """The uid of each pod of the namespace."""
    found = space.api.get(space.path("pods"))["items"]
    return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in found}


@pytest.mark.parametrize("deleted", ["Retain", "Delete"])
@pytest.mark.parametrize("scaled", ["Retain", "Delete"])
def test_the_same_owners_and_the_same_end(
    space: Space, volumes: Volumes, scaled: str, deleted: str
) -> None:
    """The controller flag of the owners differs on purpose: a Job only owns the claims, as nobody
    but the garbage collector has to do with them."""
    data, policy = volumes.template(), retention(scaled, deleted)
    stateful_set(space, 3, [data], podManagementPolicy="Parallel", **policy)
    space.create(job(instances=3, volumeClaimTemplates=[data], **policy))
    both_ready(space, 3)
    kept: tuple[str, ...] = ("Set",) if deleted == "Delete" else ()
    going = ("Pod",) if scaled == "Delete" else kept
    both_own(space, volumes, dict.fromkeys(("data 0", "data 1", "data 2"), kept))
    first = {name: uids(volumes, name) for name in (PEER, "web")}

    # A scale down, as long as the pods go and when they are gone.
    leaving = [f"{name}-{i}" for name in (PEER, "web") for i in (1, 2)]
    for pod in leaving:
        space.patch_pod(pod, annotations=sim(behaviour="never-stop"))
    scale_both(space, 1)
    for pod in leaving:
        space.until(f"{pod} is going", lambda p=pod: going_away(space, p), timeout=30)  # type: ignore[misc]
    both_own(space, volumes, {"data 0": kept, "data 1": going, "data 2": going})
    for pod in leaving:
        space.patch_pod(pod, annotations=sim(behaviour="ready"))
    both_ready(space, 1)
    left = {"data 0": kept}
    if scaled == "Retain":
        left |= {"data 1": kept, "data 2": kept}
    both_own(space, volumes, left)

    # A scale up again.
    scale_both(space, 2)
    both_ready(space, 2)
    both_own(space, volumes, left | {"data 1": kept})
    for name in (PEER, "web"):
        now = uids(volumes, name)
        assert now["data 0"] == first[name]["data 0"]
        assert (now["data 1"] == first[name]["data 1"]) == (scaled == "Retain")

    # The end.
    space.kubectl("delete", f"statefulset/{PEER}", "ejob/web")
    for name in (PEER, "web"):
        space.until(
            f"no pods of {name}",
            lambda n=name: not mounted(space, n),  # type: ignore[misc]
            timeout=90,
        )
    both_own(space, volumes, {} if deleted == "Delete" else left | {"data 1": kept})
    space.until("no volume without a claim", lambda: _in_use(volumes), timeout=30)


def _in_use(volumes: Volumes) -> bool:
    """Whether all volumes are those of claims that are there."""
    claims = volumes.claims().values()
    there = {claim["metadata"]["uid"] for claim in claims}
    return {each["spec"]["claimRef"]["uid"] for each in volumes.volumes()} == there


def going_away(space: Space, pod: str) -> bool:
    return "deletionTimestamp" in space.api.get(space.path("pods", pod))["metadata"]


def test_a_scale_down_step_by_step_deletes_claims_step_by_step(
    space: Space, volumes: Volumes
) -> None:
    """With `ordering: Ordered` the claims of an instance that is not removed yet have no pod as
    owner, while the one above it goes."""
    data, policy = volumes.template(), retention("Delete", "Retain")
    stateful_set(space, 3, [data], podManagementPolicy="OrderedReady", **policy)
    space.create(job(instances=3, ordering="Ordered", volumeClaimTemplates=[data], **policy))
    both_ready(space, 3)
    for name in (PEER, "web"):
        space.patch_pod(f"{name}-2", annotations=sim(behaviour="never-stop"))
    scale_both(space, 1)
    for name in (PEER, "web"):
        space.until("going", lambda n=name: going_away(space, f"{n}-2"), timeout=30)  # type: ignore[misc]
    assert owners(volumes, "web") == {"data 0": (), "data 1": (), "data 2": ("Pod",)}
    assert owners(volumes, PEER)["data 2"] == ("Pod",)
    for name in (PEER, "web"):
        space.patch_pod(f"{name}-2", annotations=sim(behaviour="ready"))
    both_ready(space, 1)
    both_own(space, volumes, {"data 0": ()})


def test_a_changed_policy_changes_the_owners(space: Space, volumes: Volumes) -> None:
    data = volumes.template()
    stateful_set(space, 2, [data], podManagementPolicy="Parallel")
    space.create(job(instances=2, volumeClaimTemplates=[data]))
    both_ready(space, 2)
    for scaled, deleted, kinds in (
        ("Retain", "Delete", ("Set",)),
        ("Delete", "Delete", ("Set",)),
        ("Delete", "Retain", ()),
    ):
        change = {"spec": retention(scaled, deleted)}
        space.api.patch(space.path("statefulsets", PEER), change)
        space.api.patch(space.path("echelonjobs", "web"), change)
        both_own(space, volumes, {"data 0": kinds, "data 1": kinds})
    assert space.updates() == []


def test_the_claims_of_a_stateful_set_are_taken_over(space: Space, volumes: Volumes) -> None:
    """Also if it would have deleted them: `--cascade=orphan` takes it away from their owners."""
    data, logs = volumes.template(), volumes.template("logs")
    stateful_set(space, 2, [data, logs], name="web", **retention("Retain", "Delete"))
    every = ("data 0", "data 1", "logs 0", "logs 1")
    space.until("its owners", lambda: owners(volumes, "web") == dict.fromkeys(every, ("Set",)))
    space.until("its volumes", lambda: bound(volumes, "web") == set(every))
    before = uids(volumes, "web")
    space.kubectl("delete", "statefulset/web", "--cascade=orphan")
    space.kubectl("delete", "pods", "-l", "app=web")
    space.made(job(instances=3, volumeClaimTemplates=[data, logs], strategy=queue(3)), timeout=60)
    after = uids(volumes, "web")
    assert {each: after[each] for each in every} == before
    assert set(after) == {*every, "data 2", "logs 2"}
    for each, claim in of(volumes, "web").items():
        marks = claim["metadata"]["labels"]
        assert marks["echelon.dev/job"] == "web"
        assert marks["echelon.dev/instance"] == each.split()[1]
    assert owners(volumes, "web") == dict.fromkeys(after, ())


def test_the_claims_of_pods_that_are_adopted_are_taken_over(space: Space, volumes: Volumes) -> None:
    """The pods of the StatefulSet run on, as in docs/coming-from/statefulset.md."""
    data = volumes.template()
    stateful_set(space, 2, [data], name="web")
    space.until("its pods", lambda: sum(p.ready for p in everybody(space)) == 2, timeout=60)
    before, pods_before = uids(volumes, "web"), pods(space)
    space.kubectl("delete", "statefulset/web", "--cascade=orphan")
    wish = job(instances=2, volumeClaimTemplates=[data], **retention("Delete", "Delete"))
    space.create(wish)
    held = space.wait_job("strangers", lambda j: is_true(j, "PodNameConflict"))
    digest = held["status"]["currentRevision"].removeprefix("web-")
    for name in pods_before:
        space.patch_pod(name, labels={"echelon.dev/job": "web", "echelon.dev/revision": digest})
    space.wait_ready(timeout=60)
    kept = {"data 0": ("Set",), "data 1": ("Set",)}
    space.until("owners", lambda: owners(volumes, "web") == kept, timeout=30)
    assert uids(volumes, "web") == before
    assert pods(space) == pods_before
    space.scale(1)
    space.until("one", lambda: owners(volumes, "web") == {"data 0": ("Set",)}, timeout=30)
    space.wait_ready()


def everybody(space: Space) -> list[PodSeen]:
    """All pods of the namespace."""
    found: list[PodSeen] = space.sightings.all(space.name, "Pod")
    return found
