"""How long new pods of a Job took to become good, for a metric; no decision reads it."""

from __future__ import annotations

from dataclasses import dataclass

from controller.api.pods.pod import Pod


@dataclass(slots=True)
class FirstGood:
    """``count``: pods that became good for the first time; ``seconds``: from the creation of each,
    or its last change in place, to that moment, added up. Both only grow."""

    count: int = 0
    seconds: float = 0.0

    def note(self, pod: Pod, moment: float, before: float) -> None:
        """``pod`` became good at ``moment``. ``before``: when the pods were last looked at; what
        was good by then, or before the first look (0), is not counted. All are epoch seconds."""
        if 0 < before < moment:
            self.count += 1
            self.seconds += moment - pod.since
