"""``echelon update wait`` on a real API server: what it waits for, and every exit code."""

from __future__ import annotations

import json
import time

import pytest

from hack.harness.manifests import batch, is_true, job, template, update
from hack.harness.operator import Operator
from hack.harness.patience import patient
from hack.harness.space import Space
from tests.cli.echelon import Echelon, interrupt
from tests.cli.test_update_verbs import moving

#: A new pod has one second, and no failure is tolerated.
QUICK = {"readyTimeoutSeconds": 1, "maxFailuresPerInstance": 0}
#: Goes on until somebody sends a pulse.
COORDINATED = {"pulseIntervalSeconds": 600}


def held(space: Space) -> str:
    """The name of an Update that waits for a pulse."""
    space.made(job(instances=2, update=COORDINATED))
    name: str = space.roll("web:2", "RollForwardAwaitingPulse")["metadata"]["name"]
    return name


def test_0_rolled_forward(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2, min_ready=1))
    # Not yet observed: the Job's Update is the one that the operator is about to make.
    space.set_image("web:2")
    done = echelon("update", "wait", "web", "--timeout", "60", check=0)
    assert done.out.startswith("update.echelon.dev/web-g2 RolledForward: 2 of 2 instances updated")
    # It does not wait for what has come already.
    again = echelon("update", "wait", "web-g2", "--for", "rolled-forward", check=0)
    assert "RolledForward" in again.out


def test_0_a_rollback_that_was_asked_for(space: Space, echelon: Echelon) -> None:
    name = moving(space)
    waiting = echelon.start("update", "wait", name, "--timeout", "60")
    first = waiting.stderr.readline()
    assert first.startswith(f"{name} RollingForward"), "each change of phase is told"
    echelon("update", "rollback", name, check=0)
    out, err = waiting.communicate(timeout=patient(60))
    assert waiting.returncode == 0, err
    assert f"update.echelon.dev/{name} RolledBack" in out


def test_1_error(space: Space, echelon: Echelon) -> None:
    missing = echelon("update", "wait", "web", check=1)
    assert "no Update and no Job is named web" in missing.err
    name = held(space)
    # What is waited for has become impossible.
    echelon("update", "pulse", name, check=0)
    missed = echelon("update", "wait", name, "--for", "paused", "--timeout", "60", check=1)
    assert "it is not paused, and no longer can" in missed.err


def test_1_no_api_server(space: Space) -> None:
    config = space.cluster.dir / "nowhere.kubeconfig"
    cluster = {"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    config.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [cluster],
                "contexts": [context],
                "users": [{"name": "u", "user": {}}],
                "current-context": "c",
            }
        )
    )
    lost = Echelon(config, space.name)("update", "wait", "web", check=1)
    assert "the API server does not answer" in lost.err
    none = Echelon(space.cluster.dir / "none", space.name)("update", "wait", "web", check=1)
    assert "kubeconfig" in none.err


def test_2_usage(space: Space, echelon: Echelon) -> None:
    assert space.name
    wrong = echelon("update", "wait", "web", "--for", "happiness", check=2)
    assert "cannot wait for 'happiness'" in wrong.err
    assert "rolled-forward" in wrong.err
    assert "names instances" in echelon("update", "wait", "web/0-3", check=2).err
    assert "Missing argument" in echelon("update", "wait", check=2).err


def test_3_rolled_back(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2, update=QUICK))
    space.set_image("web:2", behaviour="crash-loop", backoff="200ms", exit_code=3)
    back = echelon("update", "wait", "web", "--timeout", "60", check=3)
    assert "web-g2 RolledBack" in back.out
    assert "instance 0" in back.err
    assert f"echelon job diff web -n {space.name}" in back.err
    # Its template waits now, and gets no Update by itself.
    assert echelon("update", "wait", "web", check=3).code == 3


def test_4_failed(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2, update=QUICK | {"rollbackOnFailure": False}))
    space.set_image("web:2", behaviour="never-ready")
    failed = echelon("update", "wait", "web", "--timeout", "60", check=4)
    assert "web-g2 Failed" in failed.out
    assert f"echelon update retry web-g2 -n {space.name}" in failed.err


def test_5_aborted(space: Space, echelon: Echelon) -> None:
    name = held(space)
    echelon("update", "abort", name, check=0)
    assert f"{name} Aborted" in echelon("update", "wait", name, check=5).out


def test_5_superseded(space: Space, echelon: Echelon) -> None:
    name = held(space)
    waiting = echelon.start("update", "wait", name, "--timeout", "60")
    space.set_image("web:3")
    space.wait_update("Superseded", name=name)
    out, err = waiting.communicate(timeout=patient(60))
    assert waiting.returncode == 5, err
    assert f"{name} Superseded" in out


