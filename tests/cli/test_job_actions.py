"""``echelon job scale|restart|retry|delete|logs`` on a real API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.manifests import Object, ids, is_true, job, queue, update
from hack.harness.patience import patient
from hack.harness.space import Space
from tests.cli.echelon import Echelon, interrupt
from tests.cli.kubelet import Kubelet

MANUAL = {"mode": "Manual"}
QUICK = {"readyTimeoutSeconds": 1, "maxFailuresPerInstance": 0}


def uids(space: Space) -> dict[int, str]:
    return {i: pod.uid for i, pod in space.pods().items()}


def rolled_back(space: Space, **policy: object) -> Object:
    """A Job whose new template does not become ready."""
    space.made(job(instances=2, update={**QUICK, **policy}))
    space.set_image("web:2", behaviour="never-ready")
    if policy.get("mode") == "Manual":
        space.create(update("bad"))
    return space.wait_update("RolledBack", timeout=30)


# Scale.


def test_scale(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2))
    done = echelon("job", "scale", "web", "4", "--wait", check=0)
    assert done.lines == ["echelonjob.echelon.dev/web scaled"]
    assert "from 2 to 4 instances" in done.err
    assert len(space.pods()) == 4
    wrong = echelon("job", "scale", "web", "1", "--current-replicas", "2", check=1)
    assert "has 4 instances, not 2: nothing was changed" in wrong.err
    echelon("job", "scale", "ejob/web", "--replicas=3", "--current-replicas=4", check=0)
    space.wait_job("3 instances", lambda j: j["status"].get("instancesInForce") == 3)
    assert "it has 3 already" in echelon("job", "scale", "web", "3", check=0).err


def test_scale_beside_a_rolled_back_update(space: Space, echelon: Echelon) -> None:
    rolled_back(space)
    space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    done = echelon("job", "scale", "web", "3", "--wait", "--timeout", "60", check=0)
    assert "3 of 3 instances are ready" in done.err
    assert is_true(space.job(), "Stalled")


def test_scale_says_whose_number_it_is(space: Space, echelon: Echelon) -> None:
    space.apply(job(instances=1), manager="argocd-controller")
    space.wait_ready()
    done = echelon("job", "scale", "web", "2", check=0)
    assert "argocd-controller (Argo CD) has set spec.instances" in done.err


@pytest.mark.parametrize(
    "args", [("web",), ("web", "1", "--replicas=2"), ("web", "10001"), ("web/3", "1")]
)
def test_scale_needs_one_number(echelon: Echelon, args: tuple[str, ...]) -> None:
    echelon("job", "scale", *args, check=2)


def test_scale_of_no_job(echelon: Echelon) -> None:
    assert "not found" in echelon("job", "scale", "none", "1", check=1).err


# Restart.


def test_restart(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=3, strategy=queue(3)))
    before = uids(space)
    done = echelon("job", "restart", "web/0-1", "-m", "leaks", "--wait", check=0)
    (made,) = space.updates()
    assert done.lines[0] == f"update.echelon.dev/{made['metadata']['name']} created"
    assert made["spec"]["message"] == "leaks"
    after = uids(space)
    assert {i for i in before if before[i] != after[i]} == {0, 1}
    left = echelon("job", "restart", "web", check=0)
    assert "follow it with `echelon update watch web-restart-" in left.err
    space.until("3 new pods", lambda: not set(uids(space).values()) & set(after.values()))


def test_restart_is_refused_beside_another_update(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=1))
    space.create(update("held", restart=True, paused=True))
    space.wait_update("RollForwardPaused", name="held")
    refused = echelon("job", "restart", "web", check=6)
    assert "Update held of Job web is active" in refused.err
    assert len(space.updates()) == 1
    assert "not found" in echelon("job", "restart", "none", check=1).err
    assert len(space.updates("none")) == 0


def test_restart_of_instances_that_are_not_there(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=1))
    assert "names 3" in echelon("job", "restart", "web/3", check=6).err


# Retry.


def test_retry_by_token(space: Space, echelon: Echelon) -> None:
    first = rolled_back(space)
    done = echelon("job", "retry", "web", "--wait", "-m", "the network is back", check=3)
    assert done.lines[0] == "echelonjob.echelon.dev/web patched"
    name = done.lines[1].removeprefix("update.echelon.dev/").removesuffix(" started")
    assert name != first["metadata"]["name"]
    assert space.update(name)["metadata"]["ownerReferences"], "the operator has made it"
    assert space.update(name)["spec"]["message"] == "the network is back"
    assert space.job()["spec"]["update"]["retryToken"]


def test_retry_says_who_owns_the_spec(space: Space, echelon: Echelon) -> None:
    made = job(instances=1, update=QUICK)
    space.apply(made, manager="argocd-controller")
    space.wait_ready()
    made["spec"]["template"]["metadata"] = {
        "annotations": {"sim.echelon.dev/behaviour": "never-ready"}
    }
    space.apply(made, manager="argocd-controller")
    space.wait_update("RolledBack", timeout=30)
    done = echelon("job", "retry", "web", check=0)
    assert "argocd-controller (Argo CD) owns the spec of Job web" in done.err
    assert "--update" in done.err


def test_retry_by_an_update(space: Space, echelon: Echelon) -> None:
    rolled_back(space, **MANUAL)
    done = echelon("job", "retry", "web", "--wait", "-m", "again", check=3)
    assert "update.echelon.dev/web-retry-" in done.out
    made = space.updates()[-1]
    assert (made["spec"]["force"], made["spec"]["message"]) == (True, "again")


def test_nothing_to_retry(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=1))
    assert "nothing to retry" in echelon("job", "retry", "web", check=6).err
    assert "whole Job" in echelon("job", "retry", "web/0", check=2).err


# Delete.


def test_delete(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2))
    space.roll("web:2", "RolledForward")
    space.create(update("mine", restart=True))
    space.wait_update("RolledForward", name="mine")
    asked = echelon("job", "delete", "web", check=2)
    assert "2 pods, 1 Update, 2 revisions go after it" in asked.err
    assert "1 Update that a person made stays" in asked.err
    assert space.exists("echelonjobs", "web")
    done = echelon("job", "delete", "web", "-y", check=0)
    assert done.lines == ["echelonjob.echelon.dev/web deleted"]
    assert not space.exists("echelonjobs", "web")
    space.until("no pods", lambda: not space.pods())
    assert space.exists("updates", "mine")
    assert "not found" in echelon("job", "delete", "web", "-y", check=1).err


def test_delete_and_keep_the_pods(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2))
    before = uids(space)
    done = echelon("job", "delete", "web", "-y", "--cascade=orphan", check=0)
    assert "2 pods run on" in done.err
    assert not space.exists("echelonjobs", "web")
    kept = {i: space.pod(i)["metadata"] for i in before}
    assert {i: meta["uid"] for i, meta in kept.items()} == before
    assert not any("deletionTimestamp" in meta for meta in kept.values())


def test_delete_in_the_foreground(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=1))
    done = echelon("job", "delete", "web", "-y", "--cascade=foreground", check=0)
    assert "go before it" in done.err
    assert not space.exists("pods", "web-0")


# Logs.


@pytest.fixture
def kubelet(cluster: Cluster) -> Iterator[Kubelet]:
    with Kubelet(cluster) as running:
        yield running


def test_logs(space: Space, echelon: Echelon, kubelet: Kubelet) -> None:
    space.made(job(instances=3))
    for number in range(12):
        kubelet.write(space.name, "web-0", f"line {number}")
    kubelet.write(space.name, "web-2", "hello")
    found = echelon("job", "logs", "web/0,2", check=0)
    assert found.lines == [*(f"[web/0] line {i}" for i in range(2, 12)), "[web/2] hello"]
    one = echelon("job", "logs", "web/0", "--no-prefix", check=0)
    assert one.lines == [f"line {i}" for i in range(12)]
    few = echelon("job", "logs", "web/0", "--tail", "1", "--timestamps", check=0)
    assert few.lines == ["[web/0] 2026-01-01T00:00:11.000000011Z line 11"]
    echelon("job", "logs", "web/0", "--since", "5m", check=0)
    assert kubelet.queries[-1]["sinceSeconds"] == "300"
    before = echelon("job", "logs", "web/0", "--previous", check=1)
    assert "previous terminated container not found" in before.err
    assert "no container db" in echelon("job", "logs", "web/0", "-c", "db", check=2).err
    assert "has no instance 7" in echelon("job", "logs", "web/7", check=1).err


def test_logs_of_an_instance_without_a_pod(
    space: Space, echelon: Echelon, kubelet: Kubelet
) -> None:
    space.made(job(instances=1))
    space.api.create(
        space.path("pods").replace("/pods", "/resourcequotas"),
        {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "1"}}},
    )
    space.scale(2)
    kubelet.write(space.name, "web-0", "hello")
    found = echelon("job", "logs", "web", check=0)
    assert found.lines == ["[web/0] hello"]
    assert "web/1 has no pod" in found.err


def wait_line(space: Space, stream: IO[str], wanted: str) -> list[str]:
    """The lines of the stream up to one with this text."""
    seen: list[str] = []
    while not seen or wanted not in seen[-1]:
        line = stream.readline()
        assert line, f"no line with {wanted!r} in {seen} ({space.name})"
        seen.append(line.rstrip("\n"))
    return seen


def test_logs_follow_the_pods_that_come(space: Space, echelon: Echelon, kubelet: Kubelet) -> None:
    space.made(job(instances=2))
    write: Callable[[str, str], None] = lambda pod, text: kubelet.write(space.name, pod, text)  # noqa: E731
    write("web-0", "one")
    process = echelon.start("job", "logs", "web", "-f")
    wait_line(space, process.stdout, "[web/0] one")
    write("web-1", "two")
    wait_line(space, process.stdout, "[web/1] two")
    space.roll("web:2", "RolledForward")
    kubelet.end(space.name, "web-0")
    kubelet.end(space.name, "web-1")
    write("web-0", "after the update")
    seen = wait_line(space, process.stdout, "[web/0] after the update")
    assert seen.count("[web/1] two") <= 1, "that of the old pod may not come twice"
    wait_line(space, process.stderr, "web/0: pod web-0 is gone")
    assert interrupt(process).code == 130


def test_logs_end_with_the_job(space: Space, echelon: Echelon, kubelet: Kubelet) -> None:
    space.made(job(instances=1))
    kubelet.write(space.name, "web-0", "one")
    process = echelon.start("job", "logs", "web", "-f")
    wait_line(space, process.stdout, "[web/0] one")
    echelon("job", "delete", "web", "-y", check=0)
    out, err = process.communicate(timeout=patient(60))
    assert process.returncode == 1, out
    assert "EchelonJob web was deleted" in err


def test_conditions_are_as_before(space: Space, echelon: Echelon) -> None:
    """The verbs leave the Job in order."""
    space.made(job(instances=2))
    echelon("job", "restart", "web/1", "--wait", check=0)
    echelon("job", "scale", "web", "3", "--wait", check=0)
    now = space.wait_ready()
    assert not is_true(now, "Stalled")
    assert ids(now["status"]["assigned"][0]["instances"]) == {0, 1, 2}
