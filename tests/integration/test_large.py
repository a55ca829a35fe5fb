"""A Job of a thousand instances: made, rolled all at once, kept small in its status."""

from __future__ import annotations

import json

from tests.integration.harness.manifests import Object, by_revision, ids, job, queue
from tests.integration.harness.space import Space

COUNT = 1000
MAX_BYTES = 200 * 1024


def size(obj: Object) -> int:
    kept = {**obj, "metadata": {**obj["metadata"], "managedFields": []}}
    return len(json.dumps(kept))


def test_a_thousand_instances_are_made_and_rolled(space: Space) -> None:
    made = space.made(job(instances=COUNT, strategy=queue(COUNT)), timeout=90)
    assert made["status"]["availableInstances"] == COUNT
    ended = space.roll("web:2", "RolledForward", timeout=120)
    assert ids(ended["status"]["instances"]["updated"]) == set(range(COUNT))
    done = space.wait_ready(timeout=30)
    assert by_revision(done["status"]["revisions"]) == {
        done["status"]["currentRevision"]: set(range(COUNT))
    }
    lives = {i: len(uids) for i, uids in space.observer.uids().items()}
    assert lives == dict.fromkeys(range(COUNT), 2)
    for seen in space.observer.events():
        if seen.kind != "Pod":
            assert size(seen.object) < MAX_BYTES
