"""One namespace with an operator of its own behind a proxy. Lanes share a control plane."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from hack.chaos.killer import Killer
from hack.chaos.plane import Plane
from hack.devcluster.api import ApiError
from hack.harness.audit import Audit, Request
from hack.harness.operator import USER, Operator
from hack.harness.proxy import Proxy
from hack.harness.space import Space
from hack.stacked import Stacked

_NUMBERS: Final = itertools.count(1)
_KINDS: Final = ("echelonjobs", "updates", "pods", "controllerrevisions")
#: An operator without a write for so long has nothing more to write: reports come every 0.2 s.
QUIET: Final = 0.5


class Lane(Stacked):
    """``space``: the namespace, empty after `clean`. ``killer`` is between the operator and the API
    server. ``module``: what is run as the operator."""

    def __init__(self, plane: Plane, args: Sequence[str] = (), module: str = "controller") -> None:
        super().__init__()
        self.plane = plane
        self._args = args
        self._module = module

    def _start(self) -> None:
        name = f"lane-{next(_NUMBERS)}"
        cluster = self.plane.cluster
        self.space = Space(cluster, self.plane.sightings, name)
        self.space.begin()
        self.proxy = self._stack.enter_context(Proxy(cluster, USER))
        args = ("--namespace", name, *self._args)
        self.operator = Operator(
            cluster,
            name,
            args=args,
            kubeconfig=self.proxy.kubeconfig,
            module=self._module,
            # What is forked has its clock already.
            forked=self._module == "controller",
        )
        self._stack.callback(self.operator.close)
        self.killer = Killer(self.operator.kill9)
        self.proxy.fault = self.killer.arriving
        self.proxy.answered = self.killer.answered
        self.audit = Audit(cluster.audit_log)
        self.operator.start()
        self.mark()

    def mark(self) -> None:
        """Begin anew: what happened so far is not judged."""
        self.plane.sightings.forget(self.space.name)
        self.space = Space(self.plane.cluster, self.plane.sightings, self.space.name)
        self.audit.mark()
        self.logged = self.operator.log_size()

    def requests(self) -> list[Request]:
        """What the operator asked in this namespace since the mark."""
        return self.audit.requests(user=USER, namespace=self.space.name)

    def at_work(self) -> bool:
        """Whether the operator runs, and has begun to act."""
        return self.operator.running and "at work" in self.operator.said()

    def quiet(self, timeout: float = 30.0) -> None:
        """Return when the operator acts and had nothing to write for `QUIET` seconds."""
        began = time.monotonic()
        since: float | None = None
        while True:
            now = time.monotonic()
            if not self.at_work():
                since = None
            else:
                since = max(since or now, self.killer.last_write)
                if now - since >= QUIET:
                    return
            if now - began > timeout:
                raise AssertionError("the operator does not come to rest")
            time.sleep(0.05)

    def clean(self) -> None:
        """Delete everything in the namespace, whoever made it."""
        api, space = self.plane.cluster.api, self.space
        for plural in _KINDS:
            query = "?gracePeriodSeconds=0" if plural == "pods" else ""
            with suppress(ApiError):
                api.delete(space.path(plural) + query)

        def empty() -> bool:
            for plural in _KINDS:
                for item in api.get(space.path(plural))["items"]:
                    grace = "?gracePeriodSeconds=0" if plural == "pods" else ""
                    with suppress(ApiError):
                        api.delete(space.path(plural, item["metadata"]["name"]) + grace)
                    return False
            return True

        self.plane.cluster.wait("an empty namespace", empty, 60)
        # The watch may be late; else what is gone would be seen in the next try.
        self.plane.sightings.catch_up(self.space.name, 60)
