"""``python -m hack.chaos.fuzz``: Jobs, Updates and statuses as anybody might have written them.

Each example begins at a moment of a Job's life. A few objects are changed by another client: specs
and statuses get values that the CRD's schema allows, or nearly allows; annotations, revisions and
further Updates are put beside them. Then the operator observes, decides and acts for a while.

It must end with plans or with refusals that it reports: no unhandled exception, no endless writes,
no status that the API server would refuse, and no pod touched that does not belong to the Job.

Exit status 1 if an example fails; the smallest one is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from controller.api import labels
from controller.core.decide import decide
from hack.chaos.fuzz_api import JOB, SCHEMAS, MemoryApi, Object
from hack.chaos.fuzz_stages import STAGES, stage, update
from hack.chaos.fuzz_world import World
from hack.chaos.part import Run
from hack.chaos.row import Row
from hack.chaos.schema_values import WRONG, changed, values

Draw = Callable[[st.SearchStrategy[Any]], Any]

#: What is changed; statuses most often, for they are what the operator goes by.
TARGETS: Final = (
    *("job status",) * 4,
    *("update status",) * 4,
    *("job spec",) * 2,
    *("update spec",) * 2,
    "another update",
    "annotations",
    "pod labels",
    "revision",
)
#: Of the long form.
EXAMPLES: Final = 10_000

_NOTES: Final = (
    labels.FAILURES,
    labels.RESTART_BASE,
    labels.RESIZING,
    labels.CHANGED_FROM,
    labels.RESIZED,
    labels.REMADE,
    labels.REVISION,
    labels.UPDATE,
    labels.ADMITTED,
    labels.PULSED_AT,
    labels.CHANGED_BY,
    labels.PAUSED_BY,
)
_NOTE_TEXTS: Final = (
    "",
    "-1",
    "3",
    "99999999999999999999",
    "²",
    "{}",
    "[]",
    '{"app": 1}',
    '{"at": "2025-06-15T15:06:30Z", "app": 2}',
    '{"at": 5, "app": "x"}',
    '{"at": "0001-01-01T00:00:00+14:00"}',
    "2025-06-15T15:06:30Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-12:00",
    "nonsense\u202e",
    "9" * 5_000,
    "[" * 5_000,
    '{"app":' * 5_000,
)


@dataclass(frozen=True)
class Change:
    """``part`` of an object becomes ``value``: ``plural``, ``name``, ``part`` say which."""

    plural: str
    name: str
    part: str
    value: Any


@dataclass(frozen=True)
class Case:
    """The changes before the operator starts, and those while it runs."""

    stage: str
    before: tuple[Change, ...]
    later: tuple[Change, ...]


@st.composite
def cases(draw: Draw) -> Case:
    """Examples."""
    name = draw(st.sampled_from(STAGES))
    some = st.lists(changes(stage(name)), max_size=2).map(tuple)
    before = draw(some)
    return Case(name, before, draw(some) if before else (draw(changes(stage(name))),))


@st.composite
def changes(draw: Draw, api: MemoryApi) -> Change:
    """One change of an object."""
    target, wild = draw(st.sampled_from(TARGETS)), draw(st.booleans())
    words = _words(api)
    mine = [name for name in api.all("updates") if not name.startswith("other")]
    plural, _, part = target.rpartition(" ")
    if part in ("spec", "status"):
        plural = {"job": "echelonjobs", "update": "updates"}[plural]
        name = JOB if plural == "echelonjobs" else draw(st.sampled_from([*mine, "web-g9"]))
        schema = SCHEMAS[plural]["properties"][part]
        real = api.objects.get((plural, name), {}).get(part) or {}
        if real and draw(st.integers(0, 4)):
            return Change(plural, name, part, draw(changed(schema, real, words, wild)))
        return Change(plural, name, part, draw(values(schema, words, wild=wild)))
    if target == "another update":
        name = draw(st.sampled_from(["web-g3", "web-g2", "zz"]))
        spec = draw(values(SCHEMAS["updates"]["properties"]["spec"], words, wild=wild))
        return Change("updates", name, "spec", spec)
    kind = {"annotations": ("pods", "updates"), "pod labels": ("pods",)}.get(target, ())
    kinds = kind or ("controllerrevisions",)
    names = [key for key in api.objects if key[0] in kinds and key[1].startswith(JOB)]
    if not names:
        return Change("echelonjobs", JOB, "status", {})
    plural, name = draw(st.sampled_from(names))
    if target == "revision":
        return Change(plural, name, "data", draw(st.sampled_from(WRONG)))
    keys = _NOTES if target == "annotations" else (labels.JOB, labels.REVISION, labels.INSTANCE)
    texts = st.sampled_from((*_NOTE_TEXTS, *words))
    part = "annotations" if target == "annotations" else "labels"
    given_ = draw(st.dictionaries(st.sampled_from(keys), texts, min_size=1, max_size=3))
    return Change(plural, name, part, given_)


def _words(api: MemoryApi) -> tuple[str, ...]:
    """Texts that mean something."""
    phases = SCHEMAS["updates"]["properties"]["status"]["properties"]["phase"]["enum"]
    found = {name for _, name in api.objects}
    found |= {obj["metadata"]["uid"] for obj in api.objects.values()}
    return (*sorted(found), *phases, "Canary", "Passed", "result < 1", "smoke", "Ready", "app:2")


def apply(world: World, change: Change) -> None:
    """Somebody makes the change."""
    old = world.api.objects.get((change.plural, change.name))
    if old is None:
        if change.plural != "updates":
            return
        old = update(change.name)
    obj: Object = deepcopy(old)
    if change.part in ("annotations", "labels"):
        held = obj["metadata"].get(change.part) or {}
        obj["metadata"][change.part] = {**held, **change.value}
    else:
        obj[change.part] = deepcopy(change.value)
    if change.part == "spec":
        obj["metadata"]["generation"] = obj["metadata"].get("generation", 0) + 1
    # What the API server has refused from the first version of the CRDs on.
    if not isinstance(obj.get("spec", {}), dict):
        obj["spec"] = {}
    if change.plural == "updates":
        obj["spec"]["job"] = old["spec"]["job"]
    world.api.put(change.plural, obj)


async def played(case: Case) -> World:
    """The world after an example. Raises what went wrong."""
    world, ears = World(), _Ears()
    log = logging.getLogger("controller")
    log.addHandler(ears)
    asyncio.get_running_loop().set_exception_handler(ears.unhandled)
    try:
        world.copy_of(stage(case.stage))
        for change in case.before:
            apply(world, change)
        await world.live(0.5, 4)
        for change in case.later:
            apply(world, change)
        await world.live(0, 1, 5, 70, 700)
        entry = world.entry
        if entry is not None and entry.job is not None and entry.unreadable is None:
            seen = entry.observed(world.now, world.store.foreign_names(entry))
            assert decide(seen, world.now) == decide(seen, world.now), "two plans for one input"
    finally:
        log.removeHandler(ears)
        world.reconciler.gates.stop()
    if ears.heard:
        raise ears.heard[0]
    return world


class _Ears(logging.Handler):
    """An exception in the log is a failure."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[BaseException] = []

    def unhandled(self, _: object, context: dict[str, Any]) -> None:
        """An exception of a task for which nobody waits."""
        self.heard.append(context.get("exception") or AssertionError(context["message"]))

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self.heard.append(record.exc_info[1])


