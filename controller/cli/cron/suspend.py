"""``echelon cron suspend`` and ``echelon cron resume``."""

from __future__ import annotations

from controller.api.kinds import JOBS
from controller.cli import arguments, options, owners
from controller.cli.output import note
from controller.cli.runs import cron_job, whole_job
from controller.cli.session import Place, Session, run


def suspend(
    name: arguments.JobName,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Start no more runs.

    An active one goes on; `echelon job kill` ends it.

    Exit codes: 0 suspended; 6 rejected.
    """
    _write(name, True, Place(kubeconfig, context, namespace))


def resume(
    name: arguments.JobName,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Start runs again at their times. The last one that was missed starts at once, unless
    `startingDeadlineSeconds` is over.

    Exit codes: 0 resumed; 6 rejected.
    """
    _write(name, False, Place(kubeconfig, context, namespace))


def _write(name: str, wanted: bool, place: Place) -> None:
    key = whole_job(name)

    async def command(session: Session) -> None:
        job = await cron_job(session, key)
        assert job.spec.cron is not None
        word = "suspended" if wanted else "resumed"
        if job.spec.cron.suspend is wanted:
            print(f"echelonjob.echelon.dev/{key} {word} already", flush=True)
            return
        stored = await session.patch(JOBS, key, {"spec": {"cron": {"suspend": wanted}}})
        print(f"echelonjob.echelon.dev/{key} {word}", flush=True)
        for manager in owners.programs(stored, "spec", "cron"):
            note(f"  {owners.called(manager)} has set spec.cron and may set it again")

    run(place, command)
