"""``echelon update plan``."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import Annotated, Final

import typer

from controller.api.kinds import UPDATES
from controller.api.meta import wire
from controller.api.preview import UpdatePlan
from controller.api.progress import Phase
from controller.api.update import Update
from controller.cli import diffs, options
from controller.cli.arguments import TARGET
from controller.cli.completion import job_names
from controller.cli.exits import CliError, Exit
from controller.cli.follow import follow
from controller.cli.objects import as_update
from controller.cli.output import Format, console, dump, note
from controller.cli.session import Place, Session, run
from controller.cli.starting import create
from controller.cli.update.proposal import Proposal, Start, propose, shown, with_plan
from controller.cli.update.request import Request, namespace_of, request_of
from controller.escapes import clean
from controller.kube.errors import Forbidden
from controller.view import planning
from controller.view.updates import is_over

#: Seconds that the operator has to plan.
_PATIENCE: Final = 10.0


def plan(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE|JOB[/IDS]...",
            autocompletion=job_names,
            help=TARGET,
            show_default=False,
        ),
    ],
    instances: options.Ids = None,
    revision: Annotated[
        str | None,
        typer.Option(
            "--revision", help="To this revision of the Job, by name or number.", show_default=False
        ),
    ] = None,
    force: options.Force = False,
    output: options.Output = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Show what `update start` would change, for whom and in which groups. Nothing is touched.

    With -o json the plan alone is printed, as in status.plan of an Update with dryRun.

    Exit codes: 0 planned; 6 the operator would reject an Update.
    """
    form = _format(output)
    found: list[tuple[Proposal, UpdatePlan | None]] = []
    for target in targets:
        request = request_of(target, instances, revision, force=force)
        place = Place(kubeconfig, context, namespace_of(request, namespace))
        proposal = run(place, lambda session, request=request: _planned(session, request))  # type: ignore[misc]
        found.append((proposal, proposal.plan))
        if form is None:
            if len(targets) > 1:
                console().print(diffs.head(f"Job {proposal.request.job}", "", ""))
            diffs.show(shown(proposal))
    if form is not None:
        plans = [wire(plan or UpdatePlan()) for _, plan in found]
        dump(plans if len(targets) > 1 else plans[0], form)
    if any(plan is not None and planning.refusals(plan) for _, plan in found):
        raise typer.Exit(Exit.REJECTED)


def _format(output: Format | None) -> Format | None:
    if output not in (None, Format.JSON, Format.YAML):
        raise CliError(f"a plan has no form {output}", "use -o json or -o yaml", Exit.USAGE)
    return output


async def _planned(session: Session, request: Request) -> Proposal:
    """The proposal, with the operator's own plan where it can make one: that also has the API
    server's check of a pod, and what cannot be changed in place."""
    proposal = await propose(session, request)
    stored = request.file is None or not proposal.stores_something
    if proposal.start is not Start.EXPLICIT or not stored:
        return proposal
    found = await _asked(session, proposal)
    return proposal if found is None else with_plan(proposal, found)


async def _asked(session: Session, proposal: Proposal) -> UpdatePlan | None:
    """The plan of an Update with dryRun, which is deleted again. None if there is none: then the
    plan that was computed here has to do, and a note says why."""
    spec = {k: v for k, v in proposal.spec.items() if k not in ("job", "paused", "message")}
    try:
        name = await create(session, proposal.request.job, "plan", dryRun=True, **spec)
    except CliError as error:
        if isinstance(error.__cause__, Forbidden):
            note("planned here, not by the operator: creating an Update is not allowed")
            return None
        raise
    try:
        update = await _ended(session, name)
    finally:
        # Also after Ctrl-C; the API server's answer is not worth a second wait.
        with suppress(CliError):
            await asyncio.shield(session.delete(UPDATES, name))
    if update is None:
        note(f"planned here, not by the operator: it has not answered for {_PATIENCE:g}s")
        return None
    status = update.status
    if status.phase is Phase.REJECTED:
        words = clean(f"{status.reason}: {status.message}")
        raise CliError(f"the operator would reject it: {words}", code=Exit.REJECTED)
    return status.plan


async def _ended(session: Session, name: str) -> Update | None:
    """The dry run when it has ended; None if it does not."""
    try:
        async with aclosing(follow(session, UPDATES, name, _PATIENCE)) as versions:
            async for raw in versions:
                if is_over(update := as_update(raw)):
                    return update
    except CliError as error:
        if error.code is not Exit.TIMEOUT:
            raise
    return None
