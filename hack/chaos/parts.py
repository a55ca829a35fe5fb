"""All parts of `make chaos`, in the order in which they run."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from hack.chaos import (
    dying_node,
    failover,
    faults,
    frozen,
    fuzz,
    kills,
    long_outage,
    outages,
    random_kills,
)
from hack.chaos.part import Part, Run
from hack.chaos.row import Row
from hack.chaos.scenarios import NAMES, scenarios

#: Kill points in the short form.
_SAMPLE: Final = 40


def _group(name: str) -> str:
    """The scenarios of one part: those that differ in the replacement alone."""
    return re.sub(r"[^a-z]+", "-", name.partition(",")[0].lower()).strip("-")


def _kill(group: str | None, run: Run) -> list[Row]:
    every = scenarios(run.plane.web.url)
    wanted = [s for s in every if (_group(s.name) == group if group else s.short)]
    most = run.tries(1_000_000, _SAMPLE)
    return kills.run(run.plane, wanted, most, run.seed, run.say)


def _kills() -> list[Part]:
    """In the long form a part for each group; in the short form a sample of all."""
    groups = list(dict.fromkeys(map(_group, NAMES)))
    return [
        Part("kill", "kill -9 at a sample of all writes", partial(_kill, None), None, 90),
        *(
            Part(
                f"kill-{group}",
                f"kill -9 before and after each write: {group.replace('-', ' ')}",
                partial(_kill, group),
                sum(each.minutes for each in scenarios("") if _group(each.name) == group),
                None,
            )
            for group in groups
        ),
    ]


PARTS: Final[tuple[Part, ...]] = (
    *_kills(),
    Part("faults", "a fifth of the answers is an error, late, lost or doubled", faults.run, 13, 40),
    Part("failover", "the leader ends, is killed, or loses its network", failover.run, 35, 30),
    Part(
        "random-kills", "either of two replicas is killed at any moment", random_kills.run, 6, None
    ),
    Part("frozen", "the leader is stopped past its Lease, and goes on", frozen.run, 10, 15),
    Part("fuzz", "specs and statuses of any content, without a control plane", fuzz.run, 6, None),
    Part(
        "outages", "the control plane and nodes fail, the clock jumps", outages.run, 28, None, True
    ),
    Part("dying-node", "a node dies while it is drained", dying_node.run, 5, None),
    Part("long-outage", "ten minutes without an API server", long_outage.run, 12, None, True),
)


def form(short: bool) -> list[Part]:
    """The parts of a form."""
    return [p for p in PARTS if (p.seconds if short else p.minutes) is not None]


def chosen(names: list[str], short: bool) -> list[Part]:
    """The parts with these names, or whose names begin so; without names all of a form. Raises
    KeyError if a name is that of none."""
    parts = form(short)
    for name in names:
        if not any(part.name.startswith(name) for part in parts):
            raise KeyError(name)
    return [p for p in parts if not names or any(p.name.startswith(name) for name in names)]
