"""A plan is readable: how many, which, how, in which groups, how long, and what is in the way."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from controller.api.ids import Ids
from controller.api.policy import ResolvedPolicy
from controller.api.preview import UpdatePlan
from controller.cli import planned


def plan(sizes: tuple[int, ...] = (2, 1), **fields: Any) -> UpdatePlan:
    """A plan with groups of these sizes from id 0 on."""
    first, start = [], 0
    for index, size in enumerate(sizes[:50]):
        first.append({"index": index, "instances": str(Ids.span(start, start + size))})
        start += size
    runs = [{"size": size, "times": len(list(run))} for size, run in groupby(sizes)]
    groups = {"count": len(sizes), "sizes": runs, "first": first}
    whole = str(Ids.span(0, sum(sizes)))
    given = {"instances": {"recreate": whole}, "groups": groups, **fields}
    return UpdatePlan.model_validate(given)


def lines(found: UpdatePlan, policy: ResolvedPolicy | None = None) -> list[str]:
    return [" ".join(line.split()) for line in planned.render(found, policy).plain.splitlines()]


def policy(**fields: Any) -> ResolvedPolicy:
    return ResolvedPolicy.model_validate({"strategy": {"type": "Queue", "size": 2}, **fields})


def test_a_whole_plan() -> None:
    found = plan(estimate={"seconds": 150, "from": "50 s per instance"})
    assert lines(found, policy()) == [
        "Plan: 3 instances in 2 groups (Queue of 2), about 2m30s",
        "recreate 0-2 (3) the old pod goes, then the new one comes",
        "groups 1 0-1",
        "2 2",
        "estimate 2m30s: 50 s per instance",
    ]


def test_a_long_estimate_goes_on_in_its_column() -> None:
    words = "minReadySeconds (2 s) for each of 3 groups; the time that pods take to start and stop"
    found = planned.render(plan(estimate={"seconds": 6, "from": words})).plain.splitlines()[-2:]
    assert found[0].startswith("  estimate   6s: minReadySeconds")
    assert found[1].startswith(" " * 13 + "t")
    assert all(len(line) <= 80 for line in found)
    assert " ".join(" ".join(found).split()) == f"estimate 6s: {words}"


def test_each_kind_of_change_is_a_line() -> None:
    kinds = {
        "create": "6",
        "recreate": "0",
        "inPlace": "1-2",
        "surge": "3",
        "remove": "7",
        "unchanged": "4-5,8-9",
    }
    found = lines(plan(instances=kinds))
    assert found[0] == "Plan: 6 of 10 instances in 2 groups"
    assert [line.partition(" ")[0] for line in found[1:7]] == [
        *("create", "recreate", "in", "surge", "remove", "unchanged")
    ]
    assert "unchanged 4-5,8-9 (4)" in found
    assert found[-1].startswith("estimate none")


def test_nothing_to_change() -> None:
    found = plan((), instances={"unchanged": "0-2"})
    assert lines(found)[0] == "Plan: nothing to change"
    assert not any("estimate" in line for line in lines(found))


def test_many_groups_are_counted() -> None:
    found = lines(plan((1, *[10] * 20)))
    assert "10 81-90" in found
    assert "… 11 more, of sizes 1, 10 × 20 in all" in found


def test_a_long_range_is_cut() -> None:
    odd = ",".join(str(i) for i in range(1, 400, 2))
    shown = lines(plan(instances={"recreate": odd}))[1]
    assert len(shown) < 150
    assert "… (200)" in shown


def test_strategies() -> None:
    batch = {"type": "Batch", "size": 4, "autoPause": True}
    assert (
        planned.strategy(policy(strategy=batch)) == "Batch of 4, with a pause before each new group"
    )
    varied = {"type": "VariableBatch", "sizes": [1, 10]}
    assert planned.strategy(policy(strategy=varied)) == "VariableBatch of 1, then 10"


def test_gates_are_named() -> None:
    gates = [{"name": "errors", "builtin": {}}, {"name": "smoke", "http": {"url": "http://x"}}]
    found = lines(plan(), policy(gates=gates))
    assert "gates errors (builtin), smoke (http)" in found


def test_conflicts_are_refusals_or_warnings() -> None:
    conflicts = [
        {"reason": "KnownBad", "message": "web-x failed before\x1b[2J"},
        {"reason": "NotInPlace", "message": "instances are replaced"},
    ]
    found = lines(plan(conflicts=conflicts))
    assert "refused KnownBad: web-x failed before" in found, "no escape sequence gets through"
    assert "warning NotInPlace: instances are replaced" in found
