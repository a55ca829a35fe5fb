"""The version of the engine: the rules by which an Update is carried out.

An Update stores the engine version of the operator that carried it on last
(`status.engineVersion`). After a downgrade an older operator finds a higher version than its own.
It must not carry on what it does not understand, so it leaves that Update and its Job alone.
"""

from __future__ import annotations

from typing import Final

#: Raise it by one when an operator of the former version would carry on an active Update wrongly:
#: a new phase or transition; a new or changed meaning of a stored field from which the next step
#: follows (`assigned`, `from`, `to`, `batch`, `slots`, `failureCounts`, `turn`, the policy); other
#: names, labels or annotations of pods; another order of writes. Counts, messages, conditions,
#: metrics and faster ways to the same writes do not raise it. A release that raises it can be
#: downgraded only while no Update that it moved is active, so its notes must say so.
ENGINE_VERSION: Final = 1


def version_of(stored: int | None) -> int:
    """The engine version of an Update whose status stores ``stored``. None: admitted by a version
    that did not store it yet, which had engine 1."""
    return 1 if stored is None else stored


def is_newer(stored: int | None) -> bool:
    """Whether only a newer operator may carry on an Update with this ``status.engineVersion``."""
    return version_of(stored) > ENGINE_VERSION


def is_older(stored: int | None) -> bool:
    """Whether an older operator was the last to carry on an Update with this
    ``status.engineVersion``."""
    return version_of(stored) < ENGINE_VERSION
