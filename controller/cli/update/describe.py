"""An Update as text for a person, the most important first: what it does and what it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rich.text import Text

from controller.api.progress import HistoryEntry
from controller.api.update import Update
from controller.cli import planned
from controller.cli.here import placed
from controller.cli.output import Column, table_lines
from controller.cli.update.list_ import style_of
from controller.cli.update.policy import policy_lines
from controller.cli.update.tables import failures, gates
from controller.core.model import assigned
from controller.escapes import clean
from controller.view import advice
from controller.view.history import actor, requester
from controller.view.situation import Tone, cause_of_rollback, situation
from controller.view.update_rows import target
from controller.view.updates import (
    Progress,
    is_backward,
    is_over,
    is_stalled,
    progress,
    verb_refused,
)
from controller.view.words import age, ids, percent, plural, since

#: Columns before the value of a field.
_WIDTH: Final = 13
_TONES: Final = {Tone.CALM: "", Tone.WAITS: "yellow", Tone.BAD: "bold red", Tone.GOOD: "green"}


def describe(update: Update, now: float) -> Text:
    """All of an Update. ``now``: epoch seconds."""
    blocks = [
        _head(update, now),
        _facts(update, now),
        _plan(update),
        _block("Gates", gates(update, now)),
        _block(_failures_title(update), failures(update, now)),
        _block("History", _history(update.status.history, now)),
        _block("Policy", [_field(name, value) for name, value in policy_lines(update)]),
        _block("Next", [Text(placed(each)) for each in advice.of_update(update, now)]),
    ]
    return Text("\n\n").join(block for block in blocks if block)


def _head(update: Update, now: float) -> Text:
    """Phase, and what it waits for or how it ended."""
    phase, come = update.status.phase, progress(update, now)
    line = Text.assemble((f"{update.metadata.name}  ", "bold"))
    line.append(phase, style_of(phase, is_stalled(update)))
    if update.status.reason:
        line.append(f" ({update.status.reason})")
    what = situation(update, now)
    lines = [line]
    if what.text:
        lines.append(_field(what.label, what.text, _TONES[what.tone]))
    if cause := cause_of_rollback(update):
        lines.append(_field("Cause", cause, "yellow"))
    if refused := verb_refused(update):
        lines.append(_field("Refused", refused, "yellow"))
    if update.status.started_at is not None:
        lines.append(_field("Progress", _progress(update, come)))
    return Text("\n").join(lines)


def _progress(update: Update, come: Progress) -> str:
    verb = "rolled back" if come.backward else "updated"
    words = [f"{come.done} of {plural(come.total, 'instance')} {verb} ({percent(come.fraction)})"]
    if come.failed:
        words.append(f"{come.failed} failed")
    words.append(f"{'took' if is_over(update) else 'running for'} {age(come.elapsed)}")
    if come.outlook:
        words.append(come.outlook)
    return ", ".join(words)


def _facts(update: Update, now: float) -> Text:
    meta, spec, to = update.metadata, update.spec, update.status.to
    created = f"{since(meta.creation_timestamp, now)} ago by {requester(update) or 'unknown'}"
    fields = [
        ("Job", spec.job),
        ("Namespace", meta.namespace),
        ("Created", created),
        ("Message", spec.message or ""),
        ("To", _to(update)),
        ("Source", (to.source or "") if to else ""),
        ("Parent", (to.parent or "") if to else ""),
        *(("From" if i == 0 else "", words) for i, words in enumerate(_from(update))),
        ("Group", _group(update, now)),
        ("Instances", _sets(update)),
    ]
    return Text("\n").join(_field(name, value) for name, value in fields if value)


def _to(update: Update) -> str:
    to, words = update.status.to, target(update)
    if to is None:
        return words or "the Job's template when the Update is admitted"
    words = words or "each instance stays at its revision"
    only = "" if update.spec.instances is None else f"instances {ids(update.spec.instances)} only"
    return ", ".join(filter(None, [words, only, "restart" if update.status.restart else ""]))


def _from(update: Update) -> Iterator[str]:
    for revision, found in assigned.read(update.status.from_).items():
        yield f"{revision}  (instances {ids(str(found))})"


def _group(update: Update, now: float) -> str:
    batch = update.status.batch
    if batch is None or is_over(update):
        return ""
    where = f"{batch.index + 1}: instances {ids(str(batch.instances))}"
    words = f"{where}, for {since(batch.started_at, now)}"
    return words + ("; the next one may start" if batch.released else "")


def _sets(update: Update) -> str:
    """Which instances are where; nothing if the counts say it all."""
    sets, backward = update.status.instances, is_backward(update)
    named = [
        ("updating", sets.updating),
        ("rolling back", sets.rolling_back),
        ("failed", sets.failed),
        ("rollback failed", sets.rollback_failed),
        ("not rolled back" if backward else "updated", sets.updated),
        ("rolled back", sets.rolled_back),
    ]
    words = [f"{name} {ids(str(found))}" for name, found in named if found]
    if update.status.counts.pending:
        words.append(f"{update.status.counts.pending} untouched")
    return "; ".join(words)


def _plan(update: Update) -> Text:
    plan = update.status.plan
    return Text() if plan is None else planned.render(plan, update.status.policy)


def _failures_title(update: Update) -> str:
    known = len(update.status.failures)
    return f"Failures, the newest {known} first" if known >= 50 else "Failures, newest first"


def _history(entries: Iterable[HistoryEntry], now: float) -> list[Text]:
    rows = list(entries)[::-1]
    columns = [
        Column[HistoryEntry]("AGE", lambda row: since(row.time, now)),
        Column("PHASE", lambda row: row.phase, style=lambda row: style_of(row.phase)),
        Column("REASON", lambda row: row.reason),
        Column("BY", lambda row: actor(row.by)),
        Column("MESSAGE", lambda row: row.message or " "),
    ]
    return table_lines(rows, columns) if rows else []


def _block(title: str, lines: list[Text]) -> Text:
    """A title and its lines, indented; nothing if there are none."""
    if not lines:
        return Text()
    return Text("\n").join(
        [Text(title, "bold"), *(Text("  ").append_text(each) if each else each for each in lines)]
    )


def _field(name: str, value: str, style: str = "") -> Text:
    label = f"{name}:" if name else ""
    return Text.assemble((f"{label:<{_WIDTH}}", "bold"), (clean(value), style))
