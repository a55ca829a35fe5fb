"""The operator of tests that play the kubelets: it believes what pods are stamped with.

These tests set a pod's stamps back instead of waiting for `minReadySeconds` to pass. The operator
itself counts from when it saw something happen (`controller.core.pods.sighting`).

    python -m tests.integration.aurora.played …     # arguments as of ``python -m controller``
"""

from __future__ import annotations

from controller.__main__ import main
from controller.api.pods.pod import Pod
from controller.core.pods import index


def as_stamped(pod: Pod, known: Pod | None, now: float) -> Pod:
    """In the place of ``as_seen``: the pod as it came."""
    assert known is None or known.slot == pod.slot
    assert now > 0
    return pod


if __name__ == "__main__":
    index.as_seen = as_stamped
    main()
