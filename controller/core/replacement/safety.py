"""The safety brake: deletions of running pods that no Update, scale or move explains.

Few things ask for such a deletion: a pod at another revision than its assigned one, a pod of an id
that the Job should have but that is not assigned, a pod in the slot of no surge. One of them is a
repair. Many of them within a minute, over all Jobs, are more likely a fault: of the operator, of a
restored backup, of a program that edits pods. Then the Job stops, until a person ends the stop.

    recorded (status.safety.disrupted)   before the deletion, so that a restart does not forget it
    stopped  (status.safety.stop)        when with the new ones more were asked for than the limit
    released (annotation = the token)    the Job deletes what it wanted to; this counts for nobody

Creating pods, Updates and scales go on while a Job is stopped.
"""

from __future__ import annotations

from dataclasses import dataclass

from controller.api.ids import NONE, Ids
from controller.api.labels import SAFETY_RELEASE
from controller.api.meta import format_time
from controller.api.safety import Safety, SafetyStop
from controller.core.model import brake as brakes
from controller.core.model import conditions as cond
from controller.core.model.brake import Brake
from controller.core.model.context import Context
from controller.core.model.plan import Event, Write, WriteJob
from controller.core.rollout.direction import Direction
from controller.lazy import cached_property


def stop_of(context: Context) -> SafetyStop | None:
    """The stop of the Job that nobody has ended; None if there is none."""
    stop = _stored(context)
    return None if stop is None or _is_released(context, stop) else stop


def _stored(context: Context) -> SafetyStop | None:
    safety = context.status.safety
    return safety.stop if safety else None


def _is_released(context: Context, stop: SafetyStop) -> bool:
    return context.job.metadata.annotations.get(SAFETY_RELEASE) == stop.token


def unexplained_surplus(context: Context, direction: Direction | None, surplus: Ids) -> Ids:
    """The part of ``surplus`` (ids with a pod that are not assigned) that neither the spec's number
    of instances nor the active Update explains."""
    explained = direction.scope if direction else NONE
    return surplus & context.every_id - explained


def unexplained_twins(context: Context, direction: Direction | None, twins: Ids) -> Ids:
    """The part of ``twins`` (ids with a pod in their other slot) that is left neither from a surge
    nor from a move."""
    twins -= context.view.twin.successor | context.view.successor
    if direction is not None or not twins:
        return NONE
    last = context.status.last_attempt
    surged = last.update_uid if last else None
    if not surged:
        return twins
    return twins - context.view.made_by(surged) - context.view.twin.made_by(surged)


@dataclass(frozen=True)
class SafetyBrake:
    """What the brake says about the deletions of one decision.

    ``asked``: ids whose running pod is to be deleted now and nothing explains it; ``later``: ids
    whose turn has not come yet.
    """

    context: Context
    asked: Ids
    later: Ids = NONE

    @cached_property
    def allowed(self) -> Ids:
        """The ids of ``asked`` whose pod may be deleted now."""
        context = self.context
        if not self.asked or context.observed.brake is None:
            return self.asked
        if (stop := _stored(context)) is not None:
            return self.asked if _is_released(context, stop) else NONE
        recorded, _ = self._recorded
        return self.asked if self.asked <= recorded and not self._excess else NONE

    @property
    def write(self) -> Write | None:
        """What has to be stored before anything of ``asked`` is done. None if there is nothing."""
        context, stop = self.context, _stored(self.context)
        if stop is not None:
            ended = _is_released(context, stop) and not self.asked | self.later
            return self._released(stop) if ended and not context.status.active_update else None
        if not self.asked or context.observed.brake is None:
            return None
        if self._excess:
            return self._stopped()
        return self._written(self.asked - self._recorded[0])

    @cached_property
    def _brake(self) -> Brake:
        assert self.context.observed.brake is not None
        return self.context.observed.brake()

    @cached_property
    def _recorded(self) -> tuple[Ids, int]:
        return brakes.recent(self.context.status.safety, self.context.now)

    @cached_property
    def _count(self) -> int:
        """How many disruptions were asked for in the last minute, with those of this decision."""
        return self._brake.asked + len(self.asked - self._recorded[0])

    @property
    def _excess(self) -> bool:
        return self._count > self._brake.limit

    def _written(self, new: Ids) -> Write | None:
        """The record of new disruptions, in place of those that count no more."""
        if not new:
            return None
        safety, now = self.context.status.safety or Safety(), self.context.now
        kept = {at: ids for at, ids in safety.disrupted.items() if _counts(at, ids, now)}
        at = format_time(now)
        after = safety.model_copy(update={"disrupted": {**kept, at: kept.get(at, NONE) | new}})
        return WriteJob(self.context.status.model_copy(update={"safety": after}))

    def _stopped(self) -> Write:
        context, brake = self.context, self._brake
        token = brake.token
        if context.job.metadata.annotations.get(SAFETY_RELEASE) == token:
            # The annotation that ended the last stop must not end this one.
            token = brakes.token_of(context.now)
        message = f"{self._in_words(brake)}; {_advice(token)}"
        stop = SafetyStop(token=token, time=context.stamp, message=message)
        safety = (context.status.safety or Safety()).model_copy(update={"stop": stop})
        event = Event(cond.SAFETY_STOP, message, type="Warning")
        return WriteJob(context.status.model_copy(update={"safety": safety}), (event,))

    def _in_words(self, brake: Brake) -> str:
        one = len(self.asked) == 1
        pods = "the running pod of instance" if one else "the running pods of instances"
        count = "1 instance" if brake.instances == 1 else f"{brake.instances} instances"
        return (
            f"not deleted: {pods} {self.asked}, for which there is no Update, scale or move; that "
            f"would make {self._count} of {count} in a minute, and --max-voluntary-disruption is "
            f"{brake.setting}" + ("" if brake.setting == str(brake.limit) else f" ({brake.limit})")
        )

    def _released(self, stop: SafetyStop) -> Write:
        safety = self.context.status.safety or Safety()
        kept = safety.model_copy(update={"stop": None}) if safety.disrupted else None
        note = f"the safety stop {stop.token} has ended"
        status = self.context.status.model_copy(update={"safety": kept})
        return WriteJob(status, (Event("SafetyReleased", note),))


def _counts(at: str, ids: Ids, now: float) -> bool:
    return brakes.recent(Safety(disrupted={at: ids}), now)[1] > 0


def _advice(token: str) -> str:
    return f"to let it go on, set the annotation {SAFETY_RELEASE} to {token}"
