"""What a decision is made from: everything known of one Job at one moment, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from controller.api.job import Job
from controller.api.update import Phase, Update
from controller.core.model.plan import ActionKey, ActionOnObject
from controller.core.pods.backoff import Series
from controller.core.pods.facts import Slot, View
from controller.core.verdicts.answer import Answer


@dataclass(frozen=True, slots=True)
class Verdict:
    """The API server's answer to a dry run of the template; ``ask_again`` in epoch seconds.

    ``answered`` False: it could not be had (a webhook is down); that refuses nothing, it delays.
    """

    accepted: bool
    reason: str = ""
    message: str = ""
    ask_again: float | None = None
    answered: bool = True
    #: What the API server warns of in a template that it takes.
    warnings: tuple[str, ...] = ()


#: The reason of a refusal that holds for everything in the namespace.
TERMINATING: Final = "NamespaceTerminating"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was refused or failed; not repeated before ``until`` (epoch seconds).

    ``counts``: the API server refused it (400, 403, 422), so it can become a failure of the
    instance; a server that is down or too busy cannot. ``since``: when the first of the ``tries``
    in a row was refused.
    """

    reason: str
    message: str
    until: float
    counts: bool = True
    tries: int = 1
    #: Which slot the pod was to be made in.
    surge: bool = False
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class RefusedAction:
    """What the API server would not do to an object that is there."""

    action: ActionOnObject
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Node:
    """A node as it was read at ``read_at``. Times are epoch seconds; ``ready_since``: as it was
    seen, ``stamp``: as the node says. One that may not be read counts as Ready for ever."""

    ready: bool = True
    ready_since: float = 0.0
    created: float = 0.0
    read_at: float = 0.0
    stamp: float = 0.0


@dataclass(frozen=True, slots=True)
class Revision:
    """Metadata of a ControllerRevision."""

    name: str
    uid: str
    number: int


@dataclass(frozen=True, slots=True)
class Finished:
    """All that is kept of an Update in a terminal phase."""

    name: str
    uid: str
    phase: Phase
    made_by_us: bool
    created: float
    #: Epoch seconds of its start and end, and how many instances it updated: what an estimate of
    #: the next one is made from. 0: not told.
    started: float = 0.0
    finished: float = 0.0
    updated: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """The last answer of a gate: in which run, and when it was there (epoch seconds). ``through``:
    how many instances were when it was asked; ``question``: what it answers; ``since``: when the
    answers of this run began that came one after the other, without a gap."""

    run: str
    answer: Answer
    at: float
    through: int = 0
    question: str = ""
    since: float = 0.0

    def following(self, before: Told | None, gap: float) -> Told:
        """The same after ``before``, which is of whatever run; ``gap``: seconds."""
        here = before is not None and before.run == self.run
        if before is None or not here or not 0 <= self.at - before.at <= gap:
            return replace(self, since=self.at)
        return replace(self, since=before.since)


@dataclass(frozen=True, slots=True)
class Observed:
    """``revision`` is the name of the present template's revision, made or not.

    ``updates``: the Updates of this Job that have not ended, by name, and those that have and whose
    spec was changed since; ``finished``: all that have; ``gone``: names that a live
    GET found deleted; ``strangers``: names of Updates of this Job's namespace that are not its own.
    ``orphans``: ControllerRevisions that a former Job of this name left.
    ``job_live``: the Job was read live for this very decision. ``contested``: ids whose pod's name
    is held by a stranger, with who holds it. ``remade``: slots whose pod ended or was disrupted and
    is gone. ``nodes``: those that were read, by name.
    ``verdicts``: by uid of the Update made by a person that asked.
    ``templates``: revision -> canonical template, as far as they were read; the present one always
    is. ``in_place_refused``: uids of pods that the API server would not change in place.
    ``too_new``: what of this Job only a newer version can read, "" for nothing.
    ``newer_revisions``: of its revisions, whoever owns them, those made of more than this version
    knows -> the key under ``data``.
    ``refusals``: creates that were refused, by instance; ``refused_writes``: writes of Updates,
    revisions and statuses, by subject (see `plan.subject`); ``refused_actions``: all else that was.
    ``pruning``: uids of old objects whose deletion is under way.
    """

    job: Job
    revision: str
    view: View
    updates: Mapping[str, Update] = field(default_factory=dict)
    finished: Mapping[str, Finished] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()
    revisions: Mapping[str, Revision] = field(default_factory=dict)
    orphans: Mapping[str, Revision] = field(default_factory=dict)
    verdict: Verdict | None = None
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    templates: Mapping[str, bytes] = field(default_factory=dict)
    in_place_refused: frozenset[str] = frozenset()
    answers: Mapping[str, Told] = field(default_factory=dict)
    asking: frozenset[str] = frozenset()
    refusals: Mapping[int, Refusal] = field(default_factory=dict)
    refused_actions: Mapping[ActionKey, RefusedAction] = field(default_factory=dict)
    pruning: frozenset[str] = frozenset()
    contested: Mapping[int, str] = field(default_factory=dict)
    remade: Mapping[Slot, Series] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    job_live: bool = False
    refused_writes: Mapping[str, Refusal] = field(default_factory=dict)
    too_new: str = ""
    newer_revisions: Mapping[str, str] = field(default_factory=dict)
