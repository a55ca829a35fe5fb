"""``echelon job diff``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text

from controller.api.ids import Ids
from controller.api.job import MAX_INSTANCES, Job
from controller.cli import applying, arguments, diffs, manifest, options
from controller.cli.exits import CliError, Exit
from controller.cli.keys import JobKey, job_key
from controller.cli.manifest import Manifest
from controller.cli.objects import as_job
from controller.cli.output import Object, note
from controller.cli.session import Place, Session, run
from controller.core.model import assigned
from controller.core.revisions.compare import Difference
from controller.kube.errors import Forbidden, NotFound
from controller.view.configurations import changes, present, settings, stated, within
from controller.view.words import plural


def show_diff(
    key: arguments.JobKey,
    file: Annotated[
        str | None,
        typer.Option(
            "-f",
            "--filename",
            help="A manifest with this Job; `-`: stdin. Absent: the Job as it is in the cluster.",
            show_default=False,
        ),
    ] = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Show what a template would change, for each group of instances that run the same now.

    FILE is compared as the API server would store it, if you may apply it.

    Exit codes: 0 no difference; 1 a difference; more than 1 an error.
    """

    asked = job_key(key)

    async def command(session: Session) -> bool:
        return await _differs(session, asked, file)

    try:
        some = run(Place(kubeconfig, context, namespace), command)
    except CliError as error:
        # 1 means that there are differences.
        error.code = Exit.USAGE if error.code is Exit.ERROR else error.code
        raise
    raise typer.Exit(1 if some else 0)


async def _differs(session: Session, key: JobKey, file: str | None) -> bool:
    """Show the differences. Returns whether there are any."""
    given = None if file is None else find(manifest.read(file), key.name, session.namespace)
    raw = await _job(session, key.name, needed=given is None)
    if raw is None:
        count = _count(given.obj if given else {}, 1)
        diffs.show(Text(f"Job {key.name} is new, with {plural(count, 'instance')}"))
        return True
    applied = await _applied(session, given, raw) if given else raw
    job, wanted = as_job(raw), applied or (given.obj if given else raw)
    count = _count(wanted, job.spec.instances)
    revisions = await session.revisions_of(key.name)
    templates = {each["metadata"]["name"]: each.get("data") or {} for each in revisions}
    try:
        found = changes(job, templates, present(wanted["spec"]), count)
    except ValueError as error:
        raise CliError(f"spec.template of Job {key.name}: {error}", code=Exit.USAGE) from error
    if key.instances is not None:
        _check(key.instances, job, count)
        found = within(found, key.instances)
    diffs.show(diffs.of_changes(found))
    others: tuple[Difference, ...] = ()
    if given and key.instances is None:
        others = settings(raw, applied) if applied else _of_policy(raw, wanted)
    if others:
        head = diffs.head("settings of the Job, which change no pod", "", "")
        diffs.show(Text("\n").join([head, diffs.of_differences(others)]))
    if not found and not others:
        note("No difference.")
    return bool(found or others)


async def _applied(session: Session, given: Manifest, raw: Object) -> Object | None:
    """The Job as the API server would store it; None, with a note, if the user may not ask. Whose
    fields these are is a question for who applies them."""
    try:
        return await applying.applied(session, given, raw, force=True, dry_run=True)
    except CliError as error:
        if not isinstance(error.__cause__, Forbidden):
            raise
    note(
        f"compared here, not by the API server: applying {given.source} is not allowed; fields "
        "that it leaves out are not compared, but for those of the template"
    )
    return None


def find(found: Sequence[Manifest], name: str, namespace: str) -> Manifest:
    """The EchelonJob of that name among the objects of a file. Raises ``CliError``, which says what
    the file has instead."""
    source = found[0].source
    jobs = [each for each in found if each.is_job]
    named = [each for each in jobs if each.name == name]
    here = [each for each in named if each.namespace in ("", namespace)]
    if len(here) == 1:
        spec = here[0].obj.get("spec")
        if isinstance(spec, dict) and isinstance(spec.get("template"), dict):
            return here[0]
        raise _refused(f"{here[0].at('spec.template')}: Job {name} has no spec.template")
    if here:
        lines = ", ".join(str(each.line) for each in here)
        raise _refused(f"{source} has Job {name} {len(here)} times: lines {lines}", "leave one")
    if named:
        there = named[0].namespace
        raise _refused(
            f"{named[0].at('metadata.namespace')}: this Job {name} is for namespace {there}, not "
            f"for {namespace}",
            f"add `-n {there}`",
        )
    has = [f"{each.kind} {each.name} (line {each.line})" for each in jobs or found]
    more = f" and {len(has) - 5} more" if len(has) > 5 else ""
    raise _refused(f"{source} has no EchelonJob {name}", f"it has {', '.join(has[:5])}{more}")


def _refused(message: str, hint: str = "") -> CliError:
    return CliError(message, hint, Exit.USAGE)


async def _job(session: Session, name: str, *, needed: bool) -> Object | None:
    """The Job in the cluster; None if there is none, unless it is ``needed``."""
    try:
        return await session.job(name)
    except CliError as error:
        cause = error.__cause__
        # Without a name in it, the 404 means that the cluster does not have the kind.
        if needed or not isinstance(cause, NotFound) or not cause.details.get("name"):
            raise
        return None


def _count(job: Object, default: int) -> int:
    """How many instances there would be."""
    count = job["spec"].get("instances", default)
    if not isinstance(count, int) or not 0 <= count <= MAX_INSTANCES:
        raise _refused(f"spec.instances is {count!r}; it must be from 0 to {MAX_INSTANCES}")
    return int(count)


def _check(asked: Ids, job: Job, count: int) -> None:
    known = assigned.ids_of(assigned.read(job.status.assigned)) | Ids.span(0, count)
    if unknown := asked - known:
        word = "instance" if len(unknown) == 1 else "instances"
        has = f"its instances are {known}" if known else "it has no instances"
        raise _refused(f"Job {job.metadata.name} has no {word} {unknown}", has)


def _of_policy(live: Object, wanted: Object) -> tuple[Difference, ...]:
    """What a manifest changes beside the template and the count, which `changes` has."""
    rest = {k: v for k, v in wanted["spec"].items() if k not in ("template", "instances")}
    return stated({"spec": live["spec"]}, {"spec": rest})
