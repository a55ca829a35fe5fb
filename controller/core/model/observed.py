"""The input of a decision: all that is known about one Job at one moment, as frozen values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from controller.api.ended import Ended
from controller.api.job import Job
from controller.api.update import Phase, Update
from controller.core.model.brake import Brake
from controller.core.model.budget import Budget
from controller.core.model.claims import NOT_FOLLOWED as NO_CLAIMS
from controller.core.model.claims import Claims
from controller.core.model.coordination import SILENCE, Coordination
from controller.core.model.plan import ActionKey, ActionOnObject
from controller.core.model.runs import NOT_FOLLOWED, Runs
from controller.core.pods.backoff import Series
from controller.core.pods.facts import Slot, View
from controller.core.verdicts.answer import Answer


@dataclass(frozen=True, slots=True)
class Verdict:
    """The API server's answer to a server-side dry run of a pod of the template (contract rule 13).

    ``ask_again``: epoch seconds at which the dry run is repeated; None for never. ``answered`` is
    False when there was no answer (for example, a webhook is down): the template is not refused,
    its Update only starts later.
    """

    accepted: bool
    reason: str = ""
    message: str = ""
    ask_again: float | None = None
    answered: bool = True
    #: Warnings that the API server returned with a template it accepts.
    warnings: tuple[str, ...] = ()


#: The reason of a refusal that holds for everything in the namespace.
TERMINATING: Final = "NamespaceTerminating"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that the API server refused, or that failed.

    ``until``: epoch seconds before which the request is not repeated. ``counts``: the API server
    refused the request (400, 403 or 422), so the refusal can become a failure of the instance; a
    server that is down or too busy never makes a failure. ``tries``: how many requests in a row
    were refused; ``since``: epoch seconds of the first of them.
    """

    reason: str
    message: str
    until: float
    counts: bool = True
    tries: int = 1
    #: Whether the pod was to be created in the ``-s`` slot.
    surge: bool = False
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class RefusedAction:
    """An action on an existing object that the API server refused."""

    action: ActionOnObject
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Node:
    """A node as it was read at ``read_at``; all times are epoch seconds.

    ``ready_since``: when the operator observed that the node became Ready; ``stamp``: the node's
    own stamp of that change. ``refused``: the operator may not read the node. It may be a passing
    fault, so the node counts as lost; refused a second time, it counts as Ready for ever.
    """

    ready: bool = True
    ready_since: float = 0.0
    created: float = 0.0
    read_at: float = 0.0
    stamp: float = 0.0
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Domains:
    """Label of nodes -> how many values of it the nodes have, as counted at ``read_at`` (epoch
    seconds); None: the operator may not read nodes."""

    counts: Mapping[str, int | None]
    read_at: float


