"""The plan of an Update as people read it: which instances, how, in which groups, how long."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from rich.text import Text

from controller.api.ids import Ids
from controller.api.policy import ResolvedPolicy
from controller.api.preview import Conflict, PlannedInstances, UpdatePlan
from controller.escapes import clean
from controller.view import planning
from controller.view.pauses import pauses
from controller.view.words import age, cut, plural

#: So many groups are shown with their instances.
MAX_GROUPS: Final = 10
#: A longer range string is cut.
MAX_IDS: Final = 60
#: A longer sentence goes on in the next line.
MAX_WORDS: Final = 66

#: Kind of change -> its word, its colour, and what happens.
_KINDS: Final = {
    "create": ("create", "green", "a new pod"),
    "recreate": ("recreate", "yellow", "the old pod goes, then the new one comes"),
    "in_place": ("in place", "cyan", "the running pod is changed"),
    "surge": ("surge", "cyan", "the new pod is good before the old one goes"),
    "remove": ("remove", "red", "the pod goes"),
    "relabel": ("relabel", "cyan", "the running pod gets other labels"),
    "unchanged": ("unchanged", "dim", ""),
}
_WIDTH: Final = max(len(word) for word, _, _ in _KINDS.values())


def render(plan: UpdatePlan, policy: ResolvedPolicy | None = None) -> Text:
    """The whole plan. ``policy``: the policy of the Update, if that is known."""
    lines = [head(plan, policy), *_instances(plan.instances), *_groups(plan), *_estimate(plan)]
    if policy is not None and policy.gates:
        names = ", ".join(f"{gate.name} ({gate.provider})" for gate in policy.gates)
        lines.append(_line("gates", names))
    lines += [of_conflict(each) for each in plan.conflicts]
    return Text("\n").join(lines)


def head(plan: UpdatePlan, policy: ResolvedPolicy | None = None) -> Text:
    """The plan in one line."""
    covered = planning.covered(plan)
    if planning.changes_nothing(plan):
        return Text("Plan: nothing to change", "bold")
    relabelled, count = plan.instances.relabel, plan.groups.count
    if not count:
        same = plural(len(relabelled), "instance")
        return Text(f"Plan: {same} relabelled, because nothing else differs", "bold")
    total = len(covered | relabelled | plan.instances.unchanged)
    many = plural(total, "instance")
    if len(covered) != total:
        many = f"{len(covered)} of {many}"
    if not covered:
        many = "no pod to replace"
    words = f"Plan: {many} in {plural(count, 'group')}"
    if policy is not None:
        words += f" ({strategy(policy)})"
    if plan.estimate is not None:
        words += f", about {age(plan.estimate.seconds)}"
    return Text(words, "bold")


def strategy(policy: ResolvedPolicy) -> str:
    """The strategy in a few words, such as ``Batch of 4``."""
    found = policy.strategy
    *first, last = found.groups
    sizes = f"{', '.join(map(str, first))}, then {last}" if first else str(last)
    words = f"{found.type} of {sizes}"
    return f"{words}, with {paused}" if (paused := pauses(found)) else words


def of_conflict(conflict: Conflict) -> Text:
    """One conflict: in red if the operator would reject the Update for it."""
    warns = conflict.reason in planning.WARNINGS
    word, style = ("warning", "yellow") if warns else ("refused", "bold red")
    return _line(word, f"{conflict.reason}: {clean(conflict.message)}", style)


def _line(word: str, text: str, style: str = "") -> Text:
    return Text.assemble("  ", (f"{word:<{_WIDTH}}", style), f"  {text}")


def _instances(found: PlannedInstances) -> Iterator[Text]:
    for name, (word, style, meaning) in _KINDS.items():
        ids: Ids = getattr(found, name)
        if ids:
            yield _line(word, f"{cut(str(ids), MAX_IDS)}{_number(ids)}", style).append(
                f"  {meaning}" if meaning else "", "dim"
            )


def _number(ids: Ids) -> str:
    """How many they are, if that cannot be seen at once."""
    return f" ({len(ids)})" if len(ids) > 2 else ""


def _groups(plan: UpdatePlan) -> Iterator[Text]:
    groups = plan.groups
    shown = groups.first[:MAX_GROUPS]
    for group in shown:
        yield _line(
            "" if group.index else "groups", f"{group.index + 1:>3}  {_ids(group.instances)}"
        )
    if groups.count > len(shown):
        yield _line("", f"  …  {groups.count - len(shown)} more, of sizes {sizes(plan)} in all")


def _ids(ids: Ids) -> str:
    return cut(str(ids), MAX_IDS)


def sizes(plan: UpdatePlan) -> str:
    """The sizes of the groups, such as ``1, 10, 25 × 4``."""
    runs = [
        f"{run.size} × {run.times}" if run.times > 1 else str(run.size) for run in plan.groups.sizes
    ]
    return cut(", ".join(runs), MAX_IDS)


def _estimate(plan: UpdatePlan) -> Iterator[Text]:
    if plan.estimate is not None:
        words = f"{age(plan.estimate.seconds)}: {plan.estimate.from_}"
        for number, line in enumerate(textwrap.wrap(words, MAX_WORDS)):
            yield _line("" if number else "estimate", line)
    elif not planning.changes_nothing(plan):
        yield _line("estimate", "none: no earlier update of this Job has completed")