def test_5_deleted(space: Space, echelon: Echelon) -> None:
    name = held(space)
    waiting = echelon.start("update", "wait", name)
    space.cluster.wait("its first line", waiting.stderr.readline)
    space.kubectl("delete", "eup", name)
    _, err = waiting.communicate(timeout=patient(60))
    assert waiting.returncode == 5, err
    assert f"Update {name} was deleted, which aborts it" in err


def test_6_rejected(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=1))
    space.create(update("late", parent="web-another"))
    rejected = echelon("update", "wait", "late", "--timeout", "60", check=6)
    assert "late Rejected: spec.parent is web-another" in rejected.out
    assert f"echelon job history web -n {space.name}" in rejected.err


def test_6_a_template_that_is_refused(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=1))
    space.roll("web:2", "RolledForward")
    wrong = template("web:3")
    wrong["spec"]["containers"][0]["imagePullPolicy"] = "Sometimes"
    space.set_template(wrong)
    # The Update of the template before is not taken for that of this one.
    refused = echelon("update", "wait", "web", check=6)
    assert "Job web waits with its present template" in refused.err
    assert "imagePullPolicy" in refused.err


def test_a_job_stands_for_the_update_of_a_person(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=1, update={"mode": "Manual"}))
    space.set_image("web:2")
    echelon("job", "restart", "web", "--paused", check=0)
    space.wait_job("the lock", lambda j: j["status"].get("activeUpdate"))
    space.wait_job("Manual", lambda j: is_true(j, "UpdatePending"))
    for verb in ("wait", "watch"):
        late = echelon("update", verb, "web", "--timeout", "1", check=7)
        assert "web-restart-" in late.err
    (name,) = echelon("update", "list", "web", "-o", "name", check=0).lines
    assert "web-restart-" in echelon("update", "wait", name, "--for", "paused", check=0).out


def test_7_timeout(space: Space, echelon: Echelon) -> None:
    name = held(space)
    late = echelon("update", "wait", name, "--timeout", "0.5", check=7)
    assert f"after 0.5s Update {name} has not ended" in late.err
    assert "RollForwardAwaitingPulse" in late.err
    assert f"echelon update watch {name} -n {space.name}" in late.err


def test_8_paused_by_the_operator(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2, strategy={**batch(1), "autoPause": True}))
    space.set_image("web:2")
    paused = echelon("update", "wait", "web", "--exit-on-pause", "--timeout", "60", check=8)
    assert "web-g2 RollForwardPaused" in paused.out
    assert f"echelon update resume web-g2 -n {space.name}" in paused.err


def test_a_pause_by_hand_is_waited_through(space: Space, echelon: Echelon) -> None:
    name = held(space)
    echelon("update", "pause", name, check=0)
    echelon("update", "wait", name, "--for", "paused", check=0)
    late = echelon("update", "wait", name, "--exit-on-pause", "--timeout", "1", check=7)
    assert "RollForwardPaused" in late.err


def test_130_interrupted(space: Space, echelon: Echelon) -> None:
    name = held(space)
    waiting = echelon.start("update", "wait", name)
    space.cluster.wait("its first line", waiting.stderr.readline)
    stopped = interrupt(waiting)
    assert stopped.code == 130, stopped
    assert f"`echelon update wait {name} -n {space.name}` comes back to it" in stopped.err
    assert "Traceback" not in stopped.err
    assert space.update(name)["status"]["phase"] == "RollForwardAwaitingPulse"


@pytest.mark.parametrize("word", ["started", "awaiting-pulse", "RollForwardAwaitingPulse"])
def test_other_moments(space: Space, echelon: Echelon, word: str) -> None:
    space.made(job(instances=1, update=COORDINATED))
    space.set_image("web:2")
    found = echelon("update", "wait", "web", "--for", word, "--timeout", "60", check=0)
    assert "web-g2 Roll" in found.out


def test_an_update_that_no_operator_answers(
    space: Space, echelon: Echelon, operator: Operator
) -> None:
    space.made(job(instances=1))
    operator.stop()
    space.create(update("unseen", restart=True))
    begun = time.monotonic()
    late = echelon("update", "wait", "unseen", "--timeout", "13", check=7)
    assert time.monotonic() - begun >= 13
    assert "no operator has looked at Update unseen for 10s" in late.err
    assert f"must name {space.name}" in late.err
    operator.start()
    assert echelon("update", "wait", "unseen", "--timeout", "60").code in (0, 6)
