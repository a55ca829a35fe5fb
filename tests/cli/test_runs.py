"""``echelon cron …`` and ``echelon job kill`` on a real API server; docs/jobs.md has the rest."""

from __future__ import annotations

import json
from pathlib import Path

from hack.harness.manifests import adhoc, cron, job
from hack.harness.space import Space
from tests.cli.echelon import Echelon
from tests.cli.files import File
from tests.integration.runs import ended, last, names, running, settled, wait_run


def test_kill_ends_the_active_run(space: Space, echelon: Echelon) -> None:
    space.create(adhoc(exits=False))
    running(space, "web-r1")
    for command in ("logs", "instances"):
        assert "-l job-name=web-r1" in echelon("job", command, "web", check=2).err
    done = echelon("job", "kill", "web", "--yes", check=0)
    assert done.lines == ["job.batch/web-r1 deleted"]
    assert names(space) == []
    ended(space, "web-r1", "Deleted")
    assert "no run of Job web is active" in echelon("job", "kill", "web", "--yes", check=0).err


def test_a_service_has_no_runs(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=1))
    assert "is a Service" in echelon("job", "kill", "web", "--yes", check=2).err
    assert "has no schedule" in echelon("cron", "show", "web", check=2).err


def test_start_obeys_the_collision_policy(space: Space, echelon: Echelon) -> None:
    space.create(cron(exits=False, collisionPolicy="CancelNew"))
    space.wait_ready()
    assert echelon("cron", "start", "web", check=0).out.startswith("job.batch/web-m")
    first = last(wait_run(space, "active", lambda run: run.get("active") == 2))["name"]
    refused = echelon("cron", "start", "web", check=6)
    assert f"run {first} is active" in refused.err
    echelon("cron", "start", "web", "--kill", check=0)
    wait_run(space, "the next", lambda run: run.get("name") != first and run.get("active") == 2)
    assert len(names(space)) == 1


def test_what_is_shown_of_a_cron_job(space: Space, echelon: Echelon) -> None:
    space.create(cron("0 0 1 1 *", cron={"timeZone": "Asia/Kolkata", "suspend": True}))
    space.wait_ready()
    facts = json.loads(echelon("cron", "show", "web", "-o", "json", check=0).out)
    assert facts["cron"]["timeZone"] == "Asia/Kolkata"
    assert facts["collisionPolicy"] == "KillExisting"
    assert "nextRunAt" not in facts
    assert "none: suspended" in echelon("cron", "show", "web", check=0).out
    (line,) = echelon("cron", "next", "web", "--count", "1", check=0).lines
    assert line.endswith("-01-01 00:00:00+05:30")
    assert "echelon cron start web" in echelon("job", "retry", "web", check=2).err
    (line,) = echelon("job", "list", check=0).lines[1:]
    assert "no run yet" in line
    assert "Ready:Suspended" in line
    assert "suspended already" in echelon("cron", "suspend", "web", check=0).out
    assert "no run yet" in echelon("job", "status", "web", check=0).out


def test_create_waits_for_the_end_of_the_run(
    space: Space, echelon: Echelon, tmp_path: Path
) -> None:
    file = File(tmp_path / "job.yaml", adhoc()).write()
    done = echelon("job", "create", file, "--wait", check=0)
    assert done.lines == ["echelonjob.echelon.dev/web created"]
    assert names(space) == ["web-r1"]
    again = echelon("job", "create", file, check=6)
    assert "exists already" in again.err


def test_what_is_shown_of_an_adhoc_job_and_retry_runs_it_again(
    space: Space, echelon: Echelon
) -> None:
    space.create(adhoc(code=3))
    ended(space, "web-r1", "FailedIndexes")
    settled(space)
    (line,) = echelon("job", "list", check=0).lines[1:]
    assert "2/2 failed" in line
    assert "Stalled:FailedIndexes" in line
    shown = echelon("job", "status", "web", check=0).out
    assert "last run  web-r1  Failed  0 of 2 succeeded, 2 failed" in shown
    assert "echelon job retry web" in shown
    refused = echelon("job", "restart", "web", check=2).err
    assert "it has runs instead of Updates" in refused
    assert space.updates() == []
    again = echelon("job", "retry", "web", "--wait", check=4)
    assert "web-r2: 2 of 2 instances did not succeed" in again.err
    assert echelon("job", "retry", "web", check=0).lines == ["echelonjob.echelon.dev/web patched"]
    ended(space, "web-r3", "FailedIndexes")


def test_create_says_that_the_run_failed(space: Space, echelon: Echelon, tmp_path: Path) -> None:
    file = File(tmp_path / "job.yaml", adhoc(code=3)).write()
    failed = echelon("job", "create", file, "--wait", check=4)
    assert "2 of 2 instances did not succeed" in failed.err
    ended(space, "web-r1", "FailedIndexes")


def test_create_of_a_service_waits_for_its_instances(
    space: Space, echelon: Echelon, tmp_path: Path
) -> None:
    file = File(tmp_path / "job.yaml", job(instances=2)).write()
    echelon("job", "create", file, "--wait", check=0)
    assert len(space.pods()) == 2
