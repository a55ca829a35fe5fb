"""The runs and CronJobs of all Cron and Adhoc Jobs.

They are watched only when the first such Job is decided: an operator without them has no watch of
batch/v1 and needs no rights for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from controller.core.model.runs import NOT_FOLLOWED, Runs
from controller.reconcile.runs.objects import CronObject, RunObject

#: Namespace and name of an EchelonJob.
Key = tuple[str, str]
Item = TypeVar("Item", RunObject, CronObject)


@dataclass
class _Known:
    runs: dict[str, RunObject] = field(default_factory=dict)
    crons: dict[str, CronObject] = field(default_factory=dict)


class RunStore:
    """``changed(key)`` is called when a decision about a Job may have another result now."""

    def __init__(self, changed: Callable[[Key], None]) -> None:
        self._changed = changed
        #: Set when a Job needs that runs are watched.
        self.wanted = asyncio.Event()
        #: Whether all runs are known, and why not.
        self.followed = False
        self.problem: Callable[[], str] = lambda: ""
        self._known: dict[Key, _Known] = {}
        #: uids of deleted objects: a late answer must not bring them back.
        self._gone: deque[str] = deque(maxlen=1_000)

    def of(self, key: Key, uid: str) -> Runs:
        """The runs of the Job with this key and uid."""
        if not self.wanted.is_set():
            return NOT_FOLLOWED
        known = self._known.get(key, _Known())
        cron = known.crons.get(key[1])
        runs = Runs(
            tuple(item.run for item in known.runs.values()),
            cron.cron if cron else None,
            self.followed,
            "" if self.followed else self.problem(),
        )
        return runs.of(uid)

    def put_run(self, item: RunObject) -> None:
        self._put(item, lambda known: known.runs, item.run.name)

    def put_cron(self, item: CronObject) -> None:
        self._put(item, lambda known: known.crons, item.cron.name)

    def drop_run(self, name: str, uid: str) -> None:
        self._drop(lambda known: known.runs, name, uid)

    def drop_cron(self, name: str, uid: str) -> None:
        self._drop(lambda known: known.crons, name, uid)

    def runs_held(self, namespace: str | None) -> dict[str, str]:
        """The runs that are known from any source: informer key -> uid."""
        return self._held(lambda known: known.runs, namespace)

    def crons_held(self, namespace: str | None) -> dict[str, str]:
        """The CronJobs that are known from any source: informer key -> uid."""
        return self._held(lambda known: known.crons, namespace)

    def _put(self, item: Item, of: Callable[[_Known], dict[str, Item]], name: str) -> None:
        if not item.job or item.uid in self._gone:
            return
        key = (item.namespace, item.job)
        there = of(self._known.setdefault(key, _Known()))
        known = there.get(name)
        same = known is not None and known.uid == item.uid
        if known and same and int(known.resource_version) >= int(item.resource_version):
            return
        there[name] = item
        self._changed(key)

    def _drop(self, of: Callable[[_Known], dict[str, Item]], name: str, uid: str) -> None:
        """``name``: key of an informer."""
        self._gone.append(uid)
        namespace, _, name = name.partition("/")
        for key, known in list(self._known.items()):
            there = of(known)
            if key[0] == namespace and name in there and there[name].uid == uid:
                del there[name]
                if not (known.runs or known.crons):
                    del self._known[key]
                self._changed(key)

    def _held(
        self, of: Callable[[_Known], Mapping[str, Item]], namespace: str | None
    ) -> dict[str, str]:
        return {
            item.key: item.uid
            for key, known in self._known.items()
            if namespace is None or key[0] == namespace
            for item in of(known).values()
        }
