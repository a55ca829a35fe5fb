"""``echelon update start``: what it shows, does and answers, on a real API server."""

from __future__ import annotations

import os
import pty
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hack.harness.manifests import batch, by_revision, queue, update
from hack.harness.patience import patient
from hack.harness.space import Space
from tests.cli.echelon import Echelon, Result, interrupt
from tests.cli.files import created

MANUAL = {"mode": "Manual"}
QUICK = {"readyTimeoutSeconds": 1, "maxFailuresPerInstance": 0}


# How it starts.


def test_a_new_job_then_a_new_template(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(strategy=batch(2))
    first = echelon("update", "start", here.write(), "-y", check=0)
    assert "Job web is new: 3 instances, created at once" in first.out
    assert "echelonjob.echelon.dev/web created" in first.lines
    assert "3 of 3 instances are ready" in first.err
    done = echelon("update", "start", here.image("web:2"), "-y", check=0)
    assert "instances 0-2" in done.out
    assert "  - spec.containers[web].image: web:1" in done.lines
    assert "  + spec.containers[web].image: web:2" in done.lines
    assert "Plan: 3 instances in 2 groups (Batch of 2)" in done.out
    assert "echelonjob.echelon.dev/web configured" in done.lines
    made = space.wait_update("RolledForward")
    assert f"update.echelon.dev/{made['metadata']['name']} started" in done.lines
    assert made["metadata"]["name"].startswith("web-g"), "the operator has made it"
    again = echelon("update", "start", here.write(), "-y", check=0)
    assert again.lines == ["No difference."]


def test_manual_with_a_canary(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(update=MANUAL)
    created(echelon, here)
    here.image("web:2")
    done = echelon(
        "update", "start", str(here.path), "--instances", "1", "-m", "try it", "-y", "--wait"
    )
    assert done.code == 0, done
    (made,) = space.updates()
    assert made["metadata"]["name"].startswith("web-start-")
    assert made["spec"]["instances"] == "1"
    assert made["spec"]["message"] == "try it"
    now = space.job()
    assert made["spec"]["revision"] == now["status"]["updateRevision"]
    assert by_revision(now["status"]["assigned"])[made["spec"]["revision"]] == {1}
    rest = echelon("update", "start", "web", "-y", "--detach", check=0)
    assert "instances 0,2" in rest.out
    assert "echelon update watch web-start-" in rest.err
    space.wait_update("RolledForward", probe=lambda u: "instances" not in u["spec"])
    back = echelon("update", "start", "web", "--revision", "1", "-y", "--wait", check=0)
    assert "  + spec.containers[web].image: web:1" in back.lines
    assert {pod.image for pod in space.pods().values()} == {"web:1"}


def test_only_settings_and_the_count_change(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(update=MANUAL)
    created(echelon, here)
    here.content["spec"]["instances"] = 4
    here.content["spec"]["update"]["strategy"] = queue(2)
    done = echelon("update", "start", here.write(), "-y", check=0)
    assert "new instance 3" in done.out
    assert "settings of the Job, which change no pod" in done.out
    assert "Plan:" not in done.out
    assert "4 of 4 instances are ready" in done.err
    assert space.updates() == []


def test_stdin_and_the_namespace_of_the_file(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(instances=1)
    here.content["metadata"]["namespace"] = space.name
    text = Path(here.write()).read_text()
    echelon("update", "start", "-", "-y", "-n", space.name, stdin=text, check=0)
    other = echelon("update", "start", "-", "-y", "-n", "default", stdin=text, check=2)
    assert f"stdin:5: the Job is for namespace {space.name}, not default" in other.err


def test_nothing_happens_without_an_answer(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(update=MANUAL)
    created(echelon, here)
    before = space.job()["metadata"]["generation"]
    asked = echelon("update", "start", here.image("web:2"), check=2)
    assert "Plan: 3 instances" in asked.out
    assert "add `--yes`" in asked.err
    shown = echelon("update", "start", str(here.path), "--dry-run", check=0)
    assert "Plan: 3 instances" in shown.out
    assert space.job()["metadata"]["generation"] == before
    assert space.updates() == []


def test_who_repeats_the_command_follows_the_same_update(
    space: Space, echelon: Echelon, file: Any
) -> None:
    here = file(min_ready=2)
    created(echelon, here)
    echelon("update", "start", here.image("web:2"), "-y", "--detach", check=0)
    again = echelon("update", "start", str(here.path), "--wait", check=0)
    assert "is active already" in again.out
    assert len(space.updates()) == 1


# What is refused.


def test_fields_of_others(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(update=MANUAL)
    created(echelon, here)
    space.scale(5)
    space.wait_ready()
    refused = echelon("update", "start", here.write(), "-y", check=6)
    assert f"{here.line('instances:')}: spec.instances belongs to" in refused.err
    assert "--force-conflicts" in refused.err
    assert space.job()["spec"]["instances"] == 5
    echelon("update", "start", here.write(), "-y", "--force-conflicts", check=0)
    assert space.job()["spec"]["instances"] == 3


def test_bad_files(space: Space, echelon: Echelon, file: Any) -> None:
    here = file()
    here.content["spec"]["instancess"] = 4
    refused = echelon("update", "start", here.write(), "-y", check=6)
    assert f"{here.line('instancess')}: there is no field spec.instancess" in refused.err
    del here.content["spec"]["instancess"]
    here.content["spec"]["update"]["strategy"] = {"type": "Rolling"}
    refused = echelon("update", "start", here.write(), "-y", check=6)
    assert f"{here.line('type: Rolling')}: spec.update.strategy.type" in refused.err
    assert not space.exists("echelonjobs", "web")
    missing = echelon("update", "start", "./none.yaml", check=2)
    assert "No such file" in missing.err
    assert "not found" in echelon("update", "start", "web", check=1).err


def test_a_template_that_the_api_server_refuses(echelon: Echelon, file: Any) -> None:
    here = file(instances=1)
    created(echelon, here)
    container = here.content["spec"]["template"]["spec"]["containers"][0]
    container["ports"] = [{"containerPort": 99999}]
    refused = echelon("update", "start", here.write(), "-y", "--wait", check=6)
    assert "the operator does not start an Update of Job web: InvalidTemplate" in refused.err
    assert "containerPort" in refused.err


def test_known_bad_and_force(echelon: Echelon, file: Any) -> None:
    here = file(instances=2, update={**MANUAL, **QUICK})
    created(echelon, here)
    bad = echelon("update", "start", here.image("web:2", behaviour="never-ready"), "-y", "--wait")
    assert bad.code == 3, bad
    refused = echelon("update", "start", "web", "-y", check=6)
    assert "refused    KnownBad" in refused.out
    assert "add --force" in refused.err
    forced = echelon("update", "start", "web", "-y", "--force", "--wait", check=3)
    assert "RolledBack" in forced.out


def test_what_an_automatic_job_cannot_do(space: Space, echelon: Echelon, file: Any) -> None:
    here = file()
    created(echelon, here)
    refused = echelon("update", "start", here.image("web:2"), "--instances", "0", "-y", check=2)
    assert "update.mode: Manual" in refused.err
    assert space.updates() == []


def test_beside_an_active_update(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(update=MANUAL)
    created(echelon, here)
    space.create(update("held", restart=True, paused=True))
    space.wait_update("RollForwardPaused", name="held")
    refused = echelon("update", "start", here.image("web:2"), "-y", check=6)
    assert "held is active" in refused.out
    assert "UpdateInProgress" in refused.err
    assert "echelon update wait held" in refused.err


# How it ends.


def test_failed_is_4_and_paused_by_the_operator_8(
    space: Space, echelon: Echelon, file: Any
) -> None:
    policy = {**MANUAL, **QUICK, "rollbackOnFailure": False}
    here = file(instances=2, update=policy, strategy={**batch(1), "autoPause": True})
    created(echelon, here)
    paused = echelon(
        "update", "start", here.image("web:2"), "-y", "--wait", "--exit-on-pause", check=8
    )
    assert "RollForwardPaused" in paused.out + paused.err
    space.api.patch(
        space.path("updates", space.updates()[-1]["metadata"]["name"]),
        {"spec": {"action": "Abort"}},
    )
    space.wait_update("Aborted")
    echelon(
        "update", "start", here.image("web:3", behaviour="never-ready"), "-y", "--wait", check=4
    )


def test_superseded_while_it_is_followed_is_5(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(update={"pulseIntervalSeconds": 600})
    created(echelon, here)
    following = echelon.start("update", "start", here.image("web:2"), "-y", "--wait")
    name = space.wait_update("RollForwardAwaitingPulse")["metadata"]["name"]
    space.set_image("web:3")
    out, err = following.communicate(timeout=patient(60))
    assert following.returncode == 5, out + err
    assert f"update.echelon.dev/{name} Superseded" in out


def test_a_timeout_and_ctrl_c_leave_it_running(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(instances=3)
    created(echelon, here)
    here.content["spec"]["minReadySeconds"] = 120  # It is under way as long as the test runs.
    started = echelon("update", "start", here.image("web:2"), "-y", "--timeout", "3", check=7)
    assert "goes on" in started.err
    assert space.updates()[-1]["status"]["phase"] == "RollingForward"
    process = echelon.start("update", "start", str(here.path), "-y")
    head = [process.stdout.readline() for _ in range(2)]
    time.sleep(1)
    left = interrupt(process)
    assert left.code == 130, (head, left)
    assert "the Update goes on; `echelon update watch web-g2" in left.err
    assert space.updates()[-1]["status"]["phase"] == "RollingForward"


def test_paused_from_the_start(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(update=MANUAL)
    created(echelon, here)
    done = echelon("update", "start", here.image("web:2"), "-y", "--paused", check=0)
    assert "is RollForwardPaused" in done.err
    assert {pod.image for pod in space.pods().values()} == {"web:1"}


# What a person answers.


def ask(echelon: Echelon, path: str, meanwhile: Callable[[], object], answer: str) -> Result:
    """Start with a terminal as stdin, do something while the question is open, and answer it."""
    ours, theirs = pty.openpty()
    process = echelon.start("update", "start", path, "--wait", stdin=theirs)
    asked = ""
    while "[y/N]" not in asked:
        letter = process.stderr.read(1)
        assert letter, f"it has not asked: {asked}"
        asked += letter
    meanwhile()
    os.write(ours, f"{answer}\n".encode())
    out, err = process.communicate(timeout=patient(60))
    os.close(ours)
    os.close(theirs)
    return Result(process.wait(), out, asked + err)


def test_the_question(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(instances=1, update=MANUAL)
    created(echelon, here)
    path, before = here.image("web:2"), space.job()["metadata"]["generation"]
    no = ask(echelon, path, lambda: None, "n")
    assert (no.code, "nothing was changed" in no.err) == (1, True), no
    assert "Start this Update of Job web? [y/N]" in no.err
    assert space.job()["metadata"]["generation"] == before
    late = ask(echelon, path, lambda: space.patch_job(revisionHistoryLimit=9), "y")
    assert (late.code, "was changed while you looked" in late.err) == (1, True), late
    assert space.updates() == []
    yes = ask(echelon, path, lambda: None, "y")
    assert (yes.code, "RolledForward" in yes.out) == (0, True), yes
