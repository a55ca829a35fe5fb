"""Stamps and clocks: what counts as when."""

from __future__ import annotations

from tests.integration.harness.manifests import job, queue
from tests.integration.harness.space import Space


def test_an_instance_that_is_ready_within_its_time_is_no_failure(space: Space) -> None:
    quick = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0}
    space.made(job(instances=3, strategy=queue(1), min_ready=0, update=quick))
    space.set_image("web:2", behaviour="ready-after", ready_after="1400ms")
    ended = space.wait_update("RolledForward", timeout=30)
    assert "failures" not in ended["status"]
