"""The pods on a node: which of them must leave it, and which of those nobody can evict.

pod                                             with otherPods: Evict
instance of a Job                               moved by its Job, never evicted here
mirror pod, pod of a DaemonSet, pod that ended  stays, as with `kubectl drain`
no controller                                   blocks: nobody would create it again
emptyDir, without deleteEmptyDirData            blocks: its content would be lost
any other                                       evicted
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from controller.api.maintenance import MaintenanceSpec
from controller.core.maintenance.observed import JobKey, Pod

#: Number of Jobs, pods or nodes that a message names.
NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Leaving:
    """What must still leave a node. ``blocked``: pod -> why it is not evicted."""

    instances: tuple[Pod, ...] = ()
    evicted: tuple[Pod, ...] = ()
    blocked: tuple[tuple[Pod, str], ...] = ()

    @property
    def others(self) -> int:
        return len(self.evicted) + len(self.blocked)

    @property
    def jobs(self) -> list[tuple[JobKey, int]]:
        """The Jobs with most instances here, and how many each has: those that messages name."""
        return Counter((pod.namespace, pod.job) for pod in self.instances).most_common(NAMED)

    @property
    def is_empty(self) -> bool:
        return not self.instances and not self.others


def leaving(pods: Iterable[Pod], spec: MaintenanceSpec) -> Leaving:
    """What of these pods must still leave their node."""
    instances, evicted, blocked = list[Pod](), list[Pod](), list[tuple[Pod, str]]()
    for pod in sorted(pods, key=lambda each: (each.namespace, each.name)):
        if pod.job:
            instances.append(pod)
        elif not spec.evicts or pod.mirror or pod.ended or pod.controller == "DaemonSet":
            continue
        elif pod.terminating:
            evicted.append(pod)
        elif not pod.controller:
            blocked.append((pod, "has no controller that would create it again"))
        elif pod.empty_dir and not spec.delete_empty_dir_data:
            blocked.append((pod, "has an emptyDir volume (deleteEmptyDirData is not true)"))
        else:
            evicted.append(pod)
    return Leaving(tuple(instances), tuple(evicted), tuple(blocked))
