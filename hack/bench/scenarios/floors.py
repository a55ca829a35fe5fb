"""Is our floor as low as another floor program's? In pairs, in turns, on one control plane.

``FLOOR_REFERENCE`` names the other program's command (`hack.bench.contestants.floor.Reference`).
Each tells its own seconds and CPU seconds, from its first request to the last Ready pod. They
replace the same pods, but for labels.
"""

from __future__ import annotations

from statistics import median

from hack.bench.compare import enter, spread
from hack.bench.contestants import missing
from hack.bench.contestants.floor import REFERENCE, Floor, Reference, Said
from hack.bench.figures import Figure
from hack.bench.rig import Rig, RigError
from hack.bench.scenario import Bench, Result, Scenario, Sizes
from hack.bench.turn import play, settle
from hack.bench.work import Replacement, Work

#: Largest ratio of our floor to the other one: not slower, but for what turns differ by chance.
NO_SLOWER = 1.03


def run(bench: Bench, sizes: Sizes) -> Result:
    if why := missing("reference"):
        raise RigError(f"floors: {why}")
    result = Result("floors", "our floor and another one")
    with bench.rig("floors") as rig:
        for replacement in (Replacement.RECREATE, Replacement.IN_PLACE):
            for window in (sizes.instances, max(1, sizes.instances // 10)):
                work = Work(sizes.instances, window, replacement)
                result.figures += _pairs(rig, work, sizes.rounds)
    return result


def _pairs(rig: Rig, work: Work, rounds: int) -> list[Figure]:
    observer = rig.observe()
    ours: list[Said] = []
    others: list[Said] = []

    def own() -> None:
        floor = enter(rig, observer, "floor", work)
        assert isinstance(floor, Floor)
        play(rig, observer, floor)
        ours.append(floor.said())

    def reference() -> None:
        other = enter(rig, observer, "reference", work)
        assert isinstance(other, Reference)
        others.append(other.whole_turn())
        settle(rig)

    for number in range(rounds + 1):
        for turn in (own, reference) if number % 2 else (reference, own):
            turn()
        rig.say(f"{work.words()}, pair {number}: {ours[-1]} {others[-1]}")
    observer.close()
    del ours[0], others[0]  # the first pair warms up the control plane
    found = []
    for what in ("seconds", "cpu"):
        mine = [float(getattr(said, what)) for said in ours]
        theirs = [float(getattr(said, what)) for said in others]
        name = "CPU" if what == "cpu" else what
        note = f"{median(mine):.2f} s ({spread(mine)}) ÷ {median(theirs):.2f} s ({spread(theirs)})"
        ratio = median(m / t for m, t in zip(mine, theirs, strict=True))
        label = f"{work.words()}: {name} ÷ the other floor's"
        found.append(Figure("floors", label, ratio, "×", NO_SLOWER, note))
    return found


SCENARIOS = (
    Scenario(
        "floors",
        "our floor beside another floor program (FLOOR_REFERENCE)",
        run,
        Sizes(),
        minutes=20,
        needs=REFERENCE,
    ),
)
