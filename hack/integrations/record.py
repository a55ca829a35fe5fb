"""``python -m hack.integrations.record [STORY …]`` records tests/gitops/recorded.jsonl anew.

A real operator plays all `stories` on a real control plane; with names only these, and the others
stay as they are recorded.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from hack.chaos.plane import Plane
from hack.chaos.scenario import PATIENCE
from hack.harness.operator import Operator
from hack.harness.space import Space
from hack.integrations.contract import WELL, of_job
from hack.integrations.recording import FILE, line, objects
from hack.integrations.stories import Story, stories

#: Stories that are played at the same time: most of them wait most of the time.
_AT_ONCE: Final = 4
#: How often a story is tried on a machine that is too busy for it.
_TRIALS: Final = 3


def main() -> int:
    """Record the stories."""
    names = set(sys.argv[1:])
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with Plane() as plane:
        operator = Operator(plane.cluster, "recorded")
        try:
            operator.start()
            every = stories(plane.web.url)
            if unknown := names - {each.name for each in every}:
                raise SystemExit(f"there is no story {', '.join(sorted(unknown))}")
            wanted = [each for each in every if not names or each.name in names]
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                told = list(pool.map(lambda each: _played(plane, *each), enumerate(wanted)))
        finally:
            operator.close()
    lines = _kept(names) | {each.name: text for each, text in zip(wanted, told, strict=True)}
    text = "".join(f"{lines[each.name]}\n" for each in every if each.name in lines)
    FILE.write_text(text, encoding="utf-8")
    return 0


def _kept(names: set[str]) -> dict[str, str]:
    """The lines that stay if only stories of these names are recorded."""
    lines = FILE.read_text(encoding="utf-8").splitlines() if names else []
    return {json.loads(each)["story"]: each for each in lines}


def _played(plane: Plane, number: int, story: Story) -> str:
    for trial in range(1, _TRIALS + 1):
        space = Space(plane.cluster, plane.sightings, f"story-{number}-{trial}")
        space.begin()
        try:
            story.setup(space)
            story.play(space)
            if story.healthy:
                space.until("an end in health", partial(_well, space), PATIENCE)
            versions = list(objects(plane.sightings.events(space.name)))
            print(f"{story.name}: {len(versions)} versions", file=sys.stderr, flush=True)
            return line(story.name, story.healthy, versions, _present(space))
        except AssertionError as error:
            print(f"{story.name}: {error}", file=sys.stderr, flush=True)
        finally:
            space.end()
    raise SystemExit(f"{story.name} failed {_TRIALS} times")


def _well(space: Space) -> bool:
    jobs = space.sightings.all(space.name, "EchelonJob")
    return all(of_job(job, ()) == {WELL} for job in jobs)


def _present(space: Space) -> list[str]:
    """The Jobs and Updates that exist, as ``kind/name``."""
    kinds = ("EchelonJob", "Update")
    found = ((kind, obj) for kind in kinds for obj in space.sightings.all(space.name, kind))
    return [f"{kind}/{obj['metadata']['name']}" for kind, obj in found]


if __name__ == "__main__":
    sys.exit(main())
