"""Gates that ask HTTP servers, and the effects of any gate: the update continues, waits or
fails."""

from __future__ import annotations

from itertools import pairwise

from hack.harness.manifests import batch, condition, ids, is_true, template
from hack.harness.operator import Operator
from hack.harness.space import Space
from hack.harness.web import Asked, Said, Web
from tests.integration.gates.manifests import POD_IP, gate, gated, state, turn


def test_a_passed_gate_lets_each_group_go_and_says_so(space: Space, web: Web) -> None:
    space.made(gated(gate(http={"url": f"{web.url}/healthz"}), instances=4, strategy=batch(2)))
    assert web.asked == [], "gates do not run at the first creation"
    ended = space.roll("web:2", timeout=40)
    assert ended["status"]["phase"] == "RolledForward"
    assert state(ended)["result"] == "Passed"
    assert state(ended)["group"] == 1
    assert is_true(ended, "GatesPassed")
    assert {asked.path for asked in web.asked} == {"/healthz"}
    assert 2 <= len(web.asked) <= 4, "once after each group, and at most once more after a crash"
    said = [e for e in events(space, "web-g2", "GatePassed") if e["type"] == "Normal"]
    assert {"group 1", "group 2"} <= {e["note"].split(", ")[1].split(":")[0] for e in said}
    text = space.kubectl("describe", "eup/web-g2")
    assert "GatePassed" in text


def events(space: Space, about: str, reason: str) -> list[dict[str, str]]:
    def found() -> list[dict[str, str]]:
        return [e for e in space.events(about) if e["reason"] == reason]

    space.cluster.wait(f"the Event {reason}", found, 15)
    return found()


def test_each_updated_instance_is_asked_at_its_own_address(space: Space, web: Web) -> None:
    probe = {"url": f"http://{{{{echelon.podIP}}}}:{web.port}/healthz", "expectStatus": [204]}
    wish = gated(gate(http=probe), instances=3)
    wish["spec"]["template"] = template(pod_ip=POD_IP)
    space.made(wish)

    def answer(asked: Asked) -> Said:
        return (500, "") if asked.local == "127.0.1.2" else (204, "")

    web.answer = answer
    space.set_image("web:2", pod_ip=POD_IP)
    ended = space.wait_update("RolledBack", "RolledForward", timeout=60)
    assert ended["status"]["phase"] == "RolledBack"
    begun = turn(ended, "RollingBack")
    assert begun["reason"] == "GateFailed"
    assert "gate g failed after group 3: instance 2 answered 500, not 204" in begun["message"]
    rounds = [asked.local for asked in web.asked]
    assert rounds[0] == "127.0.1.0", "the gate asks only updated instances"
    assert set(rounds) == {"127.0.1.0", "127.0.1.1", "127.0.1.2"}
    first = rounds.index("127.0.1.2")
    assert rounds.index("127.0.1.1") < first


def test_a_failed_gate_rolls_back_at_once_and_is_told_everywhere(space: Space, web: Web) -> None:
    asks = gate(http={"url": web.url}, failures=3)
    made = space.made(gated(asks, instances=4, strategy=batch(2), maxFailedInstances=4))
    old = made["status"]["currentRevision"]
    web.answer = lambda _: (503, "overloaded")
    ended = space.roll("web:2", timeout=40)
    assert ended["status"]["phase"] == "RolledBack"
    assert len(web.asked) == 3, "the gate needs three failures in a row"
    times = [asked.at for asked in web.asked]
    assert all(later - earlier >= 0.9 for earlier, later in pairwise(times))
    assert state(ended)["failures"] == 3
    assert state(ended)["value"] == "0/1"
    words = f"gate g failed after group 1: {web.url}/ answered 503, not 200"
    assert turn(ended, "RollingBack")["message"] == words
    assert words in ended["status"]["message"]
    assert ids(ended["status"]["instances"]["rolledBack"]) == {0, 1}
    assert {len(uids) for i, uids in space.observer.uids().items() if i > 1} == {1}
    assert condition(ended, "GatesPassed")["reason"] == "GateFailed"
    (event,) = events(space, "web-g2", "GateFailed")
    assert event["type"] == "Warning"
    assert "503" in event["note"]
    after = space.wait_job("stalled", lambda j: is_true(j, "RolledBack"))
    assert after["status"]["currentRevision"] == old
    assert words in condition(after, "Stalled")["message"]
    assert after["status"]["knownBad"][0]["reason"] == words


def test_successes_in_a_row_hold_the_next_group_so_long(space: Space, web: Web) -> None:
    space.made(gated(gate(http={"url": web.url}, successes=3)))
    ended = space.roll("web:2", timeout=60)
    assert ended["status"]["phase"] == "RolledForward"
    assert 6 <= len(web.asked) <= 8
    assert web.asked[5].at - web.asked[0].at >= 3.5


def test_nobody_answers_and_the_update_pauses_until_it_is_asked_again(space: Space) -> None:
    with Web() as gone:
        url, port = gone.url, gone.port
    space.made(gated(gate(http={"url": url}, timeoutSeconds=3)))
    space.set_image("web:2")
    held = space.wait_update("RollForwardPaused", timeout=40)
    assert held["status"]["reason"] == "GateInconclusive"
    assert "no verdict within 3s" in held["status"]["message"]
    assert "cannot connect to 127.0.0.1" in held["status"]["message"]
    assert "spec.resumeToken" in held["status"]["message"]
    assert state(held)["result"] == "Inconclusive"
    assert not state(held).get("failures"), "a missing answer is no failure"
    assert {i: p.image for i, p in space.pods().items()} == {0: "web:2", 1: "web:1"}
    with Web(port=port):
        space.api.patch(space.path("updates", "web-g2"), {"spec": {"resumeToken": "1"}})
        ended = space.wait_update("RolledForward", "RolledBack", timeout=40)
    assert ended["status"]["phase"] == "RolledForward"
    assert ended["status"]["observedResumeToken"] == "1"


def test_a_dry_run_is_recorded_and_decides_nothing(space: Space, web: Web) -> None:
    web.answer = lambda _: (500, "")
    space.made(gated(gate(http={"url": web.url}, dryRun=True)))
    ended = space.roll("web:2", timeout=40)
    assert ended["status"]["phase"] == "RolledForward"
    assert events(space, "web-g2", "GateFailed")


def test_what_is_not_allowed_is_not_asked(space: Space) -> None:
    addresses = ["http://169.254.169.254/latest/", f"{space.cluster.url}/healthz"]
    gates = [
        gate(f"g{n}", http={"url": url}, timeoutSeconds=2, onInconclusive="Pass")
        for n, url in enumerate(addresses)
    ]
    space.made(gated(*gates, instances=1))
    ended = space.roll("web:2", timeout=40)
    assert ended["status"]["phase"] == "RolledForward"
    assert "is link-local" in state(ended, "g0")["message"]
    assert "is the API server" in state(ended, "g1")["message"]


def test_metrics_count_the_questions(space: Space, operator: Operator, web: Web) -> None:
    space.made(gated(gate(http={"url": web.url}), instances=1))
    space.roll("web:2", "RolledForward", timeout=40)
    text = operator.metrics()
    assert 'echelon_gate_asks_total{provider="http",verdict="Pass"}' in text
    assert 'echelon_gate_ask_seconds_count{provider="http"}' in text
    assert "echelon_gate_late_seconds_count" in text
