"""How the simulated API server answers the operator: well, not at all, or with its death."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Any, TypeVar

from controller.api.job import Job, JobStatus
from controller.api.meta import ObjectMeta, wire
from controller.api.pods.pod import Pod
from controller.api.update import Update, UpdateStatus
from controller.core.model.observed import Node
from controller.core.model.plan import AskGate
from controller.core.verdicts.answer import Answer
from tests.unit.core.sim.store import START, ApiError
from tests.unit.core.sim.users import Users

T = TypeVar("T")
S = TypeVar("S", JobStatus, UpdateStatus)


def stored(status: S) -> S:
    """A status after its way through the wire form, on which nothing may be lost."""
    found = type(status).model_validate(wire(status))
    assert found == status, f"{status} becomes {found} on its way"
    return found


class CrashError(Exception):
    """The operator was killed."""


class Answering(Users):
    """``fates`` of the next writes of the operator: ok, down (not done), lost (done, but the answer
    is lost), crash (done, then the operator dies). When they are used up it is ``fate``."""

    def __init__(self, job: Job, now: float = START) -> None:
        super().__init__(job, now)
        self.fates: deque[str] = deque()
        self.fate = "ok"
        #: What becomes of a status that is written.
        self.stored: Callable[[Any], Any] = stored
        #: Verb and name of each write of the operator that took effect.
        self.writes: list[tuple[str, str]] = []
        self.bad_images: dict[str, str] = {}
        #: Target of a write, or its beginning -> the words with which it is refused.
        self.refused: dict[str, str] = {}
        self.quota: int | None = None
        #: Gate -> what it answers; each asking is counted.
        self.answers: dict[str, Answer] = {}
        self.asked: list[AskGate] = []
        #: Verb -> (reason, words) with which a policy denies it.
        self.denied: dict[str, tuple[str, str]] = {}
        #: How often each verb was asked for, granted or not.
        self.requests: Counter[str] = Counter()
        #: Nodes by name; one that is not told of is well.
        self.nodes: dict[str, Node] = {}
        #: Label of nodes -> how many values of it they have.
        self.domains: dict[str, int] = {}
        #: Instances whose pod the server does not change in place.
        self.in_place_refused: set[int] = set()
        self.user_edit(lambda job: job)

    def _ask(self, verb: str, name: str, apply: Callable[[], T]) -> T:
        self.requests[verb] += 1
        if verb in self.denied:
            raise ApiError(*self.denied[verb])
        fate = self.fates.popleft() if self.fates else self.fate
        if fate == "down":
            raise ApiError("Down", "the server is down")
        result = apply()
        self.writes.append((verb, name))
        if fate == "lost":
            raise ApiError("Down", "the answer was lost")
        if fate == "crash":
            raise CrashError
        return result

    def _update(self, name: str) -> Update:
        if name not in self.updates:
            raise ApiError("NotFound", name)
        return self.updates[name]

    def _pod(self, name: str, uid: str) -> Pod:
        pod = self.pods.get(name)
        if pod is None or pod.uid != uid:
            raise ApiError("NotFound", name)
        return pod

    @staticmethod
    def _compare(seen: ObjectMeta, there: ObjectMeta) -> None:
        if (seen.uid, seen.resource_version) != (there.uid, there.resource_version):
            raise ApiError("Conflict", seen.name)
