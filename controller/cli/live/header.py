"""The head of the picture: which Job, from what to what, the phase, who asked, and a bar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from rich.text import Text

from controller.api.update import Update
from controller.cli.live.looks import MARKS, PHASES
from controller.cli.live.snapshot import Snapshot
from controller.cli.live.text import DIM, both_ends
from controller.core.model import assigned
from controller.escapes import clean
from controller.view.history import requester
from controller.view.jobs import shares
from controller.view.updates import PHASE_WORDS, Mark, Progress, is_over, marked, progress
from controller.view.words import age, percent

#: The order of the parts of the bar: what is done, what moves, what remains.
FORWARD = (Mark.UPDATED, Mark.FAILED, Mark.UPDATING, Mark.PENDING)
BACKWARD = (
    Mark.ROLLED_BACK,
    Mark.ROLLBACK_FAILED,
    Mark.ROLLING_BACK,
    Mark.UPDATING,
    Mark.FAILED,
    Mark.UPDATED,
)
_DIGEST: Final = re.compile(r"(@sha256:[0-9a-f]{8})[0-9a-f]+")


def header(snapshot: Snapshot, width: int) -> list[Text]:
    """Three lines."""
    update, come = snapshot.update, progress(snapshot.update, snapshot.now)
    phase = update.status.phase
    symbol, style = PHASES[phase]
    job = Text(f"{update.metadata.namespace}/{update.spec.job}", "bold")
    what = Text.assemble(job, "   ", _images(snapshot))
    first = both_ends(what, Text(f"{symbol} {PHASE_WORDS[phase]}", style), width)
    second = both_ends(_who(update, snapshot.now), _times(update, come, snapshot.now), width)
    return [first, second, bar(update, come, width)]


def _images(snapshot: Snapshot) -> Text:
    """``web:1.0 → web:1.1``, with the number of instances where they came from several."""
    update, known = snapshot.update, snapshot.images
    target = update.status.to.revision if update.status.to else update.spec.revision
    origin = assigned.read(update.status.from_)
    before = sorted(origin, key=lambda name: -len(origin[name]))
    short = names([*before, *([target] if target else [])], known)
    line = Text()
    for name in before[:2]:
        line.append(f"{', ' if line else ''}{short[name]}", "" if target else "bold")
        if len(before) > 1:
            line.append(f" ×{len(origin[name])}", DIM)
    if len(before) > 2:
        line.append(f" and {len(before) - 2} more", DIM)
    if update.status.restart and (target is None or before == [target]):
        return line.append("  restart", "bold")
    if target:
        line.append(" → " if before else "→ ", DIM).append(short[target], "bold")
    return line


def names(revisions: Iterable[str], images: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Short names by revision: the images without their registry and path. Where two revisions have
    the same images, or the images are not known, the end of the revision's name tells."""
    found = {name: dict.fromkeys(images.get(name) or ()) for name in revisions}
    same = set.intersection(*map(set, found.values())) if found else set()
    if all(set(each) - same for each in found.values()):
        # Containers whose image does not change, such as a proxy, say nothing.
        found = {
            name: dict.fromkeys(i for i in each if i not in same) for name, each in found.items()
        }
    short = {
        name: clean(" ".join(_DIGEST.sub(r"\1", image.rpartition("/")[2]) for image in each))
        for name, each in found.items()
    }
    unique = {}
    for revision, name in short.items():
        has_twin = sum(name == other for other in short.values()) > 1
        tail = revision.rpartition("-")[2]
        unique[revision] = f"{name} ({tail})" if name and has_twin else name or revision
    return unique


def _who(update: Update, now: float) -> Text:
    line = Text(update.metadata.name)
    if who := requester(update):
        line.append(" by ", DIM).append(clean(who))
    if created := update.metadata.creation_timestamp:
        line.append(f" {age(now - created)} ago", DIM)
    if update.spec.message:
        line.append(f": {clean(update.spec.message)}", DIM)
    return line


def _times(update: Update, come: Progress, now: float) -> Text:
    if update.status.started_at is None:
        since = update.metadata.creation_timestamp or now
        return Text("" if is_over(update) else f"not started for {age(now - since)}", DIM)
    if is_over(update):
        return Text(f"took {age(come.elapsed)}")
    line = Text(age(come.elapsed))
    if come.late is not None:
        # There is a line below that names the instance.
        line.append(f", {come.late.due}", "yellow")
    elif come.outlook:
        line.append(f", {come.outlook}", DIM)
    return line


def bar(update: Update, come: Progress, width: int) -> Text:
    """The parts of the instances in their colours, and how many are done."""
    found = marked(update)
    order = BACKWARD if come.backward else FORWARD
    counts = [len(found.get(each, ())) for each in order]
    done = "rolled back" if come.backward else "updated"
    if not found:
        return Text("─" * width, DIM)
    label = f"  {come.done} of {come.total} {done}, {percent(come.fraction)}"
    length = max(10, width - len(label))
    line = Text()
    for mark, cells in zip(order, shares(counts, length), strict=True):
        line.append(("─" if mark is Mark.PENDING else "━") * cells, MARKS[mark])
    if not line:
        line.append("─" * length, DIM)
    return line.append(label)
