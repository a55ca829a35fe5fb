"""A fifth of all answers is an error, late, lost, or the request is carried out twice."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from hack.chaos.lane import Lane
from hack.chaos.part import Run
from hack.chaos.row import Row
from hack.chaos.scenario import PATIENCE
from hack.harness.judge import judge
from hack.harness.manifests import Object, job, phase, queue
from hack.harness.proxy import Asked, Fault
from hack.harness.space import TERMINAL, Space

#: The part of the answers that is disturbed, and how.
SHARE: Final = 0.2
KINDS: Final = (
    Fault(status=500),
    Fault(status=429, retry_after=1),
    Fault(status=409),
    Fault(silent=True),
    Fault(times=2),
    Fault(late=2.0),
)
#: The most requests about one object within a second, unless there are more without faults. The
#: most writes, as a multiple of those without faults.
MOST_PER_SECOND: Final = 5
MOST_WRITES: Final = 2.0
#: A pod is Ready so long after its start, as real ones take a moment, too.
_STEERING: Final = {"behaviour": "ready-after", "ready_after": "1s"}
_POLICY: Final = {"maxFailuresPerInstance": 0, "readyTimeoutSeconds": 0}


@dataclass(slots=True)
class Meter:
    """Counts what an operator asks. ``most``: the most requests about one object within a second,
    and ``crowd``: which, with their moments. ``repeated``: the most of them that were the same, but
    for the version that they mean."""

    writes: int = 0
    most: int = 0
    repeated: int = 0
    crowd: tuple[str, ...] = ()
    kinds: Counter[str] = field(default_factory=Counter)
    _recent: dict[str, deque[tuple[float, str]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, asked: Asked, now: float) -> None:
        """Take a request that arrives at a monotonic time."""
        about = subject(asked)
        if not about:
            return
        with self._lock:
            self.writes += asked.writes
            what = f"{asked.method} {asked.path}"
            every = self._within(about, now, what)
            if len(every) > self.most:
                self.most, self.crowd = len(every), tuple(every)
            same = self._within(f"{what} {_content(asked.body)}", now, what)
            self.repeated = max(self.repeated, len(same))

    def _within(self, about: str, now: float, what: str) -> list[str]:
        """Take one more of these. Returns those of the last second, with their moments."""
        window = self._recent.setdefault(about, deque())
        window.append((now, what))
        while window[0][0] <= now - 1:
            window.popleft()
        return [f"{moment - now:.3f} {each}" for moment, each in window]


def _content(body: bytes) -> str:
    """What a request writes, whatever version it means."""
    try:
        found = json.loads(body or b"null")
    except ValueError:
        return repr(body)
    if isinstance(found, dict) and "status" in found:
        return json.dumps(found["status"])
    return json.dumps(found)


def subject(asked: Asked) -> str:
    """The object that a request is about: its path without a subresource. "" for lists, watches,
    Leases, Events, and creates, whose object is not in the path."""
    parts = asked.path.strip("/").split("/")
    if asked.lease or "events" in parts or "namespaces" not in parts:
        return ""
    rest = parts[parts.index("namespaces") + 2 :]  # pods, web-0, status
    return "/".join(parts[: len(parts) - len(rest) + 2]) if len(rest) >= 2 else ""


class Disturbed:
    """The ``fault`` of a proxy: measures each request, and disturbs some while ``on``."""

    def __init__(self, seed: int, meter: Meter) -> None:
        self.on = False
        self.meter = meter
        self._dice = random.Random(seed)

    def __call__(self, asked: Asked) -> Fault | None:
        self.meter.take(asked, time.monotonic())
        if not self.on or self._dice.random() >= SHARE:
            return None
        found = self._dice.choice(KINDS)
        if found.status is None and "watch=" in asked.query:
            return None  # A watch has no one answer that could be late.
        self.meter.kinds[_told(found)] += 1
        return found


def _told(fault: Fault) -> str:
    if fault.status is not None:
        return str(fault.status)
    return "doubled" if fault.times > 1 else "late" if fault.late else "no answer"


@dataclass(slots=True)
class Counted:
    """Updates that ended, and how many ended otherwise than they must."""

    ended: int = 0
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def run(run: Run) -> list[Row]:
    """The same updates without and with faults."""
    jobs = 5 if run.short else 20
    quiet, disturbed = (12.0, 20.0) if run.short else (90.0, 600.0)
    row = Row(f"{jobs} Jobs, updates without a pause", "20 % of the answers disturbed")
    with Lane(run.plane, args=("--report-seconds", "1")) as lane:
        plain = Disturbed(run.seed, Meter())
        lane.proxy.fault = plain
        names = [f"web{number}" for number in range(jobs)]
        for name in names:
            policy = dict(_POLICY)
            lane.space.create(job(name, 3, strategy=queue(1), steering=_STEERING, update=policy))
        for name in names:
            lane.space.wait_ready(name, timeout=60)
        turns = dict.fromkeys(names, 1)
        plain.meter = Meter()
        without = _updated(lane.space, turns, quiet)
        run.say(f"without faults: {without.ended} Updates, {plain.meter.writes} writes")
        faulty = Disturbed(run.seed, Meter())
        faulty.on = True
        lane.proxy.fault = faulty
        found = _updated(lane.space, turns, disturbed)
        faulty.on = False
        run.say(f"with faults: {found.ended} Updates, {faulty.meter.writes} writes")
        row.broken += found.wrong + without.wrong
        row.broken += judge(lane.space, lane.audit, {lane.operator: lane.logged}, only=True)
        if lane.operator.starts != 1:
            row.broken.append(f"the operator was started {lane.operator.starts} times")
        lane.clean()
    _judge_meters(row, plain.meter, without, faulty.meter, found)
    row.tried, row.seconds = found.ended, [round(each, 2) for each in found.seconds]
    return [row]


def _judge_meters(row: Row, plain: Meter, without: Counted, faulty: Meter, found: Counted) -> None:
    usual = plain.writes / max(1, without.ended)
    now = faulty.writes / max(1, found.ended)
    if now > MOST_WRITES * usual:
        row.broken.append(f"{now:.1f} writes per Update, {usual:.1f} without faults")
    if faulty.most > max(MOST_PER_SECOND, plain.most):
        asked = "; ".join(faulty.crowd)
        row.broken.append(f"{faulty.most} requests about one object within a second: {asked}")
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(faulty.kinds.items()))
    row.note = (
        f"{now:.1f} writes per Update, {usual:.1f} without faults; at most {faulty.most} requests "
        f"a second about one object ({plain.most} without faults), {faulty.repeated} of them equal "
        f"({plain.repeated}); {kinds}; "
        "the seconds are those of an Update"
    )


def _updated(space: Space, turns: dict[str, int], seconds: float) -> Counted:
    """Update all Jobs again and again for so long, and wait for the last ones. Every third image is
    bad and must be rolled back."""
    counted, lock = Counted(), threading.Lock()
    until = time.monotonic() + seconds

    def one(name: str) -> None:
        while time.monotonic() < until:
            turns[name] += 1
            good, began = turns[name] % 3 != 0, time.monotonic()
            ended = _update(space, name, turns[name], good)
            with lock:
                counted.ended += 1
                counted.seconds.append(time.monotonic() - began)
                if ended:
                    counted.wrong.append(f"{name}, image {turns[name]}: {ended}")

    threads = [threading.Thread(target=one, args=(name,)) for name in turns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counted


def _update(space: Space, name: str, turn: int, good: bool) -> str:
    """One Update of a Job. Returns how it ended otherwise than without faults, or ""."""
    steering = _STEERING if good else {"behaviour": "crash-loop", "instances": "1"}
    expected = "RolledForward" if good else "RolledBack"
    try:
        generation = space.set_image(f"web:{turn}", name, **steering)["metadata"]["generation"]
        ended = space.wait_update(*TERMINAL, name=f"{name}-g{generation}", timeout=4 * PATIENCE)
        space.wait_job("no Update", lambda it: "activeUpdate" not in it["status"], name, PATIENCE)
    except AssertionError as error:
        return str(error)
    return "" if phase(ended) == expected else _wrong(ended, expected)


def _wrong(update: Object, expected: str) -> str:
    status = update["status"]
    return f"{status['phase']} and not {expected}: {status.get('message', '')}"
