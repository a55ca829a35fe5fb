"""A real control plane with the CRDs, watches of all that happens, and the audit log."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Final

from hack.chaos.claimed import CLASS
from hack.chaos.rack import Racks
from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster
from hack.harness.operator import USER
from hack.harness.plane import audit_policy, install
from hack.harness.role import chart_rules, grant, maintenance_rules
from hack.harness.sightings import Sightings
from hack.harness.volumes import Volumes
from hack.harness.web import Asked, Said, Web
from hack.stacked import Stacked

#: Users of replicas, so that the audit log tells them apart.
REPLICAS: Final = ("echelon-a", "echelon-b")
#: The user of operators with ``--maintenance``, which have its rights besides.
MAINTAINER: Final = "echelon-maintainer"
#: Pairs of nodes for lanes in which nodes are drained: one for each lane, and some to spare.
_RACKS: Final = 8
#: Nobody disturbs the API server in tries that end with `Plane.check`.
_STALLED: Final = 4.0
_PARTS: Final = ("system:apiserver", "system:kube-controller-manager", "system:kube-scheduler")


class StalledError(OSError):
    """The machine was too busy for the control plane: a try says nothing, and is made again."""


class Plane(Stacked):
    """``web``: a server that gates ask; at `/pass` it answers 200, elsewhere 503. ``nodes``: those
    that are in no rack."""

    def __init__(self, nodes: int = 10) -> None:
        super().__init__()
        self._nodes = nodes
        self._volumes: Volumes | None = None

    def _start(self) -> None:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-"))
        policy = Path(folder) / "audit.json"
        policy.write_text(json.dumps(audit_policy("admin", "nodesim", *_PARTS)))
        users = [USER, *REPLICAS, MAINTAINER]
        # Its limits are too high to matter here, and it takes a twentieth of the API server's time.
        args = [f"--audit-policy-file={policy}", "--enable-priority-and-fairness=false"]
        self.cluster = self._stack.enter_context(
            Cluster(self._nodes + 2 * _RACKS, audit=True, api_args=args, users=users)
        )
        install(self.cluster)
        for user in users:
            added = maintenance_rules() if user == MAINTAINER else []
            grant(self.cluster, user, [*chart_rules(), *added])
        numbers = range(self._nodes, self._nodes + 2 * _RACKS)
        self.racks = Racks(self.cluster, [f"sim-{number}" for number in numbers])
        self.sightings = Sightings(self.cluster)
        self.sightings.start()
        self._stack.callback(self.sightings.stop)
        self._beats: list[float] = [time.monotonic()]
        over = threading.Event()
        beating = threading.Thread(target=self._beat, args=(over,), name="beat", daemon=True)
        beating.start()
        self._stack.callback(over.set)
        self.web = self._stack.enter_context(Web())
        self.web.answer = _answer

    def provide(self) -> None:
        """Make volumes for claims, from now on."""
        if self._volumes is None:
            self._volumes = self._stack.enter_context(Volumes(self.cluster.api, CLASS))

    def _beat(self, over: threading.Event) -> None:
        """Ask the API server for next to nothing, again and again."""
        while not over.wait(0.5):
            with suppress(OSError, ApiError):
                self.cluster.api.get("/api/v1/namespaces/default")
                self._beats.append(time.monotonic())
                del self._beats[:-2000]

    def check(self, since: float) -> None:
        """Raise StalledError if the API server did not answer for `_STALLED` seconds since a
        monotonic time."""
        beats = [since, *(beat for beat in self._beats if beat > since), time.monotonic()]
        longest = max(later - earlier for earlier, later in pairwise(beats))
        if longest > _STALLED:
            raise StalledError(f"the API server did not answer for {longest:.1f} s")


def _answer(asked: Asked) -> Said:
    return (200, "ok") if asked.path.startswith("/pass") else (503, "overloaded")
