"""What an operator believes of the pods of these tests: what they are stamped with.

A test sets a pod's stamps back instead of waiting for `minReadySeconds` to pass. The operator
itself counts from when it saw something happen (`as_observed`, in whose place this stands).
"""

from __future__ import annotations

from controller.api.pods.pod import Pod


def as_stamped(pod: Pod, known: Pod | None, now: float) -> Pod:
    """The pod as it came."""
    assert known is None or known.slot == pod.slot
    assert now > 0
    return pod
