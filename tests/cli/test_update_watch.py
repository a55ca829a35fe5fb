"""``echelon update watch`` on a real API server: lines, the live picture, and every exit code."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from typing import Any

import pytest

from controller.api.labels import PULSED_AT
from controller.api.meta import format_time
from hack.devcluster.cluster import Cluster
from hack.harness.manifests import batch, job, update
from hack.harness.patience import patient
from hack.harness.space import Space
from tests.cli.echelon import Echelon, Running, interrupt
from tests.cli.terminal import Terminal
from tests.integration.test_outage import down

#: A new pod has one second, and no failure is tolerated.
QUICK = {"readyTimeoutSeconds": 1, "maxFailuresPerInstance": 0}
#: Goes on until somebody sends a pulse.
COORDINATED = {"pulseIntervalSeconds": 600}
SLOW = {"behaviour": "ready-after", "ready_after": "700ms"}


def held(space: Space, instances: int = 2, **changes: Any) -> str:
    """The name of an Update that waits for a pulse. ``changes``: to the Job."""
    space.made(job(instances=instances, update=COORDINATED, **changes))
    space.set_image("web:2", **SLOW)
    found = space.wait_update("RollForwardAwaitingPulse", name="web-g2")
    name: str = found["metadata"]["name"]
    return name


def first_line(space: Space, watching: Running) -> str:
    """Wait until a command has written something."""
    line: str = space.cluster.wait("its first line", watching.stdout.readline, 60)
    return line


def terminal(space: Space, *args: str, width: int = 80, height: int = 24) -> Terminal:
    """``echelon update watch …`` on a terminal."""
    environ = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
    environ |= {"KUBECONFIG": str(space.cluster.kubeconfig), "PYTHONUTF8": "1"}
    placed = ["update", "watch", *args, "-n", space.name]
    return Terminal(placed, environ, width, height)


def words(out: str) -> list[str]:
    """The lines without the time of day."""
    return [re.sub(r"^\d\d:\d\d:\d\d  ", "", line) for line in out.splitlines()]


# Lines.


def test_0_lines_of_a_good_update(space: Space, echelon: Echelon) -> None:
    name = held(space, 4)
    watching = echelon.start("update", "watch", "web", "--timeout", "100")
    head = first_line(space, watching)
    echelon("update", "pulse", name, check=0)
    out, err = watching.stdout.read(), watching.stderr.read()
    assert watching.wait(patient(60)) == 0, err
    assert words(head)[0].startswith(f"web-g2  Job web in namespace {space.name}")
    found = words(out)
    assert found[-1].startswith("✓ web-g2 has rolled forward")
    assert any(line.startswith("RollForwardAwaitingPulse  0/4 updated") for line in found), out
    assert any(re.match(r"RollingForward  [1-3]/4 updated", line) for line in found), out
    assert max(Counter(found).values()) == 1, "nothing is said twice"
    assert "\x1b" not in out
    assert err == ""
    # It has ended: the same again is its history and its end.
    again = echelon("update", "watch", "web-g2", check=0)
    assert again.out.splitlines()[-1] == out.splitlines()[-1]


def test_0_a_rollback_that_was_asked_for(space: Space, echelon: Echelon) -> None:
    name = held(space)
    watching = echelon.start("update", "watch", name, "--timeout", "100")
    echelon("update", "rollback", name, check=0)
    echelon("update", "pulse", name)
    out, err = watching.communicate(timeout=patient(60))
    assert watching.returncode == 0, err
    assert "RollingBack  rollback requested by" in out
    assert f"↺ {name} has rolled back" in out


def test_1_unknown(space: Space, echelon: Echelon) -> None:
    assert space.name
    assert "no Update and no Job is named web" in echelon("update", "watch", "web", check=1).err


def test_3_rolled_back(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2, update=QUICK))
    space.set_image("web:2", behaviour="crash-loop", backoff="200ms", exit_code=3)
    back = echelon("update", "watch", "web", "--timeout", "60", check=3)
    found = words(back.out)
    # The operator may have seen its first two crashes at once.
    failures = [line for line in found if re.match(r"failure  instance 0, attempt [12]: ", line)]
    assert "exit code 3, on sim-" in failures[0], back.out
    assert any(line.startswith("RollingBack  instance 0 failed: ") for line in found)
    assert found[-1].startswith("↺ web-g2 has rolled back")
    assert f"echelon job diff web -n {space.name}" in back.err


def test_4_failed(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2, update=QUICK | {"rollbackOnFailure": False}))
    space.set_image("web:2", behaviour="never-ready")
    failed = echelon("update", "watch", "web", "--timeout", "60", check=4)
    assert words(failed.out)[-1].startswith("✗ web-g2 has failed")
    assert f"echelon update retry web-g2 -n {space.name}" in failed.err


def test_5_aborted(space: Space, echelon: Echelon) -> None:
    name = held(space)
    watching = echelon.start("update", "watch", name)
    echelon("update", "abort", name, check=0)
    out, err = watching.communicate(timeout=patient(60))
    assert watching.returncode == 5, err
    assert f"■ {name} was aborted" in out


def test_5_superseded(space: Space, echelon: Echelon) -> None:
    name = held(space)
    watching = echelon.start("update", "watch", name)
    space.set_image("web:3")
    out, err = watching.communicate(timeout=patient(60))
    assert watching.returncode == 5, err
    assert f"» {name} was superseded" in out
    assert f"echelon update watch web -n {space.name}" in err


def test_5_deleted(space: Space, echelon: Echelon) -> None:
    name = held(space)
    watching = echelon.start("update", "watch", name)
    first_line(space, watching)
    space.kubectl("delete", "eup", name)
    _, err = watching.communicate(timeout=patient(60))
    assert watching.returncode == 5, err
    assert f"Update {name} was deleted, which aborts it" in err


def test_6_rejected(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=1))
    space.create(update("late", parent="web-another"))
    rejected = echelon("update", "watch", "late", "--timeout", "60", check=6)
    assert "✗ late was rejected" in rejected.out
    assert "web-another" in rejected.out


def test_7_timeout(space: Space, echelon: Echelon) -> None:
    name = held(space)
    late = echelon("update", "watch", name, "--timeout", "1", check=7)
    assert "it is RollForwardAwaitingPulse and goes on" in late.err
    assert f"echelon update watch {name} -n {space.name}" in late.err
    assert "RollForwardAwaitingPulse  0/2 updated" in late.out


def test_8_paused_by_the_operator(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2, strategy={**batch(1), "autoPause": True}))
    space.set_image("web:2")
    paused = echelon("update", "watch", "web", "--exit-on-pause", "--timeout", "60", check=8)
    assert words(paused.out)[-1].startswith("‖ web-g2 is paused by Echelon")
    assert f"echelon update resume web-g2 -n {space.name}" in paused.err
    # Without the flag a pause is waited through.
    watching = echelon.start("update", "watch", "web-g2", "--timeout", "60")
    echelon("update", "resume", "web-g2", check=0)
    out, err = watching.communicate(timeout=patient(60))
    assert watching.returncode == 0, err
    assert "RollForwardPaused" in out


def test_8_not_paused_by_a_person(space: Space, echelon: Echelon) -> None:
    name = held(space)
    echelon("update", "pause", name, check=0)
    late = echelon("update", "watch", name, "--exit-on-pause", "--timeout", "1", check=7)
    assert "it is RollForwardPaused and goes on" in late.err


def test_130_interrupted(space: Space, echelon: Echelon) -> None:
    name = held(space)
    watching = echelon.start("update", "watch", name)
    first_line(space, watching)
    stopped = interrupt(watching)
    assert stopped.code == 130, stopped
    assert f"`echelon update watch {name} -n {space.name}` comes back to it" in stopped.err
    assert "Traceback" not in stopped.err
    assert space.update(name)["status"]["phase"] == "RollForwardAwaitingPulse"


def test_it_reconnects_by_itself(space: Space, echelon: Echelon, cluster: Cluster) -> None:
    name = held(space)
    watching = echelon.start("update", "watch", "web", "--timeout", "150")
    first_line(space, watching)
    with down(cluster, "kube-apiserver"):
        time.sleep(1)
    echelon("update", "abort", name, check=0)
    out, err = watching.communicate(timeout=patient(60))
    assert watching.returncode == 5, err
    assert f"■ {name} was aborted" in out
    assert [line.split(" (")[0] for line in err.splitlines()][:2] == [
        "the connection to the API server is lost",
        "the connection to the API server is back",
    ]


# The picture.


def test_the_picture_of_a_good_update(space: Space) -> None:
    name = held(space, 4, min_ready=1, strategy=batch(2))
    with terminal(space, name, "--timeout", "100") as shown:
        shown.until(lambda text: "‖ Awaiting a pulse" in text)
        pulse = {"metadata": {"annotations": {PULSED_AT: format_time(time.time())}}}
        space.api.patch(space.path("updates", name), pulse)
        running = shown.until(lambda text: "◐ 2 updating" in text and "Starting" in text)
        assert "▶ Rolling forward" in running
        assert f"{space.name}/web   web:1 → web:2" in running
        assert re.search(r"Group [12] of 2   \d+s   2 instances", running), running
        assert re.search(r"[02]  +Starting  +\d+s  +sim-\d", running)
        assert "Ctrl-C stops watching" in running
        assert len(running.splitlines()) < 24
        assert shown.end() == 0
        last = shown.text
    assert last.count("web:1 → web:2") == 1, "one picture, not many"
    assert "● 0  ● 1  ● 2  ● 3" in last
    assert "4 of 4 updated, 100%" in last
    assert "✓ web-g2 has rolled forward" in last
    assert "Ctrl-C" not in last


def test_the_picture_of_a_rollback(space: Space) -> None:
    space.made(job(instances=3, update=QUICK))
    space.set_image("web:2", behaviour="crash-loop", backoff="200ms", exit_code=3)
    with terminal(space, "web", "--timeout", "60") as shown:
        assert shown.end() == 3
        last = shown.text
    assert "↺ Rolled back" in last
    assert "1 of 1 rolled back, 100%" in last
    assert re.search(r"✗ 0  \w+  exit code 3, on sim-\d", last)
    assert "↺ web-g2 has rolled back" in last
    assert f"echelon job diff web -n {space.name}" in last


def test_the_picture_survives_the_api_server(space: Space, cluster: Cluster) -> None:
    name = held(space)
    with terminal(space, name) as shown:
        before = shown.until(lambda text: "‖ Awaiting a pulse" in text)
        assert f"echelon update pulse {name}" in before
        with down(cluster, "kube-apiserver"):
            shown.until(lambda text: "the connection to the API server is lost" in text)
        shown.until(lambda text: "is lost" not in text)
        space.kubectl("patch", "eup", name, "--type=merge", "-p", '{"spec":{"action":"Abort"}}')
        assert shown.end() == 5
        assert f"■ {name} was aborted" in shown.text


def test_leaving_the_picture(space: Space) -> None:
    name = held(space)
    with terminal(space, name) as shown:
        shown.until(lambda text: "‖ Awaiting a pulse" in text)
        assert shown.interrupt() == 130
        assert "the Update goes on" in shown.text
        assert "Traceback" not in shown.text


@pytest.mark.parametrize(("width", "height"), [(40, 12), (132, 50)])
def test_other_terminals(space: Space, width: int, height: int) -> None:
    name = held(space)
    with terminal(space, name, width=width, height=height) as shown:
        found = shown.until(lambda text: "Awaiting a pulse" in text)
        assert len(found.splitlines()) <= height
        assert max(map(len, found.splitlines())) < width
