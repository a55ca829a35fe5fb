"""``echelon update start``."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import typer

from controller.cli import options
from controller.cli.after import (
    After,
    DetachFlag,
    Started,
    WaitFlag,
    WatchFlag,
    after_of,
    follow_up,
)
from controller.cli.applying import applied
from controller.cli.arguments import TARGET
from controller.cli.asking import confirm
from controller.cli.completion import job_names
from controller.cli.diffs import show
from controller.cli.exits import CliError, Exit
from controller.cli.output import note
from controller.cli.ready import until_ready
from controller.cli.session import Object, Place, Session, run
from controller.cli.starting import create, explain, made_by_operator, made_soon
from controller.cli.update.proposal import Proposal, Start, propose, shown
from controller.cli.update.request import namespace_of, request_of
from controller.view import planning

#: What was done to the Update that is followed, if there is one.
_DONE: Final = {
    Start.OPERATOR: "started",
    Start.EXPLICIT: "created",
    Start.ACTIVE: "active already",
}


def start(
    target: Annotated[
        str,
        typer.Argument(
            metavar="FILE|JOB[/IDS]",
            autocompletion=job_names,
            help=TARGET,
            show_default=False,
        ),
    ],
    instances: options.Ids = None,
    revision: Annotated[
        str | None,
        typer.Option(
            "--revision",
            help="Go to this revision of the Job, by name or number.",
            show_default=False,
        ),
    ] = None,
    force: options.Force = False,
    paused: options.Paused = False,
    message: options.Message = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            help="What FILE was built from, such as a commit, for the history of the Job.",
            show_default=False,
        ),
    ] = None,
    yes: options.Yes = False,
    watch: WatchFlag = False,
    wait: WaitFlag = False,
    detach: DetachFlag = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change and the plan, and end.")
    ] = False,
    force_conflicts: Annotated[
        bool,
        typer.Option("--force-conflicts", help="Change fields of FILE that belong to others, too."),
    ] = False,
    exit_on_pause: options.ExitOnPause = False,
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Start an Update: show what changes, ask, apply, and follow it.

    A Job in mode Automatic starts its Update by itself when the template has changed. Ctrl-C leaves
    the Update running.

    Exit codes: 0 rolled forward; 3 rolled back; 4 failed; 5 aborted or superseded; 6 rejected;
    7 timeout; 8 paused by the operator, with --exit-on-pause; 130 interrupted.
    """
    default = After.DETACH if paused else After.WATCH
    after = after_of(watch=watch, wait=wait, detach=detach, default=default)
    request = request_of(
        target,
        instances,
        revision,
        source,
        force=force,
        paused=paused,
        force_conflicts=force_conflicts,
        message=message,
    )
    place = Place(kubeconfig, context, namespace_of(request, namespace))
    proposal = run(place, lambda session: propose(session, request))
    show(shown(proposal))
    _check(proposal)
    if dry_run or not (proposal.stores_something or proposal.start in _DONE):
        return
    if proposal.stores_something or proposal.start is not Start.ACTIVE:
        confirm(_question(proposal), yes=yes)
    started = Started()

    async def command(session: Session) -> Exit:
        begun = asyncio.get_running_loop().time()
        found = await _begin(session, proposal, after, timeout, started)
        left = timeout and max(0.0, timeout - (asyncio.get_running_loop().time() - begun))
        if message and (found is None or not proposal.starts):
            why = "the Update is not there yet" if proposal.starts else "no Update was started"
            note(f"the message (-m) is kept nowhere: {why}")
        if found is None:
            return Exit.DONE
        if isinstance(found, str):
            started.update = found
            done = _DONE[proposal.start]
            print(f"update.echelon.dev/{found} {done}", flush=True)
            if proposal.start is Start.OPERATOR and message:
                await explain(session, found, message)
            return await follow_up(session, found, after, left, exit_on_pause=exit_on_pause)
        return await until_ready(session, found, left, proposal.before)

    raise typer.Exit(run(place, command, started.farewell))


def _check(proposal: Proposal) -> None:
    """Raises ``CliError`` if the operator would reject the Update."""
    refused = planning.refusals(proposal.plan) if proposal.plan else []
    if not refused:
        return
    name, reasons = proposal.request.job, {each.reason for each in refused}
    at = f"-n {proposal.after['metadata']['namespace']}"
    hint = ""
    if reasons == {"KnownBad"}:
        hint = "add --force to try it all the same"
    elif "UpdateInProgress" in reasons:
        held = proposal.active
        hint = (
            f"`echelon update wait {held} {at}`, or end it with `echelon update abort {held} {at}`"
        )
    raise CliError(
        # The messages are in the plan.
        f"the operator would reject this Update of Job {name}: "
        + ", ".join(each.reason for each in refused),
        hint,
        Exit.REJECTED,
    )


def _question(proposal: Proposal) -> str:
    name = proposal.request.job
    match proposal.start:
        case Start.CREATION:
            return f"Create Job {name}?" if proposal.before is None else f"Change Job {name}?"
        case Start.NOTHING | Start.ACTIVE:
            return f"Change Job {name}? No new Update is needed."
        case _:
            return f"Start this Update of Job {name}?"


async def _begin(
    session: Session,
    proposal: Proposal,
    after: After,
    seconds: float | None,
    started: Started,
) -> str | Object | None:
    """Write what was proposed. Returns the name of the Update; without one the Job whose instances
    are to become ready, or None if nothing is waited for."""
    request, stored = proposal.request, proposal.after
    await _check_unchanged(session, proposal)
    if request.file is not None and proposal.stores_something:
        force = request.force_conflicts
        _tell_write(proposal, started)
        stored = await applied(session, request.file, proposal.before, force=force)
        started.wrote()
        done = "configured" if proposal.before else "created"
        print(f"echelonjob.echelon.dev/{request.job} {done}", flush=True)
    match proposal.start:
        case Start.EXPLICIT:
            spec = {k: v for k, v in proposal.spec.items() if k != "job"}
            started.creating(request.job)
            return await create(session, request.job, "start", **spec)
        case Start.ACTIVE:
            return proposal.active
        case Start.OPERATOR:
            made = made_soon if after is After.DETACH else made_by_operator
            return await made(session, stored, proposal.revision, proposal.known, seconds)
        case _ if after is After.DETACH or not _makes_pods(proposal):
            return None
        case _:
            return stored


def _tell_write(proposal: Proposal, started: Started) -> None:
    """Let the farewell know that the Job is about to be written."""
    job, verb = proposal.request.job, "changed" if proposal.before else "created"
    shows = "update watch" if proposal.start is Start.OPERATOR else "job status"
    started.writing(f"Job {job} is {verb}", f"echelon {shows} {job}")


async def _check_unchanged(session: Session, proposal: Proposal) -> None:
    """Raises ``CliError`` if the Job is not the one that was shown any more."""
    if proposal.before is None:
        return
    now, then = (await session.job(proposal.request.job))["metadata"], proposal.before["metadata"]
    if (now["uid"], now["generation"]) != (then["uid"], then["generation"]):
        raise CliError(
            f"Job {proposal.request.job} was changed while you looked at it; nothing was started",
            "repeat the command to see what would change now",
        )


def _makes_pods(proposal: Proposal) -> bool:
    """Whether instances are created or removed without an Update."""
    before = proposal.before
    counts = [job["spec"].get("instances") if job else 0 for job in (before, proposal.after)]
    return proposal.start is Start.CREATION or counts[0] != counts[1]
