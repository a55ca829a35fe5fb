"""What a Job waits for, as the lines at the top of its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.api.job import Job
from controller.api.update import Update
from controller.core.model import conditions as cond
from controller.ui import marks
from controller.view import advice, held
from controller.view.held import Held
from controller.view.jobs import Health, job_row
from controller.view.situation import Tone, situation
from controller.view.standing import standing
from controller.view.update_rows import target

TONES: Final = {Tone.CALM: "busy", Tone.WAITS: "warn", Tone.BAD: "bad", Tone.GOOD: "good"}
#: The condition from which a health is read. When a Job began to reconcile says nothing about what
#: it waits for now.
_CONDITION: Final = {Health.STALLED: cond.STALLED, Health.PENDING: cond.UPDATE_PENDING}
#: Conditions that say more than the health.
_MORE: Final = frozenset({cond.POD_NAME_CONFLICT, cond.UPDATE_PENDING})


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that a Job waits for. ``since``: epoch seconds, 0 if not known; ``link``: where
    there is more about it."""

    tone: str
    label: str
    text: str
    since: float = 0.0
    link: str = ""


def waits(job: Job, active: Update | None, now: float) -> list[Wait]:
    """What a Job waits for, the most important first. ``active``: its active Update, None if the
    viewer may not see it."""
    row, found = job_row(job), []
    at = {c.type: c.last_transition_time for c in job.status.conditions if c.status == "True"}
    if row.health is not Health.READY and row.message:
        state = standing(job, active)
        label = str(state) if isinstance(state, Held) else row.reason
        began = held.since(active) if active else 0.0
        link = f"/updates/{row.namespace}/{row.update}" if row.update else ""
        since = at.get(_CONDITION.get(row.health, ""), began)
        found.append(Wait(marks.of_standing(state).tone, label, row.message, since, link))
    if active is not None:
        now_is = situation(active, now)
        link = f"/updates/{row.namespace}/{active.metadata.name}"
        if now_is.text and not any(now_is.text in each.text for each in found):
            found.append(Wait(TONES[now_is.tone], now_is.label, now_is.text, 0.0, link))
    for condition in job.status.conditions:
        said = any(condition.message == each.text for each in found)
        if condition.type in _MORE and condition.type in at and not said:
            since = condition.last_transition_time
            found.append(Wait("warn", condition.reason, condition.message, since))
    return found


def commands(job: Job, active: Update | None, last: Update | None, now: float) -> list[str]:
    """The commands that help a Job, the most likely first and retries last, each once. ``active``:
    its active Update; ``last``: the last one that tried to change instances."""
    if active is not None:
        return advice.of_update(active, now)
    found = advice.of_job(job)
    is_of_template = last is not None and target(last) == job.status.update_revision
    if last is not None and is_of_template and job_row(job).health is Health.STALLED:
        found = [*found, *advice.of_update(last, now)]
    kept: dict[str, str] = {}
    for each in found:
        kept.setdefault(each.partition("    # ")[0], each)
    return sorted(kept.values(), key=lambda each: " retry " in each.partition("#")[0])
