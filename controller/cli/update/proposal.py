"""What `update start` and `update plan` propose: what changes, for whom, and in which order.

Everything here only reads: a manifest is applied as a dry run, and the plan is computed here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from rich.text import Text

from controller.api.ids import Ids
from controller.api.job import Job
from controller.api.policy import Mode, ResolvedPolicy
from controller.api.preview import UpdatePlan
from controller.api.progress import FORWARD
from controller.api.update import Update, UpdateSpec
from controller.cli import diffs, planned
from controller.cli.applying import applied
from controller.cli.exits import CliError, Exit
from controller.cli.objects import as_job, as_update
from controller.cli.session import Object, Session
from controller.cli.starting import begun
from controller.cli.update.request import Request
from controller.core.model import assigned, policy
from controller.core.revisions.compare import Difference
from controller.kube.errors import NotFound
from controller.view import planning
from controller.view.configurations import (
    Change,
    changes,
    present_of,
    revision_of,
    settings,
    within,
)
from controller.view.words import plural


class Start(Enum):
    """Who starts what. CREATION: the instances are made for the first time, without an Update.
    OPERATOR: the operator makes the Update; EXPLICIT: this program does. ACTIVE: an Update of the
    same instances to the same revision is active already."""

    CREATION = "creation"
    OPERATOR = "operator"
    EXPLICIT = "explicit"
    ACTIVE = "active"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Proposal:
    """``before``: the Job as stored, None if it is new; ``after``: as it would be. ``spec``: of the
    Update. ``plan`` and ``policy``: of the Update; None without one. ``known``: uids of the Updates
    that have started already."""

    request: Request
    before: Object | None
    after: Object
    start: Start
    revision: str
    spec: Object
    changes: list[Change]
    settings: tuple[Difference, ...]
    plan: UpdatePlan | None
    policy: ResolvedPolicy | None
    known: frozenset[str]

    @property
    def active(self) -> str:
        """The name of the active Update; "" if there is none."""
        return str((self.after["status"].get("activeUpdate") or {}).get("name", ""))

    @property
    def starts(self) -> bool:
        """Whether an Update starts."""
        return self.start in (Start.OPERATOR, Start.EXPLICIT)

    @property
    def stores_something(self) -> bool:
        """Whether the Job would be stored otherwise than it is."""
        before = self.before
        return before is None or any(
            before.get("spec") != self.after.get("spec")
            or before["metadata"].get(field) != self.after["metadata"].get(field)
            for field in ("labels", "annotations")
        )


async def propose(session: Session, request: Request) -> Proposal:
    """Read what is there, and propose. Raises ``CliError``."""
    before = await _job(session, request)
    after = before
    if request.file is not None:
        force = request.force_conflicts
        after = await applied(session, request.file, before, force=force, dry_run=True)
    assert after is not None
    if after["metadata"].get("deletionTimestamp"):
        raise CliError(f"Job {request.job} is being deleted", "wait for its end, then start again")
    revisions, raw_updates, pods = await asyncio.gather(
        session.revisions_of(request.job),
        session.updates_of(request.job),
        session.pods_of(request.job),
    )
    job, updates = as_job(after), [as_update(each) for each in raw_updates]
    template = _template(request, job, revisions)
    count = job.spec.instances
    templates = {each["metadata"]["name"]: each.get("data") or {} for each in revisions}
    found = changes(job, templates, template, count)
    if request.instances is not None:
        found = within(found, request.instances)
    revision = revision_of(request.job, template)
    start = _start(job, request, found, revision, updates)
    if start is Start.NOTHING:
        check_instances(job, request.instances)
    spec = _spec(request, job, start, revision)
    domains = await session.domains(planning.constrained(job, template))
    plan = _plan(job, start, spec, (pods, revisions, updates), domains)
    covered = len(planning.covered(plan)) if plan else 0
    return Proposal(
        request=request,
        before=before,
        after=after,
        start=start,
        revision=revision,
        spec=spec,
        changes=found,
        settings=settings(before, after) if before is not None else (),
        plan=plan,
        policy=policy.resolve(job.spec.update, None, covered) if plan else None,
        known=begun(raw_updates),
    )


async def _job(session: Session, request: Request) -> Object | None:
    """The Job as stored; None if it is new."""
    try:
        return await session.job(request.job)
    except CliError as error:
        cause = error.__cause__
        # Without a name in it, the 404 means that the cluster does not have the kind.
        absent = isinstance(cause, NotFound) and bool(cause.details.get("name"))
        if absent and request.file is not None:
            return None
        raise


def _template(request: Request, job: Job, revisions: Iterable[Object]) -> Object:
    """The template to go to. Raises ``CliError`` if there is no such revision."""
    wanted = request.revision
    if wanted is None:
        return present_of(job)
    for each in revisions:
        name = each["metadata"]["name"]
        if wanted in (name, name.removeprefix(f"{request.job}-"), str(each.get("revision"))):
            template: Object = each.get("data") or {}
            return template
    raise CliError(
        f"Job {request.job} has no revision {wanted}",
        f"`echelon job history {request.job} -n {job.metadata.namespace}` lists its revisions; "
        "name one by its number or its name",
    )


def _start(
    job: Job,
    request: Request,
    found: Sequence[Change],
    revision: str,
    updates: Iterable[Update],
) -> Start:
    """Who starts what. Raises ``CliError`` for what the operator would not do."""
    last, update = job.status.last_attempt, job.spec.update
    if last is None:
        return Start.CREATION
    if any(_is_same(each, job, request, revision) for each in updates):
        return Start.ACTIVE
    stale = any(not (each.creates or each.removes) for each in found)
    if request.file is not None and update.mode is Mode.AUTOMATIC:
        own = revision_of(request.job, present_of(job))
        again = update.retry_token not in (None, last.retry_token)
        bad = any(each.revision == own for each in job.status.known_bad) and not again
        if (own != last.revision or again) and not (bad and request.force):
            _check_automatic(request)
            return Start.OPERATOR
    return Start.EXPLICIT if stale or request.force else Start.NOTHING


def check_instances(job: Job, asked: Ids | None) -> None:
    """Raises ``CliError`` for instances that the Job does not have, where no plan says so."""
    there = Ids.span(0, job.spec.instances)
    for held in assigned.read(job.status.assigned).values():
        there |= held
    if missing := (asked or Ids()) - there:
        word = "instance" if len(missing) == 1 else "instances"
        has = f"its instances are {there}" if there else "it has no instances"
        raise CliError(f"Job {job.metadata.name} has no {word} {missing}", has, Exit.REJECTED)


def _is_same(update: Update, job: Job, request: Request, revision: str) -> bool:
    """Whether the active Update does what is asked for, so that it can be followed instead: who
    repeats a command that was interrupted wants no second Update."""
    held, to = job.status.active_update, update.status.to
    if held is None or held.uid != update.metadata.uid or to is None:
        return False
    instances = None if request.instances is None else str(request.instances)
    same = to.revision == revision and update.spec.instances == instances
    return same and update.status.phase in FORWARD


def _check_automatic(request: Request) -> None:
    """What cannot be said about an Update that the operator makes by itself."""
    for flag, given in (("--instances", request.instances), ("--paused", request.paused)):
        if given:
            raise CliError(
                f"{flag} needs a Job with update.mode Manual: in mode Automatic the operator "
                "updates all instances as soon as the template has changed",
                "set spec.update.mode: Manual in the file",
                Exit.USAGE,
            )


def _spec(request: Request, job: Job, start: Start, revision: str) -> Object:
    """The spec of the Update."""
    if start is Start.OPERATOR:
        last, token = job.status.last_attempt, job.spec.update.retry_token
        again = last is not None and token not in (None, last.retry_token)
        return {"job": request.job, "force": again}
    return {
        "job": request.job,
        # What was shown is what is started, whatever happens to the template meanwhile.
        "revision": revision,
        "instances": None if request.instances is None else str(request.instances),
        "force": request.force,
        "paused": request.paused,
        "message": request.message,
    }


def _plan(
    job: Job,
    start: Start,
    spec: Object,
    found: tuple[Iterable[Object], Iterable[Object], Iterable[Update]],
    domains: Mapping[str, int],
) -> UpdatePlan | None:
    """``found``: pods, ControllerRevisions and Updates of the Job."""
    if start not in (Start.OPERATOR, Start.EXPLICIT):
        return None
    wish = UpdateSpec.model_validate(spec)
    own, now = start is Start.OPERATOR, time.time()
    try:
        return planning.plan(job, wish, *found, now, by_operator=own, domains=domains)
    except ValueError as error:
        raise CliError(f"Job {job.metadata.name}: {error}", code=Exit.USAGE) from error


# What a person sees.


def shown(proposal: Proposal) -> Text:
    """The whole proposal: what changes for which instances, and the plan."""
    name, count = proposal.request.job, proposal.after["spec"]["instances"]
    if proposal.start is Start.CREATION:
        new = "is new" if proposal.before is None else "has no instances yet"
        made = f"{plural(count, 'instance')}, created at once" if count else "no instances"
        return Text(f"Job {name} {new}: {made}", "bold")
    if proposal.start is Start.ACTIVE:
        words = f"Update {proposal.active} to {proposal.revision} is active already"
        return Text(words, "bold")
    parts = [diffs.of_changes(proposal.changes)] if proposal.changes else []
    if proposal.settings:
        head = diffs.head("settings of the Job, which change no pod", "", "")
        parts.append(Text("\n").join([head, diffs.of_differences(proposal.settings)]))
    if proposal.plan is not None:
        parts.append(planned.render(proposal.plan, proposal.policy))
    elif not parts:
        parts.append(Text("No difference."))
    return Text("\n").join(parts)


def with_plan(proposal: Proposal, plan: UpdatePlan) -> Proposal:
    """The proposal with another plan of the same Update."""
    return replace(proposal, plan=plan)
