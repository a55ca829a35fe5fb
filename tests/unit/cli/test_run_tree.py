"""The tree of `echelon job status` for Jobs with runs, in all states."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from controller.api.job import Job
from controller.cli.job import tree
from tests.unit.view.raw import NOW, Object, condition
from tests.unit.view.test_runs import ENDED, OPEN, ran

IMAGES = {"web-b": ("web:2",), "web-c": ("web:3",)}


def shown(seen: Job) -> list[str]:
    found = tree.Seen(job=seen, rows=[], updates=[], now=NOW, images=IMAGES)
    out = Console(width=200, highlight=False, emoji=False, markup=False, color_system=None)
    with out.capture() as captured:
        out.print(tree.of(found, tree.next_commands(found)))
    return [line.strip("│├└─ ") for line in captured.get().splitlines()]


def failed(**changes: Any) -> Object:
    return {**ENDED, "succeeded": 1, "failed": 2, "reason": "FailedIndexes", **changes}


def test_a_run_that_succeeded() -> None:
    last = {**ENDED, "succeeded": 3, "reason": "Succeeded", "message": "3 instances succeeded"}
    lines = shown(ran(last, condition("Ready", "Succeeded", "web-r2: 3 instances succeeded")))
    assert lines[0].startswith("✔ web  Ready (Succeeded)")
    assert lines[1] == "web-r2: 3 instances succeeded"
    assert "last run  web-r2  Succeeded  3 of 3 succeeded  started 60s ago, took 50s" in lines
    assert "revision  web-b  web:2  (last run)" in lines
    assert not any(line.startswith(("instances", "revisions", "next")) for line in lines)


def test_a_run_that_failed_and_what_helps() -> None:
    stalled = condition("Stalled", "FailedIndexes", "web-r2: 2 of 3 instances did not succeed")
    lines = shown(ran(failed(), stalled))
    assert (
        "last run  web-r2  Failed  1 of 3 succeeded, 2 failed  started 60s ago, took 50s" in lines
    )
    helps = lines[lines.index("next") + 1 :]
    assert [line.partition("    # ")[0] for line in helps] == [
        "kubectl logs --prefix -l job-name=web-r2 -n shop",
        "kubectl edit ejob web -n shop",
        "echelon job retry web -n shop",
    ]
    assert not any("echelon job instances" in line for line in lines)


def test_an_active_run() -> None:
    running = condition("Reconciling", "Running", "web-r2: 1 of 3 instances succeeded, 2 active")
    lines = shown(ran({**OPEN, "succeeded": 1, "active": 2}, running))
    assert "last run  web-r2  Active  1 of 3 succeeded, 2 active  started 60s ago" in lines


def test_a_killed_and_a_deleted_run() -> None:
    killed = ran({**ENDED, "failed": 3, "reason": "Killed"}, condition("Stalled", "Killed"))
    assert any(line.startswith("last run  web-r2  Killed") for line in shown(killed))
    deleted = ran({**ENDED, "failed": 3, "reason": "Deleted"}, condition("Stalled", "Deleted"))
    lines = shown(deleted)
    assert "echelon job retry web -n shop    # run it again" in lines
    assert not any("kubectl logs" in line for line in lines), "its pods are gone"


def test_a_cron_job_without_a_run() -> None:
    ready = condition("Ready", "NoRunYet", "no run yet")
    lines = shown(ran(None, ready, kind="Cron", timeZone="Europe/Berlin"))
    assert "last run  none yet" in lines
    (schedule,) = (line for line in lines if line.startswith("schedule"))
    assert schedule.startswith("schedule  0 0 1 1 *  Europe/Berlin  next run 2024-01-01 00:00:00")


def test_a_suspended_cron_job_whose_last_run_failed() -> None:
    stalled = condition("Stalled", "FailedIndexes", "web-r2: …; suspended")
    lines = shown(ran(failed(), stalled, kind="Cron", suspend=True))
    assert "schedule  0 0 1 1 *  time zone of the cluster  suspended" in lines
    assert "echelon cron start web -n shop    # run it again" in lines


def test_a_schedule_that_cannot_be_read() -> None:
    lines = shown(ran(None, condition("Stalled", "InvalidSchedule", "x"), kind="Cron",
                      schedule="61 * * * *"))  # fmt: skip
    assert "schedule  61 * * * *  time zone of the cluster" in lines
    assert any("kubectl edit ejob web -n shop" in line for line in lines)


@pytest.mark.parametrize("template", ["web-b", "web-c"])
def test_the_revision_of_the_template_is_told_if_it_is_another(template: str) -> None:
    seen = ran({**ENDED, "succeeded": 3, "reason": "Succeeded"}, condition("Ready", "Succeeded"))
    status = seen.status.model_copy(update={"update_revision": template})
    lines = shown(seen.model_copy(update={"status": status}))
    assert ("revision  web-c  web:3  (template)" in lines) == (template == "web-c")
