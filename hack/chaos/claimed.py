"""The scenarios in which instances have claims, and the operator is killed at each of its writes
(contract part 2 §10). Each says which claims there are at the end, and which of them must still be
the same ones, with the data that they had."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from hack.chaos.scenario import (
    PATIENCE,
    Act,
    Scenario,
    at_rest,
    ended,
    made,
    nothing,
    pods,
    seen,
    uids,
)
from hack.harness.manifests import SIM, Object, job, sim, template
from hack.harness.space import Space

#: The StorageClass of `hack.chaos.plane.Plane.provide`, which makes volumes at once.
CLASS: Final = "lanes"
#: A StorageClass that does not exist: claims of it get no volume.
_NOBODY: Final = "nobody"
_PLURAL: Final = "persistentvolumeclaims"
#: What owns claims by the retention policy `_DELETE`.
_JOB: Final = ("EchelonJob",)
_DELETE: Final = {"whenScaled": "Delete", "whenDeleted": "Delete"}
_BOTH: Final = ("data", "logs")


def claimed() -> list[Scenario]:
    """All of them."""
    kept, gone = _with("data", "logs"), _with("data", "logs", policy=_DELETE)
    one = _with("data")
    shared = _with("data", mode="ReadWriteMany")
    surge: Object = {"update": {"replacement": "Surge"}}
    impatient: Object = {"update": {"readyTimeoutSeconds": 2}}
    return [
        _long("create", nothing, _create),
        _long("create and delete the Job", nothing, _create_and_delete),
        _long("taken over", _by_hand, _create),
        _long("scale up", made(2, **kept), partial(_scale_up, ())),
        _long("scale up, whenDeleted Delete", made(2, **gone), partial(_scale_up, _JOB)),
        _long("scale down and up, Retain", made(4, **kept), _scale_down_and_up),
        _scenario("scale down and up, Delete", made(4, **gone), _delete_and_make_anew),
        _long("scale down and at once up, Delete", made(3, **gone), _come_back),
        _long("another policy", made(2, **kept), _another_policy),
        _long("update adds one", made(**one), _add),
        _long("update adds one, surge", made(**shared, **surge), _add_shared),
        _long("update adds one that never binds", made(**one, **impatient), _add_in_vain),
        _long("update and scale down roll back", made(**gone), _fail_and_come_back),
        _long("lost pod", made(**gone), _lose_pod),
        _long("lost claim", made(**gone), _lose_claim),
    ]


def _scenario(name: str, setup: Act, play: Act, short: bool = True) -> Scenario:
    return Scenario(f"claims, {name}", setup, play, short=short, claims=True)


_long: Final = partial(_scenario, short=False)


def _template(name: str, mode: str = "ReadWriteOnce", storage_class: str = CLASS) -> Object:
    wanted = {"requests": {"storage": "1Gi"}}
    spec = {"accessModes": [mode], "storageClassName": storage_class, "resources": wanted}
    return {"metadata": {"name": name}, "spec": spec}


def _with(*names: str, policy: Object | None = None, mode: str = "ReadWriteOnce") -> Object:
    """Fields of a Job."""
    fields: Object = {"volumeClaimTemplates": [_template(name, mode) for name in names]}
    return fields | ({"persistentVolumeClaimRetentionPolicy": policy} if policy else {})


# What there is.


def _claims(space: Space) -> dict[str, Object]:
    """Claim, as "data 0" -> the claim."""
    found = space.api.get(space.path(_PLURAL))["items"]
    return {each["metadata"]["name"].replace("-web-", " "): each for each in found}


def _names(instances: Iterable[int], names: Iterable[str] = _BOTH) -> set[str]:
    return {f"{name} {i}" for name in names for i in instances}


def _owners(claim: Object) -> tuple[str, ...]:
    return tuple(sorted(each["kind"] for each in claim["metadata"].get("ownerReferences", ())))


def _identities(space: Space) -> dict[str, str]:
    """Claim -> its uid."""
    return {name: claim["metadata"]["uid"] for name, claim in _claims(space).items()}


def _settled(space: Space, wanted: set[str], owners: tuple[str, ...] = ()) -> None:
    """Wait until there are exactly these claims, all Bound and with these owners."""

    def there() -> bool:
        found = _claims(space)
        return set(found) == wanted and all(
            claim["status"]["phase"] == "Bound"
            and "deletionTimestamp" not in claim["metadata"]
            and _owners(claim) == owners
            for claim in found.values()
        )

    # The garbage collector of a new control plane learns of new kinds after half a minute.
    space.until(f"the claims {sorted(wanted)}", there, 2 * PATIENCE)


def _same(space: Space, before: dict[str, str], wanted: set[str]) -> None:
    """Exactly these claims are those that they were ``before``."""
    found = {name for name, uid in _identities(space).items() if before.get(name) == uid}
    assert found == wanted, f"the claims {found} were kept, {wanted} must be"


def _scale_to(space: Space, count: int) -> None:
    space.scale(count)
    at_rest(space)
    pods(space, count)
    space.wait_job(
        "the report", lambda it: it["status"]["readyInstances"] == count, timeout=PATIENCE
    )


# What users do.


def _make(space: Space, **fields: Any) -> None:
    space.create(job(instances=3, **fields))
    space.wait_ready(timeout=PATIENCE)
    pods(space, 3)


def _create(space: Space) -> None:
    before = _identities(space)
    _make(space, **_with(*_BOTH))
    _settled(space, _names(range(3)))
    _same(space, before, set(before))


def _by_hand(space: Space) -> None:
    """A setup: three of the claims, without our labels, as another controller left them."""
    for name in ("data-web-0", "data-web-1", "logs-web-1"):
        space.api.create(space.path(_PLURAL), _template(name))


def _create_and_delete(space: Space) -> None:
    _make(space, **_with(*_BOTH, policy=_DELETE))
    _settled(space, _names(range(3)), _JOB)
    space.api.delete(space.path("echelonjobs", "web"))
    space.until("all gone", lambda: not seen(space) and not _claims(space), 2 * PATIENCE)


def _scale_up(owners: tuple[str, ...], space: Space) -> None:
    before = _identities(space)
    _scale_to(space, 4)
    _settled(space, _names(range(4)), owners)
    _same(space, before, _names(range(2)))


def _scale_down_and_up(space: Space) -> None:
    """The claims stay, and instance 2 finds its own."""
    before = _identities(space)
    _scale_to(space, 2)
    _scale_to(space, 3)
    _settled(space, _names(range(4)))
    _same(space, before, _names(range(4)))


def _delete_and_make_anew(space: Space) -> None:
    """The claims of instances 2 and 3 go with their pods, and instance 2 gets new ones."""
    before = _identities(space)
    _scale_to(space, 2)
    _settled(space, _names(range(2)), _JOB)
    _same(space, before, _names(range(2)))
    _scale_to(space, 3)
    _settled(space, _names(range(3)), _JOB)
    _same(space, before, _names(range(2)))


def _come_back(space: Space) -> None:
    """Instance 2 is wanted again while its pod goes: it keeps its claims."""
    before, old = _identities(space), uids(space)
    space.patch_pod("web-2", annotations=sim(behaviour="never-stop"))
    space.scale(2)
    space.until("web-2 to go", lambda: any(pod.deleting for pod in seen(space)), PATIENCE)
    space.wait_job(
        "the scale", lambda it: it["status"].get("instancesInForce") == 2, timeout=PATIENCE
    )
    space.scale(3)
    _settled(space, _names(range(3)), _JOB)
    space.patch_pod("web-2", annotations={f"{SIM}/behaviour": "ready"})
    space.until("another web-2", lambda: uids(space).get(2, old[2]) != old[2], PATIENCE)
    pods(space, 3)
    at_rest(space)
    _settled(space, _names(range(3)), _JOB)
    _same(space, before, _names(range(3)))


def _another_policy(space: Space) -> None:
    """The Job comes to own its claims, and gives them back."""
    before = _identities(space)
    for when, owners in (("Delete", _JOB), ("Retain", ())):
        space.patch_job(persistentVolumeClaimRetentionPolicy={"whenDeleted": when})
        _settled(space, _names(range(2)), owners)
        at_rest(space)
    _same(space, before, _names(range(2)))


def _add_template(space: Space, wish: Object) -> None:
    """Add a claim template, which begins an Update."""
    present = space.job()["spec"]["volumeClaimTemplates"]
    space.patch_job(volumeClaimTemplates=[*present, wish])


def _add(space: Space, mode: str = "ReadWriteOnce") -> None:
    before = _identities(space)
    _add_template(space, _template("logs", mode))
    ended(space, "RolledForward")
    pods(space, 3)
    _settled(space, _names(range(3)))
    _same(space, before, _names(range(3), ["data"]))


_add_shared: Final = partial(_add, mode="ReadWriteMany")


def _add_in_vain(space: Space) -> None:
    """The claim of instance 0 has no volume, so its pod has no node. No version is to blame."""
    before = _identities(space)
    _add_template(space, _template("logs", storage_class=_NOBODY))
    ended(space, "RolledBack")
    pods(space, 3)
    found = _claims(space)
    assert set(found) == {*before, "logs 0"}, f"there are the claims {sorted(found)}"
    assert found["logs 0"]["status"]["phase"] == "Pending"
    assert "knownBad" not in space.job()["status"]
    _same(space, before, set(before))


def _fail_and_come_back(space: Space) -> None:
    """An Update removes instance 2, and its rollback brings it back with its claims."""
    before = _identities(space)
    bad = template("web:2", behaviour="crash-loop", backoff="4s", instances="1")
    space.patch_job(instances=2, template=bad)
    ended(space, "RolledBack")
    pods(space, 3)
    _settled(space, _names(range(3)), _JOB)
    _same(space, before, _names(range(3)))


def _lose_pod(space: Space) -> None:
    before, old = _identities(space), uids(space)
    space.delete_pod("web-1")
    _has_successor(space, old)
    _settled(space, _names(range(3)), _JOB)
    _same(space, before, _names(range(3)))


def _lose_claim(space: Space) -> None:
    """Kubernetes deletes a claim when its pod is gone. Then both are made anew."""
    before, old = _identities(space), uids(space)
    space.api.delete(space.path(_PLURAL, "data-web-1"))
    space.delete_pod("web-1")
    _has_successor(space, old)
    _settled(space, _names(range(3)), _JOB)
    _same(space, before, _names(range(3)) - {"data 1"})


def _has_successor(space: Space, old: dict[int, str]) -> None:
    """Wait until instance 1 has another pod, and all is well."""
    space.until("another web-1", lambda: uids(space).get(1, old[1]) != old[1], PATIENCE)
    pods(space, 3)
    at_rest(space)
