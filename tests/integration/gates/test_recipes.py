"""The recipes of docs/gates.md: each lets a good version pass, and rolls a bad one back.

The addresses are replaced by those of test servers, and long times by short ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from hack.devcluster.build import HERE
from hack.harness.manifests import Object, sim
from hack.harness.space import Space
from hack.harness.web import Web, verdict
from tests.integration.gates.manifests import POD_IP, turn
from tests.integration.gates.prometheus import Exporter, Prometheus
from tests.integration.gates.rights import may_read

_TEXT = (HERE.parents[1] / "docs" / "gates.md").read_text()
_BLOCKS = [
    yaml.safe_load(block)
    for block in re.findall(r"^```yaml\n(.*?)^```", _TEXT, re.MULTILINE | re.DOTALL)
]
#: Recipes by the name of their first gate.
RECIPES = {
    block["spec"]["update"]["gates"][0]["name"]: block
    for block in _BLOCKS
    if block["kind"] == "EchelonJob"
}
SECRET = next(block for block in _BLOCKS if block["kind"] == "Secret")


@dataclass
class Place:
    """The servers that a recipe's gates ask, and the faults that they report."""

    space: Space
    web: Web
    secure_web: Web
    prometheus: Prometheus | None = None
    exporter: Exporter | None = None

    def adapted(self, recipe: Object) -> Object:
        """The recipe with the addresses of these servers, and with short times."""
        new = {
            "https://approval.example.com": self.secure_web.url,
            "http://web.shop": self.web.url,
            ":8080/": f":{self.web.port}/",
            "[1m]": "[3s]",
        }
        if self.prometheus:
            new["http://prometheus.monitoring:9090"] = self.prometheus.url
        text = yaml.safe_dump(recipe, width=10_000)
        for there, here in new.items():
            text = text.replace(there, here)
        made: Object = yaml.safe_load(text)
        made["spec"]["minReadySeconds"] = 4 if "minReadySeconds" in made["spec"] else 0
        made["spec"]["template"]["metadata"] = {"annotations": sim(pod_ip=POD_IP)}
        policy = made["spec"]["update"]
        for gate in policy["gates"]:
            gate["intervalSeconds"] = 1
            if "job" in gate:
                ends(gate, 0)
        if "watchAfterSeconds" in policy:
            policy["watchAfterSeconds"] = 3
        return made

    def ship(self, job: Object, tag: str, **steering: Any) -> Object:
        """Apply the Job with another image tag, and wait for the end of its Update."""
        template = job["spec"]["template"]
        template["spec"]["containers"][0]["image"] = f"web:{tag}"
        template["metadata"]["annotations"] |= sim(**steering)
        generation = self.space.apply(job)["metadata"]["generation"]
        return self.space.wait_update(
            "RolledForward", "RolledBack", name=f"web-g{generation}", timeout=90
        )


def ends(gate: Object, code: int) -> None:
    """Set how the pod of a job gate ends."""
    pod = gate["job"]["template"]["spec"]["template"]
    steering = sim(behaviour="exit", exit_after="300ms", exit_code=code)
    pod["metadata"] = {"annotations": steering}


@pytest.fixture
def place(
    request: pytest.FixtureRequest, space: Space, web: Web, secure_web: Web, recipe: str
) -> Place:
    made = Place(space, web, secure_web)
    if "prometheus" in RECIPES[recipe]["spec"]["update"]["gates"][0]:
        made.prometheus = request.getfixturevalue("prometheus")
        made.exporter = request.getfixturevalue("exporter")
        made.exporter.namespace = space.name
        made.exporter.pods = lambda: [pod.name for pod in space.pods().values() if pod.ready]
    secure_web.answer = lambda _: verdict("Pass")
    return made


def go_wrong(place: Place, job: Object) -> dict[str, Any]:
    """Make the next version bad for its gate. Returns the steering of its pods."""
    (*_, gate) = job["spec"]["update"]["gates"]
    if "http" in gate:
        place.web.answer = lambda _: (500, "")
    elif "webhook" in gate:
        place.secure_web.answer = lambda _: verdict("Fail", "not on a Friday")
    elif "job" in gate:
        ends(gate, 1)
    elif "builtin" in gate:
        return {"behaviour": "crash-loop", "backoff": "300ms"}
    elif place.exporter:
        images = {"web:1.2"}
        space = place.space
        place.exporter.errors = lambda pod: (
            0.5 if any(p.name == pod and p.image in images for p in space.pods().values()) else 0.0
        )
    return {}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_ships_a_good_version_and_undoes_a_bad_one(place: Place, recipe: str) -> None:
    job = place.adapted(RECIPES[recipe])
    if recipe == "approval":
        place.space.create(SECRET)
        may_read(place.space, SECRET["metadata"]["name"])
    place.space.apply(job)
    place.space.wait_ready(timeout=40)
    good = place.ship(job, "1.1")
    assert good["status"]["phase"] == "RolledForward", good["status"]["message"]
    assert {state["result"] for state in good["status"]["gates"]} == {"Passed"}

    bad = place.ship(job, "1.2", **go_wrong(place, job))
    assert bad["status"]["phase"] == "RolledBack"
    assert turn(bad, "RollingBack")["reason"] == "GateFailed"
    assert {pod.image for pod in place.space.pods().values()} == {"web:1.1"}


def test_the_approval_was_asked_with_the_secret(space: Space, secure_web: Web) -> None:
    space.create(SECRET)
    may_read(space, "approval")
    secure_web.answer = lambda _: verdict("Pass")
    job = Place(space, secure_web, secure_web).adapted(RECIPES["approval"])
    space.made(job)
    space.roll("web:1.1", "RolledForward", timeout=60)
    sent = {asked.headers.get("authorization") for asked in secure_web.asked}
    assert sent == {SECRET["stringData"]["Authorization"]}
