"""Who shares the shards: one Lease that all replicas of one number of shards hold together.

With one shard, the Lease ``<name>`` is that shard. With N shards, its holder is "N-shards": every
replica that was started with N renews it, and has an annotation of its own there. That says two
things with one request:

* Which N is in force. Operators of another N, also of a version that knows no shards, find the
  Lease held by somebody else, and wait until it is free. A replica whose membership is not valid
  does nothing with the shards that it holds.
* Which replicas are alive. An annotation that has not changed for ``duration`` seconds belongs to
  a replica that is gone. Nobody needs to list Leases, or to write others than those of the Role.
"""

from __future__ import annotations

import logging
from collections.abc import Set
from typing import Any, Final

from controller.kube.client import Client
from controller.kube.errors import BadRequest, Conflict, Invalid, NotFound
from controller.kube.lease import Lease, Object
from controller.kube.resources import LEASES
from controller.kube.shards import fnv1a

log = logging.getLogger(__name__)

_PREFIX: Final = "replica.echelon.dev/"
#: A JSON patch whose test fails or whose path is missing.
_UNEXPECTED: Final = (BadRequest, Conflict, Invalid, NotFound)


class Membership(Lease):
    """The membership of one replica. ``replica`` is its identity; other arguments as of `Lease`."""

    def __init__(
        self,
        client: Client,
        namespace: str,
        name: str,
        replica: str,
        shards: int,
        **options: Any,
    ) -> None:
        super().__init__(client, namespace, name, f"{shards}-shards", **options)
        self.replica = replica
        #: Whether this replica can be given shards, and whether it can take them at present. If
        #: not, the others share them.
        self.able = False
        self.willing = True
        self._key = f"{_PREFIX}{fnv1a(replica):016x}"
        #: Annotation -> its value, and the time of the clock when that was first observed.
        self._known: dict[str, tuple[str, float]] = {}

    def live(self) -> Set[str]:
        """The identities of the replicas that can hold shards."""
        since = self._clock() - self._times.duration
        others = {
            value.partition(" ")[0]
            for key, (value, first) in self._known.items()
            if first >= since and key != self._key
        }
        return others | {self.replica} if self.able and self.held else others

    async def _free(self, lease: Object) -> None:
        """End the membership. The last live replica frees the Lease."""
        self._note(lease)
        record = {} if self.live() - {self.replica} else self._emptied()
        await self._patch(lease, record, annotations={self._key: None})

    # -- one turn --------------------------------------------------------------------------

    async def _renew(self) -> bool:
        """Renew without reading; the replicas do not disturb each other, because the patch demands
        only that the holder is still the same."""
        if self._mine is None or not self.held:
            return False
        stamp = self._stamp()
        patch = [
            {"op": "test", "path": "/spec/holderIdentity", "value": self.identity},
            {"op": "add", "path": "/spec/renewTime", "value": stamp},
        ]
        path = _path(self._key)
        if self.able and self.willing:
            patch.append({"op": "add", "path": path, "value": f"{self.replica} {stamp}"})
        elif not self.able and self._key in (self._mine["metadata"].get("annotations") or {}):
            patch.append({"op": "remove", "path": path})
        for key in self._gone():
            path = _path(key)
            patch += [
                {"op": "test", "path": path, "value": self._known[key][0]},
                {"op": "remove", "path": path},
            ]
        try:
            self._mine = await self._client.patch(
                LEASES, self._namespace, self.name, patch, content_type="json"
            )
        except _UNEXPECTED:
            self._mine = None
            return False
        self._note(self._mine)
        return True

    async def _take(self, lease: Object) -> Object:
        """Join the holders of the same number of shards, or take the Lease from nobody."""
        self._note(lease)
        spec = lease.get("spec") or {}
        if spec.get("holderIdentity") == self.identity:
            gone, record = self._gone(), {"renewTime": self._stamp()}
        else:
            # They were replicas of an earlier time.
            gone, self._known = list(self._known), {}
            record = self._record(int(spec.get("leaseTransitions") or 0) + 1)
        annotations: Object = dict.fromkeys(gone)
        annotations |= self._metadata().get("annotations", {})
        taken = await self._patch(lease, record, annotations=annotations)
        self._note(taken)
        return taken

    def _metadata(self) -> Object:
        if not (self.able and self.willing):
            return {}
        return {"annotations": {self._key: f"{self.replica} {self._stamp()}"}}

    def _gone(self) -> list[str]:
        """The annotations that have not changed for so long that they are removed."""
        since = self._clock() - 2 * self._times.duration
        return [k for k, (_, first) in self._known.items() if first < since and k != self._key]

    def _note(self, lease: Object) -> None:
        now = self._clock()
        found = (lease["metadata"].get("annotations") or {}).items()
        values = {key: value for key, value in found if key.startswith(_PREFIX)}
        known = self._known
        self._known = {
            key: known[key] if key in known and known[key][0] == value else (value, now)
            for key, value in values.items()
        }


def _path(annotation: str) -> str:
    """The path of an annotation in a JSON patch."""
    return f"/metadata/annotations/{annotation.replace('/', '~1')}"
