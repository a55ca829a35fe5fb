"""Every Job in `examples/` runs on a real node, and updates to another image.

The images have the names in the example; each is the test's web server at port 8080.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.e2e import images, webserver
from hack.e2e.node import RealNode
from hack.e2e.operator_base import ROOT
from tests.e2e import volumes
from tests.e2e.place import Place

_OLD, _NEW = ":1.0", ":1.1"


def jobs(path: Path) -> list[dict[str, Any]]:
    found = [each for each in yaml.safe_load_all(path.read_text()) if each]
    return [each for each in found if each["apiVersion"].startswith("echelon.dev/")]


EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.yaml") if jobs(path))


@pytest.fixture(scope="session")
def loaded(node: RealNode) -> None:
    """Load the images of all examples into the node, in two versions."""
    names = {
        container["image"]
        for path in EXAMPLES
        for job in jobs(path)
        for container in job["spec"]["template"]["spec"]["containers"]
    }
    old = dict.fromkeys(names, "1")
    new = {name.replace(_OLD, _NEW): "2" for name in names}
    layer = webserver.layer(node.dir)
    made = [webserver.version(layer, name, tag) for name, tag in (old | new).items()]
    node.load(images.archive(node.dir / "examples.tar", made))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_rolls(place: Place, node: RealNode, loaded: None, path: Path) -> None:
    assert loaded is None
    place.kubectl("apply", "-f", str(path))
    with volumes.provided(place, node):
        _rolls(place, path)


def _rolls(place: Place, path: Path) -> None:
    (job,) = jobs(path)
    name, instances = job["metadata"]["name"], job["spec"]["instances"]
    assert place.wait_ready(name, 90)["status"]["availableInstances"] == instances

    template = job["spec"]["template"]
    for container in template["spec"]["containers"]:
        container["image"] = container["image"].replace(_OLD, _NEW)
    update = place.wait_update(place.change(template, name), timeout=120)
    assert update["status"]["phase"] == "RolledForward", update["status"]
    assert place.wait_ready(name)["status"]["availableInstances"] == instances
    running = {pod["spec"]["containers"][0]["image"] for pod in place.pods(name).values()}
    assert running == {template["spec"]["containers"][0]["image"]}
