"""A status with a value that cannot be read: the Job is left alone until a person corrects it."""

from __future__ import annotations

import json

from hack.harness.audit import Audit
from hack.harness.manifests import condition, job, phase
from hack.harness.operator import USER
from hack.harness.space import Space


def test_a_group_that_cannot_be_read_stops_its_update_until_a_person_corrects_it(
    space: Space, audit: Audit
) -> None:
    space.made(job(instances=2))
    space.set_image("web:2", behaviour="ready-after", ready_after="3s")
    update = space.wait_update("RollingForward", probe=lambda u: u["status"].get("batch"))
    name = update["metadata"]["name"]
    write_group(space, name, "1-0")
    told = space.wait_job("TooNew", lambda j: condition(j, "Stalled").get("reason") == "TooNew")
    message = condition(told, "Stalled")["message"]
    assert f"Update {name}: status.batch.instances: " in message
    mend = f"kubectl edit updates {name} -n {space.name} --subresource=status"
    assert mend in message
    for said_of in ("web", name):
        space.until("its Event", lambda who=said_of: _told(space, who))  # type: ignore[misc]
    audit.mark()
    space.delete_pod("web-1")
    space.until("web-1 is gone", lambda: 1 not in space.pods())
    space.made(job("other", instances=1))
    assert phase(space.update(name)) == "RollingForward"
    asked = audit.requests(user=USER, namespace=space.name)
    assert [str(r) for r in asked if r.writes and r.name.startswith("web")] == []
    write_group(space, name, "0-1")  # Right for either of its groups.
    space.wait_update("RolledForward", name=name, timeout=40)
    space.wait_ready()


def _told(space: Space, name: str) -> bool:
    return any(event["reason"] == "TooNew" for event in space.events(name))


def write_group(space: Space, name: str, ids: str) -> None:
    """Write the ids of the group as `kubectl edit --subresource=status` does."""
    patch = json.dumps({"status": {"batch": {"instances": ids}}})
    space.kubectl("patch", "updates", name, "--subresource=status", "--type=merge", "-p", patch)
