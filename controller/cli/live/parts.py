"""The sections of the picture: instances in flight, gates, failures, Events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.text import Text

from controller.api.gate import Gate, Scope
from controller.api.ids import Ids
from controller.api.policy import StrategyType
from controller.api.progress import Failure
from controller.api.update import Update
from controller.cli.live.looks import GATES, MARKS
from controller.cli.live.section import Section
from controller.cli.live.snapshot import Happening, Snapshot, flying, in_flight
from controller.cli.live.text import DIM, columns, padded, plain, wrapped
from controller.core.rollout.strategy import group_sizes
from controller.escapes import clean
from controller.view.instances import Instance, State
from controller.view.updates import SYMBOLS, GateRow, Mark, gate_rows, is_backward, is_over
from controller.view.words import ids, plural, since

#: So many instances are shown one by one; more are put together if they are alike.
ONE_BY_ONE: Final = 6
#: From this width on the gates say how they are asked.
WIDE: Final = 100
_STATES: Final = {
    State.GOOD: "green",
    State.READY: "cyan",
    State.STARTING: "cyan",
    State.PENDING: "yellow",
    State.STOPPING: DIM,
    State.ENDED: "red",
    State.MISSING: "yellow",
}


def in_hand(snapshot: Snapshot, width: int) -> Section:
    """The instances that are being replaced: state, age, node, and what is wrong."""
    update, flight = snapshot.update, in_flight(snapshot.update)
    found = flying(snapshot)
    parts = [[row] for row in found] if len(found) <= ONE_BY_ONE else alike(found)
    rows = [_instances(part, snapshot.now) for part in parts]
    blocks = [[line] for line in columns(rows, width, most=30)]
    return Section(_group(update, flight, found, snapshot.now), blocks, rank=3, least=2)


def alike(rows: Sequence[Instance]) -> list[list[Instance]]:
    """Instances in the same state with the same message, in the order of their first."""
    found: dict[tuple[State, str], list[Instance]] = {}
    for row in rows:
        found.setdefault((row.state, row.message), []).append(row)
    return list(found.values())


def _instances(rows: Sequence[Instance], now: float) -> list[Text]:
    first, nodes = rows[0], sorted({row.node for row in rows if row.node})
    words = clean(first.message) if first.pod else "no pod yet"
    if restarts := sum(row.restarts for row in rows):
        words = f"{plural(restarts, 'restart')}; {words}".rstrip("; ")
    oldest = min(row.created for row in rows)
    return [
        Text(f"  {ids(str(Ids(row.instance for row in rows)), 20)}", "bold"),
        Text(str(first.state), _STATES[first.state]),
        Text(since(oldest, now), DIM),
        Text(nodes[0] if len(nodes) == 1 else f"{len(nodes)} nodes" if nodes else "", DIM),
        Text(words, "yellow" if first.message else DIM),
    ]


def _group(update: Update, flight: Ids, rows: Sequence[Instance], now: float) -> Text:
    batch, policy = update.status.batch, update.status.policy
    line = Text()
    if batch and policy and policy.strategy.type is not StrategyType.QUEUE:
        line.append(f"Group {batch.index + 1}", "bold")
        if not is_backward(update):
            sizes = group_sizes(
                policy.strategy.type, policy.strategy.groups, update.status.counts.total
            )
            line.append(f" of {max(batch.index + 1, sum(1 for _ in sizes))}", "bold")
        line.append(f"   {since(batch.started_at, now)}", DIM)
        flight = batch.instances
    else:
        line.append("In flight", "bold")
    line.append(f"   {plural(len(flight), 'instance')} {ids(str(flight), 40)}", DIM)
    if len(rows) > 1:
        states = Counter(str(row.state) for row in rows)
        line.append(": " + ", ".join(f"{n} {state}" for state, n in states.most_common()), DIM)
    return line


def gates(snapshot: Snapshot, width: int) -> Section:
    """Each gate with its result, value, and what it wants."""
    found = gate_rows(snapshot.update)
    found.sort(key=lambda row: _URGENCY.get(row.result, len(_URGENCY)))
    rows = [_gate(row, snapshot.now, width >= WIDE) for row in found]
    lines = columns(rows, width)
    return Section(Text.assemble(("Gates", "bold")), [[line] for line in lines], rank=2, least=2)


#: What decides comes first.
_URGENCY: Final = {"Failed": 0, "Inconclusive": 1, "Waiting": 2, "Passed": 3}


def _gate(row: GateRow, now: float, wide: bool) -> list[Text]:
    gate = row.gate
    symbol, style = GATES.get(row.result, ("?", "yellow"))
    result, state = row.result, row.state
    if row.result == "Waiting" and gate.successes > 1 and state:
        result = f"Waiting {state.successes}/{gate.successes}"
    elif row.result == "NotAsked":
        result = "Not asked"
    passed = row.result in ("Passed", "NotAsked")
    words = clean(state.message) if state and not passed else wants(gate)
    notes = [row.asks, _SCOPES[row.scope]] if wide or row.scope is not Scope.BATCH else []
    if gate.dry_run:
        notes.append("decides nothing (dry run)")
    detail = Text(words, "" if passed else style)
    detail.append(("   " if words else "") + ", ".join(notes), DIM)
    return [
        Text.assemble("  ", (symbol, style), " ", row.name),
        Text(result, style),
        Text(clean(state.value or "") if state else "", "bold"),
        Text(since(state.time, now) if state else "", DIM),
        detail,
    ]


_SCOPES: Final = {
    Scope.BATCH: "after each group",
    Scope.CONTINUOUS: "all the time",
    Scope.FINAL: "at the end",
}


def wants(gate: Gate) -> str:
    """What the gate compares its value with, as far as that is one line."""
    if gate.prometheus:
        return f"wants {clean(gate.prometheus.condition)}"
    if gate.http:
        codes = gate.http.expect_status or (200,)
        return f"wants status {', '.join(map(str, codes))}"
    return ""


def failures(snapshot: Snapshot, width: int) -> Section:
    """What failed and why, with the last words of the container. Instances that failed for the same
    reason share a block."""
    update, status = snapshot.update, snapshot.update.status
    failed = status.instances.failed | status.instances.rollback_failed
    groups: dict[tuple[str, str, int | None], list[Failure]] = {}
    for each in status.failures:
        groups.setdefault((each.reason, each.message, each.exit_code), []).append(each)
    blocks = [_failure(group, failed, snapshot, width) for group in groups.values()]
    title = Text.assemble(("Failures", "bold"))
    if status.counts.failed or failed:
        count = max(status.counts.failed, len(failed))
        title.append(f"   {plural(count, 'instance')} failed", "red")
    if status.policy and not (is_over(update) or is_backward(update)):
        title.append(f"   {status.policy.max_failed_instances} tolerated", DIM)
    return Section(title, blocks, rank=0)


def _failure(
    group: Sequence[Failure], failed: Ids, snapshot: Snapshot, width: int
) -> Sequence[Text]:
    newest, who = group[0], Ids(each.instance for each in group)
    is_final = bool(who & failed) or snapshot.update.status.turn is not None
    style = MARKS[Mark.FAILED] if is_final else "yellow"
    head = Text.assemble("  ", (SYMBOLS[Mark.FAILED] if is_final else "!", style), " ")
    head.append(f"{ids(str(who), 30)}  ", "bold").append(newest.reason, style)
    details = [f"exit code {newest.exit_code}"] if newest.exit_code is not None else []
    nodes = sorted({each.node for each in group if each.node})
    if nodes:
        details.append(f"on {nodes[0]}" if len(nodes) == 1 else f"on {len(nodes)} nodes")
    details.append(f"{since(newest.time, snapshot.now)} ago")
    if newest.attempt > 1:
        details.append(f"attempt {newest.attempt}")
    head.append(f"  {', '.join(details)}", DIM)
    lines = [head]
    if newest.message:
        lines += [Text(f"    {line}") for line in wrapped(newest.message, width - 4, 2)]
    spoken = [each.instance for each in group if each.instance in snapshot.last_words]
    for words in snapshot.last_words[spoken[0]] if spoken else ():
        lines.append(Text.assemble(("    │ ", DIM), plain(words)))
    return lines


def events(snapshot: Snapshot, width: int) -> Section:
    """The newest Events of the Update and the newest warnings of its pods."""
    rows = [_event(each, snapshot.now) for each in snapshot.events]
    lines = columns(rows, width)
    return Section(Text.assemble(("Events", "bold")), [[line] for line in lines], rank=4, least=2)


def _event(event: Happening, now: float) -> list[Text]:
    words = clean(event.message)
    if event.count > 1:
        words += f" (×{event.count})"
    return [
        padded(Text(f"  {since(event.time, now)}", DIM), 7),
        Text(event.about),
        Text(event.reason, "yellow" if event.is_warning else ""),
        Text(words),
    ]
