"""How long a Lease is held, and how often it is renewed and looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds, in falling order. A Lease not renewed for ``duration`` is free. Its holder stops
    acting ``renew_deadline`` after its last renewal, and renews every ``retry``."""

    duration: float = 15.0
    renew_deadline: float = 10.0
    retry: float = 2.0

    def __post_init__(self) -> None:
        if not self.duration > self.renew_deadline > self.retry > 0:
            raise ValueError("a Lease needs duration > renew_deadline > retry > 0")

    @property
    def look(self) -> float:
        """How often those who do not hold the Lease read it. A release is noticed within this
        time, and a holder that was killed is replaced at most this long after ``duration``."""
        return self.retry / 4
