"""Faults in the decisions about Cron and Adhoc Jobs, and in what carries them out."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_CORE: Final = "controller/core/runs"
_SHELL: Final = "controller/reconcile/runs"
_TESTS: Final = "tests/unit/core/runs"
_OF_SHELL: Final = "tests/unit/reconcile/runs"

FAULTS: Final = (
    Fault(
        file=f"{_CORE}/collision.py",
        old="if last is not None and last.name == run.name and last.reason != KILLING:",
        new="if False:",
        breaks="A run is deleted before the status says that it is being killed.",
        tests=(f"{_TESTS}/test_cron.py", f"{_TESTS}/test_adhoc.py"),
    ),
    Fault(
        file=f"{_CORE}/cron.py",
        old="if at is not None and at <= context.now:",
        new="if at is not None:",
        breaks="A run is killed although the next one is not due yet.",
        tests=(f"{_TESTS}/test_cron.py",),
    ),
    Fault(
        file=f"{_CORE}/cron.py",
        old="since = max(since, context.now - spec.starting_deadline_seconds)",
        new="since = max(since, 0.0)",
        breaks="A run is killed for one that may not be started any more.",
        tests=(f"{_TESTS}/test_cron.py",),
    ),
    Fault(
        file=f"{_CORE}/adhoc.py",
        old="        if not context.job.spec.kills_existing:\n            return None\n",
        new="",
        breaks="With CancelNew a new template kills the active run.",
        tests=(f"{_TESTS}/test_adhoc.py",),
    ),
    Fault(
        file=f"{_CORE}/adhoc.py",
        old="if number <= _last_number(context):",
        new="if number < _last_number(context):",
        breaks="A revision that runs again takes the name of its former run, which is no new one.",
        tests=(f"{_TESTS}/test_adhoc.py",),
    ),
    Fault(
        file=f"{_CORE}/record.py",
        old="if not runs.followed or not stored.is_open or stored.started_at is None:",
        new="if not runs.followed or not stored.is_open:",
        breaks="A run that is announced and not made yet counts as deleted by somebody.",
        tests=(f"{_TESTS}/test_adhoc.py",),
    ),
    Fault(
        file=f"{_CORE}/history.py",
        old="recorded = last is not None and (last.name != run.name or not last.is_open)",
        new="recorded = True",
        breaks="A run is deleted before its end is recorded.",
        tests=(f"{_TESTS}/test_history.py", f"{_TESTS}/test_adhoc.py"),
    ),
    Fault(
        file=f"{_CORE}/placeholders.py",
        old='("env", 0, "value"),',
        new='("env", 0, "name"),',
        breaks="A variable of a run cannot have the instance in its value.",
        tests=(f"{_TESTS}/test_manifest.py",),
    ),
    Fault(
        file="controller/core/schedules/schedule.py",
        old="if hour := self.wall.hour:",
        new="if hour := 0:",
        breaks="Where a day has no midnight, other times are computed than by Kubernetes.",
        tests=("tests/unit/core/schedules/test_schedule.py",),
    ),
    Fault(
        file="controller/core/schedules/fields.py",
        old="star = star and step == 1",
        new="star = star",
        breaks="*/2 as a day of the month counts as any day beside a day of the week.",
        tests=("tests/unit/core/schedules/test_schedule.py",),
    ),
    Fault(
        file=f"{_SHELL}/writes.py",
        old="if any(item.run.is_active for item in found):",
        new="if False:",
        breaks="A run is made beside one that the watch does not show yet.",
        tests=(f"{_OF_SHELL}/test_writes.py",),
    ),
    Fault(
        file=f"{_SHELL}/writes.py",
        old='uid=write.uid, propagation="Foreground"',
        new='uid=write.uid, propagation="Background"',
        breaks="The next run begins while pods of the killed one run.",
        tests=(f"{_OF_SHELL}/test_writes.py",),
    ),
    Fault(
        file=f"{_SHELL}/store.py",
        old="if not item.job or item.uid in self._gone:",
        new="if not item.job:",
        breaks="A late answer brings a run back that is gone.",
        tests=(f"{_OF_SHELL}/test_store.py",),
    ),
    Fault(
        file="controller/reconcile/existence.py",
        old="if isinstance(found.write, rare | plan.MakeRun | plan.KeepCronJob):",
        new="if isinstance(found.write, rare):",
        breaks="A CronJob is made for a Job that is gone.",
        tests=(f"{_OF_SHELL}/test_writes.py",),
    ),
)
