"""A Job as a tree: what it waits for first, then what it runs, its Updates, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final

from rich.text import Text
from rich.tree import Tree

from controller.api.ids import Ids
from controller.api.job import Job
from controller.api.text import shortened
from controller.api.update import Update
from controller.cli.here import placed
from controller.cli.job import branches, runs
from controller.cli.job.branches import MOST, WIDTH
from controller.cli.job.instances import revision_of, style_of
from controller.cli.job.list_ import STYLES
from controller.escapes import clean
from controller.view import advice
from controller.view.instances import Instance, State
from controller.view.jobs import Health, JobRow, job_row, shares
from controller.view.updates import is_over, is_unchanged
from controller.view.words import ids, percent, plural, since

SYMBOLS: Final = {
    Health.READY: "✔",
    Health.PENDING: "◷",
    Health.RECONCILING: "↻",
    Health.STALLED: "✖",
    Health.UNSEEN: "?",
    Health.DELETING: "−",
}
_FILLS: Final = "█▓▒░"
#: So much of a line of a log is shown.
MAX_LINE: Final = 200
#: States of an instance with which it serves; what went wrong before is past.
_WELL: Final = frozenset({State.GOOD, State.READY})


@dataclass(frozen=True)
class Seen:
    """What is known of a Job. ``images``: of its revisions, by name. ``logs``: the last lines of a
    container in trouble, by pod. ``asked``: instances that are shown in any case; None: those that
    are not well."""

    job: Job
    rows: Sequence[Instance]
    updates: Sequence[Update]
    now: float
    images: Mapping[str, Sequence[str]] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)
    asked: Ids | None = None

    @property
    def shown(self) -> list[Instance]:
        """The instances that are shown."""
        if self.asked is not None:
            return [row for row in self.rows if row.instance in self.asked]
        return [row for row in self.rows if not is_well(row)]

    @property
    def active(self) -> Update | None:
        """The Update that holds the lock; else the newest that has not ended."""
        lock = self.job.status.active_update
        found = [each for each in self.updates if not (is_over(each) or each.spec.dry_run)]
        held = (each for each in found if lock and each.metadata.name == lock.name)
        return next(held, found[-1] if found else None)

    @property
    def last(self) -> Update | None:
        """The newest Update that has ended; dry runs do not count, and those that found nothing to
        change only if there are no others."""
        ended = [u for u in self.updates if is_over(u) and not u.spec.dry_run]
        return max(
            ended, key=lambda u: (not is_unchanged(u), u.status.finished_at or 0.0), default=None
        )


def is_well(row: Instance) -> bool:
    """Whether nothing is wrong with an instance now."""
    if row.state in _WELL:
        return True
    return not row.message and row.state not in (State.ENDED, State.MISSING)


def of(seen: Seen, commands: Sequence[str]) -> Tree:
    """The tree. ``commands``: what a person can do next."""
    row = job_row(seen.job)
    tree = Tree(_head(row), guide_style="dim")
    if row.has_runs:
        runs.add(tree, seen.job, row, seen.images, seen.now)
    else:
        tree.add(_count(row))
        _add_revisions(tree, seen, row)
    if (active := seen.active) is not None:
        branches.add_active(tree, active, seen.now)
    branches.add_last(tree, seen.last, seen.job.status.last_attempt, row, seen.now)
    _add_instances(tree, seen)
    if commands:
        branch = tree.add(Text("next", "bold"))
        for each in commands:
            command, _, why = placed(each).partition("    # ")
            branch.add(Text.assemble((command, "cyan"), (f"    # {why}" if why else "", "dim")))
    return tree


def next_commands(seen: Seen) -> list[str]:
    """The commands of `advice` for the Job and its Update, without the one that shows this tree."""
    active, last = seen.active, seen.last
    found = []
    if active:
        found += advice.of_update(active, seen.now)
        found.append(f"{advice.back_to(active)}    # follow it")
    health = job_row(seen.job).health
    if not active or health is Health.UNSEEN:
        found += advice.of_job(seen.job)
    if not active and last and health is not Health.READY:
        found += advice.of_update(last)
    own = f"echelon job status {seen.job.metadata.name} "
    kept: dict[str, str] = {}
    for each in found:
        if not each.startswith(own):
            kept.setdefault(each.partition("    # ")[0], each)
    return list(kept.values())


def _head(row: JobRow) -> Text:
    style = STYLES[row.health]
    why = "" if row.reason == row.health else f" ({row.reason})"
    head = Text.assemble(
        (f"{SYMBOLS[row.health]} {row.name}", "bold"),
        (f"  {row.health}{why}", style),
        (f"  in namespace {row.namespace}", "dim"),
    )
    if row.message:
        head.append(f"\n{clean(row.message)}", style)
    return head


def _count(row: JobRow) -> Text:
    text = Text.assemble(
        ("instances  ", "bold"),
        f"{row.ready} of {row.instances} ready, {row.available} available",
    )
    if row.wanted != row.instances:
        text.append(f"; spec.instances is {row.wanted}", "yellow")
    if row.frozen:
        text.append(f"; frozen: {ids(str(row.frozen), 40)}", "cyan")
    return text


def _add_revisions(tree: Tree, seen: Seen, row: JobRow) -> None:
    """The mix of revisions as a bar, and below it which instances run which."""
    counts = [len(ids) for ids in row.revisions.values()]
    none = max(0, row.instances - sum(counts))
    bad = {each.revision for each in seen.job.status.known_bad}
    bar, legends = Text("revisions  ", "bold"), []
    cells = shares([*counts, none], WIDTH)
    for (revision, those), fill, size in zip(
        row.revisions.items(), cycle(_FILLS), cells, strict=False
    ):
        style = "red" if revision in bad else "green" if revision == row.current else "cyan"
        bar.append(fill * size, style)
        notes = [
            "current" if revision == row.current else "",
            "template" if revision == row.template != row.current else "",
            "known bad" if revision in bad else "",
        ]
        share = percent(len(those) / (sum(counts) + none))
        legend = Text.assemble((fill, style), f" {share:>4}  {revision}  {ids(str(those), 30)}")
        legend.append("".join(f"  {image}" for image in seen.images.get(revision, ())))
        if said := ", ".join(filter(None, notes)):
            legend.append(f"  ({said})", style)
        legends.append(legend)
    bar.append("·" * cells[-1], "dim")
    branch = tree.add(bar)
    for legend in legends[:MOST]:
        branch.add(legend)
    if len(legends) > MOST:
        branch.add(Text(f"and {len(legends) - MOST} more", "dim"))
    if none:
        branch.add(Text.assemble("· ", f"{percent(none / row.instances):>4}  no pod"))
    if row.template and row.template not in row.revisions:
        known = ", known bad" if row.template in bad else ""
        images = "".join(f"  {image}" for image in seen.images.get(row.template, ()))
        branch.add(Text(f"    0%  {row.template}{images}  (template{known})", "yellow"))


def _add_instances(tree: Tree, seen: Seen) -> None:
    """The instances that are not well, or those that were asked for."""
    if not seen.shown:
        return
    what = "not well" if seen.asked is None else "asked for"
    branch = tree.add(Text(f"instances {what}", "bold"))
    shown = seen.shown if seen.asked is not None else seen.shown[:MOST]
    for row in shown:
        _add_instance(branch, row, seen)
    if more := len(seen.shown) - len(shown):
        name = seen.job.metadata.name
        branch.add(Text(f"and {more} more: echelon job instances {name}", "dim"))


def _add_instance(branch: Tree, row: Instance, seen: Seen) -> None:
    text = Text.assemble((f"{row.instance}  ", "bold"), (row.word, style_of(row)))
    if revision := revision_of(row):
        text.append(f"  {revision}", "" if row.at_its_revision else "yellow")
    if row.node:
        text.append(f"  on {row.node}")
    if row.restarts:
        text.append(f"  {plural(row.restarts, 'restart')}")
    if row.created:
        text.append(f"  {since(row.created, seen.now)}")
    leaf = branch.add(text)
    if row.message:
        leaf.add(Text(clean(row.message)))
    if log := seen.logs.get(row.pod):
        words = leaf.add(Text("last lines of its log", "dim"))
        for line in log.splitlines():
            words.add(Text(shortened(clean(line), MAX_LINE)))
