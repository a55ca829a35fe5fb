"""Without changes the operator writes nothing but its Lease."""

from __future__ import annotations

import os
import threading
import time

import pytest

from hack.harness.audit import Audit
from hack.harness.manifests import is_true, job
from hack.harness.operator import USER, Operator
from hack.harness.space import Space

INSTANCES = 5
SECONDS = 60
#: Share of a core. On a slow machine, so many times what the operator uses there without Jobs.
SHARE, TIMES = 0.02, 3


@pytest.mark.parametrize(
    "jobs", [200, pytest.param(1000, marks=pytest.mark.slow)], ids=lambda jobs: f"{jobs}-jobs"
)
@pytest.mark.timeout(900)
def test_an_idle_operator_writes_only_its_lease_and_uses_next_to_no_cpu(
    space: Space, operator: Operator, audit: Audit, jobs: int
) -> None:
    alone = share(operator, SECONDS / 3)
    names = [f"job-{number}" for number in range(jobs)]
    makers = [
        threading.Thread(target=lambda part=names[n::8]: [space.create(job(x, 5)) for x in part])
        for n in range(8)
    ]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    space.until(
        "all to be Ready",
        lambda: (
            sum(is_true(j, "Ready") for j in space.sightings.all(space.name, "EchelonJob")) == jobs
        ),
        timeout=600,
    )
    quiet(operator, audit)
    audit.mark()
    idle = share(operator, SECONDS)
    writes = [r for r in audit.requests(user=USER) if r.writes]
    assert [str(r) for r in writes if r.resource != "leases"] == []
    assert writes, "the Lease is renewed"
    assert idle < max(SHARE, TIMES * alone), f"{idle:.1%} of a core; without Jobs {alone:.1%}"
    assert operator.probe("healthz")


def share(operator: Operator, seconds: float) -> float:
    """The share of a core that the operator uses in a period in which nothing must happen."""
    cpu, began = operator.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    return (operator.cpu_seconds() - cpu) / (time.monotonic() - began)


def quiet(operator: Operator, audit: Audit) -> None:
    """Wait until the operator has written nothing but its Lease for five seconds."""

    def still() -> bool:
        audit.mark()
        time.sleep(5)
        return not any(r.writes and r.resource != "leases" for r in audit.requests(user=USER))

    operator.wait("the last writes", still, 120)
    assert os.path.exists(f"/proc/{operator.pid}")
