"""CPU and memory of processes, and how much of the machine others use: read from /proc."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_IDLE = (3, 4)  # idle, iowait


def cpu_seconds(pid: int) -> float:
    """CPU time a process has used so far, with all its threads; 0 when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def rss_mb(pid: int, peak: bool = False) -> float:
    """Resident memory, now or at its peak since ``forget_peak``."""
    name = "VmHWM:" if peak else "VmRSS:"
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return 0.0


def forget_peak(pid: int) -> None:
    """Let the peak of resident memory begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


@dataclass(frozen=True, slots=True)
class Sample:
    """CPU seconds at one moment: of our processes by name, and of the whole machine (busy)."""

    ours: Mapping[str, float]
    busy: float
    stolen: float

    @classmethod
    def take(cls, pids: Mapping[str, int]) -> Sample:
        first = Path("/proc/stat").read_text().splitlines()[0]
        ticks = [int(word) for word in first.split()[1:9]]
        stolen = ticks[7]
        busy = sum(ticks[:8]) - sum(ticks[i] for i in _IDLE) - stolen
        named = {name: cpu_seconds(pid) for name, pid in pids.items()}
        named["bench"] = cpu_seconds(os.getpid())
        return cls(named, busy / _TICK, stolen / _TICK)

    def since(self, before: Sample) -> Sample:
        """What was used between two samples."""
        ours = {name: used - before.ours.get(name, 0.0) for name, used in self.ours.items()}
        return Sample(ours, self.busy - before.busy, self.stolen - before.stolen)

    def others(self, more: float = 0.0) -> float:
        """CPU seconds of processes that are not ours; ``more`` of ours was not sampled."""
        return max(0.0, self.busy - sum(self.ours.values()) - more)
