"""The coordinator of a Job (`spec.sla.coordinator`): it must allow each disruption that obeys the
sla before that happens.

One pod is asked about at a time, after the sla and the disruption budgets have let it go. While the
coordinator says no to one pod, the next of those that may go are asked about, so that it can choose
among them. If it does not answer at all, no pod of the Job is asked about until it is its time
again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, Literal

from controller.api.ended import EndCause
from controller.api.ids import NONE, Ids
from controller.api.pods.pod import Pod
from controller.api.sla import Coordinator
from controller.core.model.context import Context
from controller.core.model.coordination import Denial, Question
from controller.core.model.disruption import NONE_HELD_BACK, Allowance
from controller.core.model.plan import Action, ChangePod, DeletePod
from controller.core.pods.facts import View
from controller.core.replacement import sla
from controller.core.rollout.direction import Direction

REASON: Final = "Coordinator"
#: Denials at one time after which no further pod is asked about: a coordinator that allows nothing
#: is not asked about each of a thousand pods.
MOST_DENIED: Final = 50


def of(context: Context) -> Coordinator | None:
    """The coordinator that the Job has now."""
    given = context.job.spec.sla
    return given.coordinator if given else None


# Which pods it does not allow to go now.


def hold(context: Context, direction: Direction | None, ids: Ids) -> tuple[Ids, str, str]:
    """The policy: of the instances that an Update is about to replace, those about which the
    coordinator has not just been asked in vain. It comes before the sla, or one instance that may
    not go would take the place of those that may."""
    if direction is None or direction.surges or not _is_asked(context, direction):
        return ids, "", ""
    held = denied(context, context.view, ids & context.view.counting - direction.removed)
    return ids - held, REASON, told(context)


def old_pods_kept(context: Context, direction: Direction | None, old: Ids) -> Ids:
    """Of ids whose pod in the other slot may go, those about which it was just asked in vain."""
    if not old or not _is_asked(context, direction):
        return NONE
    return denied(context, context.view.twin, old & context.view.twin.counting)


def why_old_pods_stay(context: Context) -> tuple[str, str] | None:
    """Reason and message while it keeps old pods of a surge; None if it does not."""
    twin = context.view.twin
    held = denied(context, twin, twin.counting)
    return (REASON, told(context)) if held else None


def _is_asked(context: Context, direction: Direction | None) -> bool:
    return of(context) is not None and sla.is_obeyed(context, direction)


def denied(context: Context, view: View, ids: Ids) -> Ids:
    """Those of ``ids`` (with a pod in ``view``) that are not asked about now."""
    lasting = _lasting(context)
    if not lasting or not ids:
        return NONE
    if len(lasting) >= MOST_DENIED or not all(denial.answered for denial in lasting):
        return ids - _asked_about(context, view)
    return Ids(_of_these(view, ids, lasting))


def _of_these(view: View, ids: Ids, denials: Iterable[Denial]) -> Iterator[int]:
    """Those of ``ids`` that one of the denials is about."""
    for question in (denial.question for denial in denials):
        i = question.instance
        if i in ids and view.pod(i).uid == question.pod_uid:
            yield i


def _is_of_now(context: Context, question: Question) -> bool:
    """Whether a question is not that of an Update before the active one, or to another URL."""
    active, given = context.active.metadata.uid if context.active else "", of(context)
    if given is None or question.url != given.url:
        return False
    return question.cause == "Move" or question.request_id.startswith(active)


def _denials(context: Context) -> list[Denial]:
    """The last answers that do not allow what would be asked now."""
    denials = context.observed.coordination.denials.values()
    return [denial for denial in denials if _is_of_now(context, denial.question)]


def _lasting(context: Context) -> list[Denial]:
    return [denial for denial in _denials(context) if denial.until > context.now]


def _asked_about(context: Context, view: View) -> Ids:
    """The id whose pod is asked about, or may go now."""
    known = context.observed.coordination
    questions = (q for q in (known.asked, known.allowed) if q is not None)
    return Ids(q.instance for q in questions if q.instance in view.present
               and view.pod(q.instance).uid == q.pod_uid)  # fmt: skip


def next_moment(context: Context) -> float | None:
    """When (epoch seconds) the next question may be asked again; None for never."""
    return min((denial.until for denial in _lasting(context)), default=None)


# What is asked, and what is done then.


class Consents:
    """Lets actions through, in their order, for which the coordinator need not be asked or that it
    has allowed; of the others, one is asked about. ``question``: what is to be asked, or was just
    allowed; ``waiting``: ids of the instances that wait for it."""

    def __init__(self, context: Context, direction: Direction | None) -> None:
        self._context = context
        self._direction = direction
        self._known = context.observed.coordination
        self._asks = of(context) is not None
        self.question: Question | None = None
        self.waiting = NONE

    def given(self, action: Action) -> Action | None:
        """The action as it may be done now; None if the coordinator has not allowed it."""
        if not self._asks or not needs_consent(action):
            return action
        assert isinstance(action, DeletePod | ChangePod)
        under_way = self._known.allowed or self._known.asked
        is_it = under_way is not None and under_way.pod_uid == action.uid
        question = None
        if is_it or self.question is None:
            question = question_of(self._context, self._direction, action)
        if question is not None and question == self._known.allowed:
            self.question = question
            return replace(action, question=question)
        if not _is_move(action):
            self.waiting |= Ids([action.instance])
        if question is not None and (question == under_way or not self._is_denied(question)):
            self.question = question
        return None

    @property
    def held_back(self) -> Allowance:
        """The instances of the Update that wait for an answer, unless one of them may go now."""
        if not self.waiting or self.question in (None, self._known.allowed):
            return NONE_HELD_BACK
        assert self.question is not None
        return Allowance(NONE, self.waiting, REASON, in_words(self._context, self.question))

    def _is_denied(self, question: Question) -> bool:
        denial = self._known.denials.get(question.request_id)
        return denial is not None and denial in _lasting(self._context)


def needs_consent(action: Action) -> bool:
    """Whether an action takes down an instance that counts, for an Update that obeys the sla or for
    a move."""
    if isinstance(action, DeletePod):
        return action.evict
    return isinstance(action, ChangePod) and action.budgeted


def _is_move(action: Action) -> bool:
    return isinstance(action, DeletePod) and action.intent.cause is EndCause.MOVE


def question_of(
    context: Context, direction: Direction | None, action: DeletePod | ChangePod
) -> Question | None:
    """What the coordinator is asked before the action; None if its pod is gone."""
    views = (context.view, context.view.twin)
    pods = (view.pod(action.instance) for view in views if action.instance in view.present)
    pod = next((pod for pod in pods if pod.uid == action.uid), None)
    if pod is None:
        return None
    (cause, name, uid), given = _wanted_by(context, direction, action), of(context)
    assert given is not None
    return Question(_request_id(uid, pod), cause, name, pod.instance, pod.name, pod.uid, pod.node,
                    pod.revision, given.url)  # fmt: skip


def _request_id(wanted_by: str, pod: Pod) -> str:
    """Made of what is stored, so that a restarted operator asks with the same id. An Update may ask
    twice about a pod that it changes in place, forward and back: then its revision differs."""
    return f"{wanted_by}/{pod.uid}/{pod.revision}"


def _wanted_by(
    context: Context, direction: Direction | None, action: DeletePod | ChangePod
) -> tuple[Literal["Update", "Move"], str, str]:
    """Cause, name and uid of the Update or the Maintenance behind an action."""
    if isinstance(action, DeletePod) and _is_move(action):
        name, _, uid = action.intent.maintenance.partition("/")
        return "Move", name, uid
    if direction is not None:
        return "Update", direction.update.metadata.name, direction.update.metadata.uid
    # What is left of the last Update: old pods beside those that it created.
    last, job = context.status.last_attempt, context.job.metadata.uid
    return ("Update", last.update or "", last.update_uid or job) if last else ("Update", "", job)


# What is said.


def in_words(context: Context, question: Question) -> str:
    """What the instances wait for of which one is asked about. While there is an answer that does
    not allow, that is said: it does not change with each question."""
    known, given = context.observed.coordination, of(context)
    assert given is not None
    if said := told(context):
        return said
    if known.asked != question:
        return f"coordinator {given.shown} has to allow {question.pod} to go"
    if known.waits:
        return f"coordinator {given.shown} is to be asked about {question.pod}: {known.waits}"
    return f"coordinator {given.shown} is asked about {question.pod}"


def told(context: Context) -> str:
    """The last answers that do not allow: the first of them, and how many more; "" without any."""
    denials, given = _denials(context), of(context)
    silent = [denial for denial in denials if not denial.answered and denial.until > context.now]
    if not denials or given is None:
        return ""
    first = min(silent or denials, key=lambda denial: denial.question.instance)
    said = "does not allow" if first.answered else "has not answered about"
    end = " to go" if first.answered else ""
    more = f" (and {len(denials) - 1} more)" if len(denials) > 1 and not silent else ""
    return f"coordinator {given.shown} {said} {first.question.pod}{end}: {first.message}{more}"
