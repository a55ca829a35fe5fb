"""What tests of claims share: volumes, a StatefulSet beside the Job, and who owns which claim."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from hack.devcluster.api import ApiError
from hack.harness.manifests import Object, template
from hack.harness.space import Space
from hack.harness.volumes import Volumes

#: The StatefulSet beside the Job `web`.
PEER: Final = "peer"
#: Claim, as "data 0" -> kinds of its owners: "Set" for the Job or the StatefulSet, or "Pod".
Owners = dict[str, tuple[str, ...]]


@contextmanager
def provided(space: Space, binding: str = "Immediate") -> Iterator[Volumes]:
    """Volumes for the namespace of a test. At the end all of it is removed."""
    with Volumes(space.api, space.name, space.name, binding=binding) as made:
        yield made
        with suppress(ApiError):
            space.api.delete(space.path("statefulsets"))
        space.end()
        space.api.delete(space.path("persistentvolumeclaims"))


def stateful_set(
    space: Space, replicas: int, claims: list[Object], name: str = PEER, **spec: Any
) -> None:
    """A StatefulSet with the pods of `job()`."""
    labels = {"app": name}
    pod = template() | {"metadata": {"labels": labels}}
    fields = {"selector": {"matchLabels": labels}, "serviceName": name, "template": pod}
    body = {"replicas": replicas, "volumeClaimTemplates": claims, **fields, **spec}
    space.api.create(space.path("statefulsets"), {"metadata": {"name": name}, "spec": body})


def of(volumes: Volumes, name: str) -> dict[str, Object]:
    """The claims of one controller, as "data 0"."""
    found = {}
    for each, claim in volumes.claims().items():
        if parts := re.fullmatch(rf"(.+)-{name}-(\d+)", each):
            found[f"{parts[1]} {parts[2]}"] = claim
    return found


def uids(volumes: Volumes, name: str) -> dict[str, str]:
    """Claim -> its uid."""
    return {each: claim["metadata"]["uid"] for each, claim in of(volumes, name).items()}


def owners(volumes: Volumes, name: str) -> Owners:
    """Claim -> the kinds of its owners."""
    return {each: _kinds(claim) for each, claim in of(volumes, name).items()}


def _kinds(claim: Object) -> tuple[str, ...]:
    kinds = [each["kind"] for each in claim["metadata"].get("ownerReferences", ())]
    return tuple(sorted("Pod" if kind == "Pod" else "Set" for kind in kinds))


def scale_both(space: Space, count: int) -> None:
    space.kubectl("scale", f"statefulset/{PEER}", f"--replicas={count}")
    space.kubectl("scale", "ejob/web", f"--replicas={count}")


def both_ready(space: Space, count: int) -> None:
    """Wait until both have so many pods, all Ready."""
    path = space.path("statefulsets", PEER)

    def done() -> bool:
        status = space.api.get(path)["status"]
        return bool(status.get("readyReplicas", 0) == status.get("replicas") == count)

    space.until("the StatefulSet", done, timeout=60)
    space.until("the number", lambda: len(space.pods()) == count, timeout=60)
    space.wait_ready(timeout=60)


def both_own(space: Space, volumes: Volumes, wanted: Owners) -> None:
    """Wait until the claims of both are these, with these owners."""
    for name in (PEER, "web"):
        try:
            space.until("owners", lambda n=name: owners(volumes, n) == wanted, timeout=30)  # type: ignore[misc]
        except AssertionError:
            assert owners(volumes, name) == wanted, name
            raise