def play(case: Case) -> None:
    """One example, from beginning to end."""
    asyncio.run(played(case))


def fuzz(examples: int, number: int) -> None:
    """Play so many examples. Raises what the smallest failing one raises."""
    profile = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    run: Callable[[], None] = seed(number)(profile(given(cases())(play)))
    run()


def run(run: Run) -> list[Row]:
    """The part of `make chaos`."""
    row = Row("a Job in each stage of its life", "specs and statuses of any content")
    row.tried = run.tries(EXAMPLES, 0)
    try:
        fuzz(row.tried, run.seed)
    except Exception as error:
        row.broken.append("".join(_story(error)))
    return [row]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hack.chaos.fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=EXAMPLES, metavar="N")
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="default: the time")
    options = parser.parse_args(arguments)
    number = int(time.time()) if options.seed is None else options.seed
    # What it says of bad objects is right, and of no interest here.
    logging.getLogger("controller").propagate = False
    begun = time.monotonic()
    print(f"fuzz: {options.examples} examples, seed {number}", flush=True)
    try:
        fuzz(options.examples, number)
    except Exception as error:
        print("".join(_story(error)), file=sys.stderr)
        print(f"fuzz: failed, seed {number}", file=sys.stderr)
        return 1
    print(f"fuzz: no example failed, {time.monotonic() - begun:.0f} s")
    return 0


def _story(error: BaseException) -> list[str]:
    import traceback

    return traceback.format_exception(error)


if __name__ == "__main__":
    sys.exit(main())
