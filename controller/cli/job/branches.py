"""The branches of a Job's tree that are about its Updates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.text import Text
from rich.tree import Tree

from controller.api.job import LastAttempt
from controller.api.progress import Failure
from controller.api.update import Update
from controller.core.status.outcome import NO_CHANGE
from controller.escapes import clean
from controller.view.gates import group_of
from controller.view.history import requester
from controller.view.jobs import JobRow
from controller.view.situation import Tone, situation
from controller.view.updates import GateRow, Progress, gate_rows, is_unchanged, progress
from controller.view.words import age, ids, plural, since

#: Width of a bar in characters.
WIDTH: Final = 40
#: So many instances, revisions and failures are shown.
MOST: Final = 10
_TONES: Final = {
    Tone.CALM: "cyan",
    Tone.WAITS: "yellow",
    Tone.BAD: "bold red",
    Tone.GOOD: "green",
}


def add_active(tree: Tree, update: Update, now: float) -> None:
    """The Update that moves or waits: progress, what it waits for, its group, gates, failures."""
    status, state = update.status, situation(update, now)
    head = Text.assemble(("update  ", "bold"), f"{update.metadata.name}  ")
    head.append(f"{status.phase}", _TONES[state.tone])
    if status.to and status.to.revision:
        head.append(f"  to {status.to.revision}")
    head.append(_by(update), "dim")
    branch = tree.add(head)
    branch.add(_progress(progress(update, now)))
    if state.text:
        branch.add(Text(f"{state.label}: {clean(state.text)}", _TONES[state.tone]))
    if status.batch is not None:
        group = f"group {status.batch.index + 1}: {ids(str(status.batch.instances))}"
        branch.add(Text(group))
    for gate in gate_rows(update):
        value = f"  {gate.state.value}" if gate.state and gate.state.value else ""
        words = f"  {gate.state.message}" if gate.state and gate.state.message else ""
        branch.add(Text(clean(f"gate {_asked(gate)}: {gate.result}{value}{words}")))
    _add_failures(branch, status.failures, now)


def _asked(gate: GateRow) -> str:
    """A gate, and the group that it was asked about."""
    group = group_of(gate.gate, gate.state)
    return f"{gate.name}, group {group}" if group else gate.name


def _progress(come: Progress) -> Text:
    done = int(come.fraction * WIDTH)
    word = "rolled back" if come.backward else "updated"
    text = Text.assemble(
        ("█" * done, "yellow" if come.backward else "green"),
        ("░" * (WIDTH - done), "dim"),
        f"  {come.done} of {come.total} {word}",
    )
    if come.failed:
        text.append(f", {come.failed} failed", "red")
    text.append(f", {age(come.elapsed)} so far")
    if come.outlook:
        text.append(f", {come.outlook}", "yellow" if come.late else "")
    return text


def add_last(
    tree: Tree, last: Update | None, attempt: LastAttempt | None, row: JobRow, now: float
) -> None:
    """How the last Update ended. ``attempt``: what the Job remembers of it, in case it has been
    deleted."""
    if last is None:
        if attempt and attempt.update and attempt.outcome:
            label = Text.assemble(("last update  ", "bold"), f"{attempt.update}  {attempt.outcome}")
            _add_words(tree.add(label), attempt.message or "", row)
        return
    state = situation(last, now)
    head = Text.assemble(("last update  ", "bold"), f"{last.metadata.name}  ")
    word = NO_CHANGE if is_unchanged(last) else last.status.phase
    head.append(word, _TONES[state.tone])
    if last.status.finished_at:
        head.append(f"  {since(last.status.finished_at, now)} ago")
    head.append(_by(last), "dim")
    branch = tree.add(head)
    _add_words(branch, last.status.message, row)
    if state.tone is not Tone.GOOD:
        _add_failures(branch, last.status.failures, now)


def _by(update: Update) -> str:
    who = requester(update)
    return f"  by {clean(who)}" if who else ""


def _add_words(branch: Tree, message: str, row: JobRow) -> None:
    if message and message not in row.message:
        branch.add(Text(clean(message)))


def _add_failures(branch: Tree, failures: Iterable[Failure], now: float) -> None:
    """The newest failure of each instance."""
    newest: dict[int, Failure] = {}
    for each in sorted(failures, key=lambda failure: -failure.time):
        newest.setdefault(each.instance, each)
    for each in list(newest.values())[:MOST]:
        where = f" on {each.node}" if each.node else ""
        tries = f", attempt {each.attempt}" if each.attempt > 1 else ""
        head = f"instance {each.instance} failed{where}{tries}, {since(each.time, now)} ago: "
        words = each.message if each.reason in each.message else f"{each.reason}: {each.message}"
        branch.add(Text.assemble((head, "red"), clean(words.rstrip(": "))))
    if len(newest) > MOST:
        branch.add(Text(f"and {plural(len(newest) - MOST, 'more instance')} failed", "red"))
