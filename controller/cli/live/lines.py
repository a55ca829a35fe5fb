"""An Update as lines of a log: one per change, and nothing twice."""

from __future__ import annotations

import time
from collections.abc import Iterator

from controller.api.gate import Scope
from controller.api.progress import Failure, GateStatus
from controller.api.update import HistoryEntry, Update
from controller.core.gates.groups import asked_about
from controller.core.status.update import OPERATOR
from controller.escapes import clean
from controller.view.history import requester
from controller.view.situation import situation
from controller.view.updates import gate_rows, is_backward, is_over, verb_refused
from controller.view.words import plural

#: (epoch seconds, words)
Line = tuple[float, str]
#: How the history names the operator.
_OPERATOR = ("", OPERATOR)


class Lines:
    """Turns versions of one Update into lines. It remembers what it has said."""

    def __init__(self) -> None:
        self._said: set[tuple[object, ...]] = set()
        self._last: tuple[object, ...] = ()
        self._begun = False

    def new(self, update: Update, now: float) -> list[str]:
        """The lines that this version adds. The first version adds what happened before. How the
        Update ended is not among them (`outcome`)."""
        found = [*self._head(update, now), *self._history(update)]
        found += [*self._failures(update), *self._gates(update)]
        found.sort(key=lambda line: line[0])
        if not is_over(update):
            found += self._progress(update, now)
        return [f"{clock(at)}  {words}" for at, words in found]

    def _head(self, update: Update, now: float) -> Iterator[Line]:
        if self._begun:
            return
        self._begun = True
        meta, words = (
            update.metadata,
            f"Job {update.spec.job} in namespace {update.metadata.namespace}",
        )
        if who := requester(update):
            words += f", asked for by {who}"
        if update.spec.message:
            words += f": {update.spec.message}"
        yield meta.creation_timestamp or now, f"{meta.name}  {clean(words)}"

    def _history(self, update: Update) -> Iterator[Line]:
        for entry in reversed(update.status.history):
            # The end is the newest entry; `outcome` has the same words.
            is_end = is_over(update) and entry is update.status.history[0]
            if self._is_new("history", entry.time, entry.phase, entry.reason) and not is_end:
                yield entry.time, _entry(entry)

    def _failures(self, update: Update) -> Iterator[Line]:
        for each in reversed(update.status.failures):
            if self._is_new("failure", each.instance, each.attempt, each.time):
                yield each.time, _failure(each)

    def _gates(self, update: Update) -> Iterator[Line]:
        for row in gate_rows(update):
            each = row.state
            if each is None or each.result in ("", "Waiting"):
                continue
            if self._is_new("gate", each.name, each.group, each.started_at, each.result):
                yield each.time or 0.0, _gate(each, row.scope)

    def _progress(self, update: Update, now: float) -> Iterator[Line]:
        text = situation(update, now).text
        # The line of the last change of phase has just said so.
        if any(text in entry.message for entry in update.status.history[:1]):
            text = ""
        words = (str(update.status.phase), counts(update), text)
        if words != self._last:
            self._last = words
            yield now, "  ".join(clean(each) for each in words if each)
        if (refused := verb_refused(update)) and self._is_new("refused", refused):
            yield now, f"refused: {clean(refused)}"

    def _is_new(self, *key: object) -> bool:
        known = key in self._said
        self._said.add(key)
        return not known


def clock(at: float) -> str:
    """The time of day, as the terminal's user knows it."""
    return time.strftime("%H:%M:%S", time.localtime(at))


def counts(update: Update) -> str:
    """``9/12 updated, 2 updating, 1 failed``."""
    found, sets = update.status.counts, update.status.instances
    failed = f", {found.failed} failed" if found.failed else ""
    if is_backward(update):
        touched = sets.rolling_back | sets.rolled_back | sets.rollback_failed
        touched |= sets.updating | sets.updated | sets.failed
        moving = f", {len(sets.rolling_back)} rolling back" if sets.rolling_back else ""
        return f"{found.rolled_back}/{len(touched)} rolled back{moving}{failed}"
    moving = f", {found.updating} updating" if found.updating else ""
    return f"{found.updated}/{found.total} updated{moving}{failed}" if found.total else ""


def _entry(entry: HistoryEntry) -> str:
    words = f"{entry.phase}  {clean(entry.message or entry.reason)}"
    named = entry.by in _OPERATOR or entry.by in entry.message
    return words if named else f"{words} (by {clean(entry.by)})"


def _failure(failure: Failure) -> str:
    words = f"failure  instance {failure.instance}, attempt {failure.attempt}: {failure.reason}"
    if failure.exit_code is not None:
        words += f", exit code {failure.exit_code}"
    if failure.node:
        words += f", on {failure.node}"
    return f"{words}: {clean(failure.message)}" if failure.message else words


def _gate(gate: GateStatus, scope: Scope) -> str:
    words = f"gate  {asked_about(gate, scope)}: {gate.result}"
    if gate.value:
        words += f", value {clean(gate.value)}"
    if gate.covered:
        words += f", {plural(gate.covered, 'instance')} covered"
    return f"{words}: {clean(gate.message)}" if gate.message else words
