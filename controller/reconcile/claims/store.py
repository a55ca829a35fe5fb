"""The claims of all Jobs.

They are watched only when the first Job with claim templates is decided: an operator without such
Jobs has no watch of PersistentVolumeClaims and needs no rights for them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Set

from controller.core.model.claim_index import ClaimIndex
from controller.core.model.claims import NOT_FOLLOWED, Claims
from controller.core.model.plan import ActionKey
from controller.reconcile.claims.objects import ClaimObject

#: Namespace and name of an EchelonJob.
Key = tuple[str, str]


class ClaimStore:
    """``changed(key)`` is called when a decision about a Job may have another result now."""

    def __init__(self, changed: Callable[[Key], None]) -> None:
        self._changed = changed
        #: Set when a Job needs that claims are watched.
        self.wanted = asyncio.Event()
        #: Whether all claims are known, and why not.
        self.followed = False
        self.problem: Callable[[], str] = lambda: ""
        self._indexes: dict[Key, ClaimIndex] = {}
        #: By their keys of an informer.
        self._objects: dict[str, ClaimObject] = {}
        #: uids of deleted claims: a late answer must not bring them back.
        self._gone: deque[str] = deque(maxlen=1_000)

    def of(self, key: Key, uid: str, under_way: Set[ActionKey]) -> Claims:
        """The claims of the Job with this key and uid. ``under_way``: its actions on objects."""
        if not self.wanted.is_set():
            return NOT_FOLLOWED
        problem = "" if self.followed else self.problem()
        if (index := self._indexes.get(key)) is None:
            return Claims(followed=self.followed, problem=problem)
        owning = frozenset(claim for verb, claim in under_way if verb == "own")
        return index.view(uid, self.followed, problem, owning)

    def see(self, item: ClaimObject) -> None:
        """Take a claim from the watch. The watch says that a claim is gone when it loses its label,
        too; then it may have it again."""
        if item.uid in self._gone:
            self._gone.remove(item.uid)
        self.put(item)

    def put(self, item: ClaimObject) -> None:
        """Take a claim from an answer of the API server."""
        if not item.job or item.uid in self._gone:
            return
        there = self._objects.get(item.key)
        if there is not None:
            same = there.uid == item.uid
            if same and int(there.resource_version) >= int(item.resource_version):
                return
            self._remove(there)
        self._objects[item.key] = item
        if item.claim is not None:
            self._index(item.job_key).put(item.claim)
        if there is None or (there.claim, there.job) != (item.claim, item.job):
            self._changed(item.job_key)

    def drop(self, name: str, uid: str) -> None:
        """``name``: key of an informer."""
        self._gone.append(uid)
        there = self._objects.get(name)
        if there is not None and there.uid == uid:
            self._remove(there)
            self._changed(there.job_key)

    def begin(self, key: Key, instance: int) -> None:
        """The claims of an instance are being created."""
        self._index(key).begin(instance)

    def end(self, key: Key, instance: int) -> None:
        """That has ended, one way or another."""
        self._index(key).end(instance)
        self._settle(key)

    def held(self, namespace: str | None) -> dict[str, str]:
        """The claims that are known from any source: informer key -> uid."""
        items = self._objects.items()
        return {n: i.uid for n, i in items if namespace is None or i.namespace == namespace}

    def _index(self, key: Key) -> ClaimIndex:
        return self._indexes.setdefault(key, ClaimIndex())

    def _remove(self, item: ClaimObject) -> None:
        del self._objects[item.key]
        if item.claim is not None:
            self._index(item.job_key).drop(item.claim)
            self._settle(item.job_key)

    def _settle(self, key: Key) -> None:
        if self._indexes[key].empty:
            del self._indexes[key]
