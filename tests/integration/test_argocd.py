"""The actions for Argo CD do what they say, done on live objects as Argo CD does them.

The scripts are those that the command of docs/gitops-argocd.md puts into Argo CD's ConfigMap.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator

import pytest
import yaml

from hack.devcluster.cluster import Cluster
from hack.harness.manifests import Object, batch, is_true, job, template, update
from hack.harness.space import Space
from hack.integrations import ROOT
from hack.integrations.argocd import ArgoCD

Act = Callable[[str, str, str], Object]
PLURALS = {"EchelonJob": "echelonjobs", "Update": "updates"}
QUICK = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0}
SLOW = {"readyTimeoutSeconds": 600, "maxFailuresPerInstance": 0}


@pytest.fixture(scope="module")
def argocd(cluster: Cluster) -> Iterator[ArgoCD]:
    api = cluster.api
    api.create("/api/v1/namespaces", {"metadata": {"name": "argocd"}})
    api.create("/api/v1/namespaces/argocd/configmaps", {"metadata": {"name": "argocd-cm"}})
    document = (ROOT / "docs" / "gitops-argocd.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^```sh\nkubectl (.*)\n```$", document, re.MULTILINE)
    cluster.kubectl(*(_path(word) for word in shlex.split(command)))
    found = api.get("/api/v1/namespaces/argocd/configmaps/argocd-cm")
    made = ArgoCD(yaml.safe_dump({"data": found["data"]}))
    yield made
    made.close()


def _path(word: str) -> str:
    return str(ROOT / word) if word.startswith("integrations/") else word


@pytest.fixture
def act(space: Space, argocd: ArgoCD) -> Act:
    """Do an action on an object; returns what the API server stored."""

    def do(kind: str, name: str, action: str) -> Object:
        path = space.path(PLURALS[kind], name)
        live = space.api.get(path)
        assert argocd.actions(live)[action], "it is offered"
        (operation,) = argocd.run(live, action)
        if operation["operation"] == "patch":
            stored = space.api.patch(path, operation["body"])
        else:
            stored = space.create(operation["body"])
        found: Object = stored
        return found

    return do


def held(space: Space, **fields: object) -> None:
    """Begin an Update that stops at instance 1."""
    space.made(job(instances=3, update={**SLOW, **fields}))
    space.set_image("web:2", behaviour="never-ready", instances="1")
    space.wait_update(
        "RollingForward", probe=lambda it: it["status"].get("counts", {}).get("updated") == 1
    )
    space.until("the new pod of 1", lambda: 1 in space.pods() and space.pods()[1].image == "web:2")


def release(space: Space) -> None:
    space.patch_pod("web-1", annotations={"sim.echelon.dev/behaviour": "ready"})


def test_pause_and_resume(space: Space, argocd: ArgoCD, act: Act) -> None:
    held(space)
    act("Update", "web-g2", "pause")
    paused = space.wait_update("RollForwardPaused")
    assert argocd.health(paused)["status"] == "Suspended"
    space.wait_job("Suspended", lambda it: argocd.health(it)["status"] == "Suspended")
    act("Update", "web-g2", "resume")
    space.wait_update("RollingForward")
    release(space)
    ended = space.wait_update("RolledForward")
    assert argocd.health(ended)["status"] == "Healthy"
    assert argocd.health(space.wait_ready())["status"] == "Healthy"


def test_resume_ends_a_pause_of_the_operator(space: Space, act: Act) -> None:
    space.made(job(instances=2, strategy={**batch(1), "autoPause": True}, update=SLOW))
    space.set_image("web:2")
    space.wait_update("RollForwardPaused", probe=lambda it: it["status"]["reason"] == "AutoPaused")
    act("Update", "web-g2", "resume")
    space.wait_update("RolledForward")


def test_roll_back_also_from_a_pause(space: Space, argocd: ArgoCD, act: Act) -> None:
    held(space)
    act("Update", "web-g2", "pause")
    space.wait_update("RollForwardPaused")
    act("Update", "web-g2", "rollback")
    ended = space.wait_update("RolledBack")
    assert argocd.health(ended)["status"] == "Degraded"
    space.until("the old image", lambda: images(space) == {"web:1"})


def test_abort(space: Space, argocd: ArgoCD, act: Act) -> None:
    held(space)
    act("Update", "web-g2", "abort")
    ended = space.wait_update("Aborted")
    assert argocd.health(ended)["status"] == "Healthy"
    mixed = space.wait_job("Stalled", lambda it: is_true(it, "Stalled"))
    assert argocd.health(mixed)["status"] == "Degraded"


def test_a_pulse_lets_an_update_go_on(space: Space, argocd: ArgoCD, act: Act) -> None:
    space.made(job(instances=1, update={**SLOW, "pulseIntervalSeconds": 30}))
    space.set_image("web:2")
    waiting = space.wait_update("RollForwardAwaitingPulse")
    assert argocd.health(waiting)["status"] == "Suspended"
    act("Update", "web-g2", "pulse")
    space.wait_update("RolledForward")


def test_restart_replaces_all_instances_at_their_revision(space: Space, act: Act) -> None:
    before = space.made(job(instances=2, update=SLOW))
    uids = {pod.uid for pod in space.pods().values()}
    made = act("EchelonJob", "web", "restart")
    space.wait_update("RolledForward", name=made["metadata"]["name"])
    after = space.wait_ready()
    assert uids.isdisjoint({pod.uid for pod in space.pods().values()})
    assert after["status"]["currentRevision"] == before["status"]["currentRevision"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"], "spec is untouched"
    (owner,) = made["metadata"]["ownerReferences"]
    assert owner["uid"] == before["metadata"]["uid"], "Argo CD shows it below the Job"


@pytest.mark.parametrize("kind", ["EchelonJob", "Update"])
def test_retry_tries_what_failed_for_another_cause(space: Space, act: Act, kind: str) -> None:
    space.made(job(instances=2, update=QUICK))
    node = "/api/v1/nodes/sim-3"
    picky = template("web:2")
    picky["spec"]["nodeSelector"] = {"disk": space.name}  # no node has it yet
    generation = space.patch_job(template=picky)["metadata"]["generation"]
    space.wait_update("RolledBack")
    space.wait_job("Stalled", lambda it: is_true(it, "Stalled"))
    space.api.patch(node, {"metadata": {"labels": {"disk": space.name}}})
    try:
        made = act(kind, "web" if kind == "EchelonJob" else "web-g2", "retry")
        space.wait_update("RolledForward", name=made["metadata"]["name"])
    finally:
        space.api.patch(node, {"metadata": {"labels": {"disk": None}}})
    expected = {"web:2"} if kind == "EchelonJob" else {"web:1", "web:2"}
    assert images(space) == expected
    assert space.job()["metadata"]["generation"] == generation, "spec is untouched"


def test_an_update_of_a_person_can_be_steered_as_well(space: Space, act: Act) -> None:
    space.made(job(instances=2, update={**SLOW, "mode": "Manual"}))
    space.create(update("mine", restart=True, paused=True))
    space.wait_update("RollForwardPaused", name="mine")
    act("Update", "mine", "resume")
    space.wait_update("RolledForward", name="mine")


def images(space: Space) -> set[str]:
    return {pod.image for pod in space.pods().values()}
