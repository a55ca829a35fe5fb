"""CPU and memory of processes, and the CPU that other processes use, read from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_IDLE = (3, 4)  # idle, iowait


def cpu_seconds(pid: int) -> float:
    """CPU seconds that a process has used so far, in all threads. 0 if it has exited."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def rss_mb(pid: int, peak: bool = False) -> float:
    """Resident memory in MB, now or at its peak since ``forget_peak``."""
    name = "VmHWM:" if peak else "VmRSS:"
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return 0.0


def forget_peak(pid: int) -> None:
    """Reset the peak of resident memory."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


@dataclass(frozen=True, slots=True)
class Sample:
    """CPU seconds used until the moment ``at`` (monotonic): ``ours`` by process name, ``busy`` of
    the whole machine, including time stolen by its host."""

    at: float
    ours: Mapping[str, float]
    busy: float

    @classmethod
    def take(cls, pids: Mapping[str, int]) -> Sample:
        first = Path("/proc/stat").read_text().splitlines()[0]
        ticks = [int(word) for word in first.split()[1:9]]
        busy = sum(ticks) - sum(ticks[i] for i in _IDLE)
        named = {name: cpu_seconds(pid) for name, pid in pids.items()}
        named["bench"] = cpu_seconds(os.getpid())
        return cls(time.monotonic(), named, busy / _TICK)

    def since(self, before: Sample) -> Sample:
        """The difference between two samples."""
        ours = {name: used - before.ours.get(name, 0.0) for name, used in self.ours.items()}
        return Sample(self.at - before.at, ours, self.busy - before.busy)

    @property
    def others(self) -> float:
        """Of a difference: number of cores that other processes used."""
        return max(0.0, self.busy - sum(self.ours.values())) / self.at