@dataclass(frozen=True, slots=True)
class Revision:
    """Metadata of a ControllerRevision. ``source`` and ``parent``: its annotations (see
    `controller.core.revisions.provenance`), "" if it has none."""

    name: str
    uid: str
    number: int
    source: str = ""
    parent: str = ""
    #: Whether it has overlays or constraints.
    shaped: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """What is kept of an Update in a terminal phase."""

    name: str
    uid: str
    phase: Phase
    made_by_us: bool
    created: float
    #: Epoch seconds of the start and the end, and how many instances the Update updated; 0 when
    #: unknown. The estimate of the next Update's duration is made from them.
    started: float = 0.0
    finished: float = 0.0
    updated: int = 0


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """The last answer of a gate, with the run it belongs to.

    ``at``: epoch seconds at which the answer came. ``through``: how many instances were updated or
    failed when the gate was asked. ``question``: the question that it answers (see `AskGate`).
    ``since``: epoch seconds of the first of this run's answers that came one after another without
    a gap.
    """

    run: str
    answer: Answer
    at: float
    through: int = 0
    question: str = ""
    since: float = 0.0

    def following(self, before: GateAnswer | None, gap: float) -> GateAnswer:
        """This answer with ``since`` set, given the answer ``before`` it (of any run).

        ``gap``: seconds between two answers above which they do not follow each other.
        """
        here = before is not None and before.run == self.run
        if before is None or not here or not 0 <= self.at - before.at <= gap:
            return replace(self, since=self.at)
        return replace(self, since=before.since)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why this operator leaves a Job or an Update alone. ``what``: the object, and the part of it
    that this operator does not understand. ``mend``: what a person can do if somebody edited that
    part by hand; "" if only a newer operator can have written it."""

    reason: str
    what: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """``revision``: name of the present template's revision, whether it was created or not.

    ``job_live``: the Job was read live for this decision. ``made_by``: the field manager that wrote
    the present template, "" if unknown.

    Updates: ``updates``: name -> Update that has not ended, or whose spec changed after its end;
    ``finished``: name -> Update in a terminal phase; ``gone``: names that a live GET found deleted;
    ``foreign_names``: names that the Job's next Update cannot take, because an Update that is not
    the Job's, or that only a newer version can read, has the name.

    Revisions: ``revisions``: the Job's own, by name; ``orphans``: those that a former Job of the
    same name left; ``templates``: revision -> canonical template, of the present revision and of
    those that were read; ``newer_revisions``: revision that only a newer version can read -> the
    unknown key under ``data``.

    Pods: ``remade``: slots whose pod ended or was disrupted and is gone; ``name_conflicts``:
    instance -> who holds the name of its pod; ``in_place_refused``: uids of pods that the API
    server did not change in place; ``nodes``: name -> node that was read; "": all nodes as one;
    ``domains``: None until nodes were counted.

    Dry runs: ``verdict``: of the present template; ``verdicts``: of user-made Updates, by uid.
    Gates of the active Update, by name: ``answers`` and those being asked now (``asking``).

    Refused by the API server: ``refusals``: creates of pods, by instance; ``refused_writes``:
    writes, by subject (see `plan.subject`); ``refused_actions``: actions on existing objects.
    ``pruning``: uids of objects whose prune is under way. ``too_new``: why the Job is left to a
    newer operator; None if it is not. ``quiet_until``: name of an Update ("" for the Job) -> epoch
    seconds before which nothing is reported about it, because that was just done.

    ``ended``: what became of pods, newest first, as far as the status does not say so.
    Disruption budgets, if the Job has to do with any: ``budgets``; ``keeping``: a write of the
    Job's own is under way; ``not_evicted``: why the last eviction was not granted.
    ``coordination``: what the coordinator of `spec.sla` is asked and has answered.
    ``brake``: counts the disruptions of all Jobs, which takes a while; None for no limit.
    ``runs``: of a Job of type Cron or Adhoc. ``claims``: of the instances of a Job of type Service.
    """

    job: Job
    revision: str
    view: View
    updates: Mapping[str, Update] = field(default_factory=dict)
    finished: Mapping[str, Finished] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    foreign_names: frozenset[str] = frozenset()
    revisions: Mapping[str, Revision] = field(default_factory=dict)
    orphans: Mapping[str, Revision] = field(default_factory=dict)
    verdict: Verdict | None = None
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    templates: Mapping[str, bytes] = field(default_factory=dict)
    in_place_refused: frozenset[str] = frozenset()
    answers: Mapping[str, GateAnswer] = field(default_factory=dict)
    asking: frozenset[str] = frozenset()
    refusals: Mapping[int, Refusal] = field(default_factory=dict)
    refused_actions: Mapping[ActionKey, RefusedAction] = field(default_factory=dict)
    pruning: frozenset[str] = frozenset()
    quiet_until: Mapping[str, float] = field(default_factory=dict)
    name_conflicts: Mapping[int, str] = field(default_factory=dict)
    remade: Mapping[Slot, Series] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    domains: Domains | None = None
    job_live: bool = False
    refused_writes: Mapping[str, Refusal] = field(default_factory=dict)
    too_new: Unknown | None = None
    ended: tuple[Ended, ...] = ()
    budgets: tuple[Budget, ...] = ()
    keeping: bool = False
    not_evicted: Refusal | None = None
    coordination: Coordination = SILENCE
    newer_revisions: Mapping[str, str] = field(default_factory=dict)
    brake: Callable[[], Brake] | None = field(default=None, compare=False)
    made_by: str = ""
    runs: Runs = NOT_FOLLOWED
    claims: Claims = NO_CLAIMS
