"""What a new template changes for each group of instances."""

from __future__ import annotations

from controller.api.ids import Ids
from controller.view.configurations import (
    Change,
    changes,
    present,
    present_of,
    relevant,
    revision_of,
    stated,
    within,
)
from tests.unit.view.raw import job, ranges, template

OLD, NEW = template("web:1"), template("web:2")
TARGET = revision_of("web", NEW)


def told(found: list[Change]) -> list[tuple[str, str, str, int]]:
    return [(str(each.instances), each.old, each.new, len(each.differences)) for each in found]


def test_groups_change_in_the_order_of_their_ids() -> None:
    seen = job(5, assigned=ranges(b="0,4", a="1-3"))
    found = changes(seen, {"web-a": OLD, "web-b": template("web:0")}, NEW, 5)
    assert told(found) == [("0,4", "web-b", TARGET, 1), ("1-3", "web-a", TARGET, 1)]
    (difference,) = found[1].differences
    assert (difference.path, difference.old, difference.new) == (
        "spec.containers[web].image",
        "web:1",
        "web:2",
    )


def test_instances_at_the_new_revision_do_not_change() -> None:
    seen = job(3, assigned=[{"revision": TARGET, "instances": "0-2"}])
    assert changes(seen, {TARGET: NEW}, NEW, 3) == []


def test_created_and_removed_instances() -> None:
    seen = job(3, assigned=ranges(a="0-2"))
    more = changes(seen, {"web-a": OLD}, NEW, 5)
    assert told(more) == [("0-2", "web-a", TARGET, 1), ("3-4", "", TARGET, 0)]
    assert [each.creates for each in more] == [False, True]
    fewer = changes(seen, {"web-a": OLD}, NEW, 1)
    assert told(fewer) == [("0", "web-a", TARGET, 1), ("1-2", "web-a", "", 0)]
    assert [each.removes for each in fewer] == [False, True]


def test_a_revision_that_is_gone_is_said_to_be_unknown() -> None:
    (change,) = changes(job(1, assigned=ranges(a="0")), {}, NEW, 1)
    assert not change.known
    assert change.differences == ()


def test_some_instances_only() -> None:
    found = changes(job(5, assigned=ranges(b="0,4", a="1-3")), {}, NEW, 5)
    assert told(within(found, Ids([2, 3]))) == [("2-3", "web-a", TARGET, 0)]


def test_what_makes_no_difference_to_pods_is_left_out() -> None:
    given = {"metadata": {"name": "x", "labels": {"a": "b"}}, "spec": {"dnsPolicy": None}}
    assert relevant(given) == {"metadata": {"labels": {"a": "b"}}, "spec": {}}


def test_a_manifest_is_compared_in_what_it_says() -> None:
    live = {"update": {"mode": "Automatic", "strategy": {"type": "Queue", "size": 1}}, "x": 1}
    same = {"update": {"strategy": {"size": 1}, "gates": None}}
    assert stated(live, same) == ()
    other = {"update": {"strategy": {"size": 2}, "maxUnavailable": 1}}
    assert [(each.path, bool(each.old)) for each in stated(live, other)] == [
        ("update.maxUnavailable", False),
        ("update.strategy.size", True),
    ]


CANARY = {
    "name": "canary",
    "instances": "1-2",
    "patch": {"spec": {"containers": [{"name": "web", "image": "web:2"}]}},
}


def test_with_overlays_each_group_has_what_its_pods_show() -> None:
    new = {**OLD, "echelon": {"overlays": [CANARY]}}
    same, canary, made = changes(job(4, assigned=ranges(a="0-3")), {"web-a": OLD}, new, 5)
    assert (same.instances, same.relabels, same.differences) == (Ids([0, 3]), True, ())
    assert (canary.instances, canary.relabels) == (Ids([1, 2]), False)
    (difference,) = canary.differences
    assert (difference.path, difference.old, difference.new) == (
        "spec.containers[web].image",
        "web:1",
        "web:2",
    )
    assert made.creates
    assert (
        {same.new, canary.new, made.new} == {revision_of("web", new)} != {revision_of("web", OLD)}
    )


def test_overlays_that_cannot_be_used_are_compared_as_they_are_written() -> None:
    bad = {**OLD, "echelon": {"overlays": [{**CANARY, "instances": "x"}]}}
    (change,) = changes(job(2, assigned=ranges(a="0-1")), {"web-a": OLD}, bad, 2)
    assert change.instances == Ids([0, 1])
    assert [each.path for each in change.differences] == ["echelon"]


def test_the_overlays_of_a_job_belong_to_what_its_revision_keeps() -> None:
    plain = job(1)
    spec = plain.spec.model_copy(update={"template": OLD, "overlays": (CANARY,)})
    assert present_of(plain.model_copy(update={"spec": spec})) == {
        **OLD,
        "echelon": {"overlays": [CANARY]},
    }
    assert present({"template": OLD, "overlays": [CANARY]}) == present_of(
        plain.model_copy(update={"spec": spec})
    )
