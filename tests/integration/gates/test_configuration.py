"""Configuration in an annotation: a gate asks each process what it runs with."""

from __future__ import annotations

from hack.harness.manifests import Object, batch, template
from hack.harness.space import Space
from hack.harness.web import Asked, Said, Web
from tests.integration.gates.manifests import POD_IP, gate, gated, turn

CONFIG = "example.com/config"


def configured(config: str) -> Object:
    made = template(pod_ip=POD_IP)
    made["metadata"]["annotations"][CONFIG] = config
    return made


def test_a_bad_configuration_is_taken_back_and_nothing_restarts(space: Space, web: Web) -> None:
    asks = gate(http={"url": f"http://{{{{echelon.podIP}}}}:{web.port}/config"}, failures=2)
    wish = gated(asks, instances=6, strategy=batch(2), replacement="InPlace")
    wish["spec"]["template"] = configured("good")
    space.made(wish)
    before = {i: pod.uid for i, pod in space.pods().items()}

    def answer(asked: Asked) -> Said:
        """Each process says whether it can use what its pod's annotation says."""
        instance = int(asked.local.rpartition(".")[2])
        config = space.pods()[instance].annotations[CONFIG]
        return (200, config) if config != "bad" else (500, "cannot parse it")

    web.answer = answer
    space.set_template(configured("better"))
    assert space.wait_update("RolledForward", "RolledBack", timeout=40)["status"]["phase"] == (
        "RolledForward"
    )
    space.wait_job("no active Update", lambda j: "activeUpdate" not in j["status"])
    space.set_template(configured("bad"))
    ended = space.wait_update("RolledBack", timeout=40)
    assert "failed after group 1" in turn(ended, "RollingBack")["message"]
    pods = space.pods()
    assert {pod.annotations[CONFIG] for pod in pods.values()} == {"better"}
    assert {i: pod.uid for i, pod in pods.items()} == before
    assert {pod.restarts for pod in pods.values()} == {0}
    seen = {
        e.object.instance
        for e in space.observer.events()
        if e.kind == "Pod" and e.type != "DELETED" and e.object.annotations.get(CONFIG) == "bad"
    }
    assert len(seen) == 2, "only the first group had it"
