"""The plan of a dry run: replacement kinds, groups, templates to read, conflicts.

test_dry_run_course.py shows that updates follow their plan.
"""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import NONE, Ids
from controller.api.job import Job
from controller.api.meta import UpdateMeta, wire
from controller.api.pods.pod import Pod
from controller.api.policy import PolicyPatch, UpdatePolicy
from controller.api.preview import Conflict, UpdatePlan
from controller.api.update import BatchStatus, Phase, Target, Update, UpdateSpec, UpdateStatus
from controller.core.admission.dry_run import MAX_GROUPS, preview, templates_needed
from controller.core.model import assigned as asg
from controller.core.model import policy
from controller.core.model.context import Context
from controller.core.model.limits import TEMPLATES_COMPARED
from controller.core.model.observed import (
    Finished,
    Observed,
    Refusal,
    Revision,
    Verdict,
)
from controller.core.pods.index import Instances
from controller.core.revisions import revision as revisions
from tests.values import replace

NOW = 1_750_000_000.0
OLD, ODD, NEW = "web-old", "web-odd", "web-new"


def template(image: str, **spec: Any) -> bytes:
    container = {"name": "app", "image": image}
    return revisions.canonical({"spec": {"containers": [container], **spec}})


#: From OLD to NEW only the image changes, from ODD more than that.
TEMPLATES = {
    OLD: template("app:1"),
    NEW: template("app:2"),
    ODD: template("app:1", hostNetwork=True),
}
UPDATE = Update(metadata=UpdateMeta(name="mine", uid="u"), spec=UpdateSpec(job="web"))


def case_of(assigned: dict[str, Ids], dead: Ids = NONE, **observed: Any) -> Context:
    """A Job whose pods are at ``assigned`` and good; the pods of ``dead`` do not exist."""
    instances = Instances("job")
    for revision, ids in assigned.items():
        for i in ids - dead:
            pod = Pod("default", f"web-{i}", f"p{i}", "web", "job", i, revision=revision)
            instances.put(replace(pod, ready=True, phase="Running", resource_version=1))
    instances.advance(NOW)
    job = {
        "metadata": {"name": "web", "uid": "job"},
        "spec": {"template": {}},
        "status": {"assigned": [wire(item) for item in asg.write(assigned)]},
    }
    known = {name: Revision(name, name, 1) for name in (OLD, ODD, NEW)}
    given = {"templates": TEMPLATES, "revisions": known, **observed}
    return Context(Observed(Job.model_validate(job), NEW, instances.view(), **given), NOW)


def draft_of(
    context: Context,
    after: str,
    within: str | None = None,
    revision: str | None = NEW,
    restart: bool = False,
    carried: str = "",
    **given: Any,
) -> UpdateStatus:
    """The status of an Update to ``revision`` of the ids ``within`` (None: all). ``after``: the
    selected ids that exist after the Update; ``given``: the policy, in wire names."""
    origin, target = context.assigned, Ids.parse(after)
    if within is not None:
        origin = asg.within(origin, Ids.parse(within))
    goal = {revision or "": target}
    moving = target if restart else target - asg.common(goal, origin)
    total = len(moving | (asg.ids_of(origin) - target))
    patch = PolicyPatch.model_validate({"strategy": {"type": "Queue", "size": 1}, **given})
    batch = BatchStatus(index=0, instances=Ids.parse(carried), started_at=NOW)
    return UpdateStatus(
        policy=policy.resolve(UpdatePolicy(), patch, total),
        min_ready_seconds=0,
        from_=asg.write(origin),
        to=Target(revision=revision, instances=target),
        restart=restart,
        batch=batch if carried else None,
    )


def plan_of(context: Context, *args: Any, **kwargs: Any) -> UpdatePlan:
    draft = draft_of(context, *args, **kwargs)
    return preview(context, UPDATE, draft, restart=draft.restart)


def ids(assigned: dict[str, str]) -> dict[str, Ids]:
    return {revision: Ids.parse(text) for revision, text in assigned.items()}


def kinds(plan: UpdatePlan) -> dict[str, Any]:
    return wire(plan.instances)


def groups(plan: UpdatePlan) -> list[str]:
    assert [group.index for group in plan.groups.first] == list(range(len(plan.groups.first)))
    return [str(group.instances) for group in plan.groups.first]


MIXED = ids({OLD: "0-3", NEW: "4-5", ODD: "6-7"})
BATCH_OF_4 = {"type": "Batch", "size": 4}


def test_the_plan_says_how_each_instance_is_replaced() -> None:
    plan = plan_of(case_of(MIXED), "0-6,8-9", strategy=BATCH_OF_4)
    assert kinds(plan) == {"create": "8-9", "recreate": "0-3,6", "remove": "7", "unchanged": "4-5"}
    assert groups(plan) == ["0-1,8-9", "2-3,6-7"], "created, changed, removed"
    assert plan.groups.count == 2
    assert wire(plan.groups)["sizes"] == [{"size": 4, "times": 2}]


def test_the_plan_of_a_partial_range() -> None:
    plan = plan_of(case_of(MIXED), "1,4,6", "1,4,6,7")
    assert kinds(plan) == {"recreate": "1,6", "remove": "7", "unchanged": "0,2-5"}
    assert groups(plan) == ["1", "6", "7"]


def test_unavailable_instances_come_first_and_are_recreated_whatever_the_policy() -> None:
    context = case_of(ids({OLD: "0-5"}), dead=Ids.parse("2,4"))
    for replacement, kind in (("Surge", "surge"), ("InPlace", "inPlace")):
        plan = plan_of(context, "0-5", replacement=replacement)
        assert kinds(plan) == {"recreate": "2,4", kind: "0-1,3,5"}
        assert groups(plan) == ["2", "4", "0", "1", "3", "5"]


def test_pods_are_changed_in_place_where_the_revisions_allow_it() -> None:
    plan = plan_of(case_of(MIXED), "0-7", replacement="InPlace")
    assert kinds(plan) == {"recreate": "6-7", "inPlace": "0-3", "unchanged": "4-5"}
    assert [(c.reason, c.message) for c in plan.conflicts] == [
        ("NotInPlace", "instances are replaced, not changed in place: spec.hostNetwork differs")
    ]


def test_a_pod_whose_change_in_place_was_refused_is_recreated() -> None:
    plan = plan_of(
        case_of(MIXED, in_place_refused=frozenset({"p2", "p5"})), "0-7", replacement="InPlace"
    )
    assert kinds(plan) == {"recreate": "2,6-7", "inPlace": "0-1,3", "unchanged": "4-5"}


def test_pods_whose_template_was_not_read_count_as_recreated() -> None:
    context = case_of(MIXED, templates={NEW: TEMPLATES[NEW]})
    assert kinds(plan_of(context, "0-7", replacement="InPlace"))["recreate"] == "0-3,6-7"


def test_the_plan_of_a_restart() -> None:
    context = case_of(MIXED)
    assert kinds(plan_of(context, "0-7", restart=True)) == {"recreate": "0-7"}
    own = plan_of(context, "2-6", "2-6", revision=None, restart=True, strategy=BATCH_OF_4)
    assert kinds(own) == {"recreate": "2-6", "unchanged": "0-1,7"}
    assert groups(own) == ["2-5", "6"]
    surge = plan_of(context, "0-7", revision=None, restart=True, replacement="Surge")
    assert kinds(surge) == {"surge": "0-7"}
    same = plan_of(context, "0-7", revision=None, restart=True, replacement="InPlace")
    assert kinds(same) == {"recreate": "0-7"}, "there is no difference to change in place"


def test_the_ids_in_flight_are_the_first_group() -> None:
    context = case_of(MIXED, dead=Ids.parse("5"))
    plan = plan_of(context, "0-7", carried="4-5", strategy=BATCH_OF_4)
    assert groups(plan) == ["4-5", "0-3", "6-7"]
    assert kinds(plan) == {"recreate": "0-3,5-7", "unchanged": "4"}
    sizes = {"type": "VariableBatch", "sizes": [2, 1, 9]}
    assert groups(plan_of(context, "0-7", carried="4-5", strategy=sizes)) == ["4-5", "0", "1-3,6-7"]


def test_the_plan_without_changes_is_empty() -> None:
    plan = plan_of(case_of(ids({NEW: "0-3"})), "0-3")
    assert wire(plan) == {"instances": {"unchanged": "0-3"}, "groups": {"count": 0}}


def test_the_plan_has_the_first_fifty_groups_and_the_sizes_of_all() -> None:
    sizes = {"type": "VariableBatch", "sizes": [1, 10, "25%"]}
    plan = plan_of(case_of(ids({OLD: "0-999"})), "0-999", strategy=sizes)
    runs = [(run.size, run.times) for run in plan.groups.sizes]
    assert runs == [(1, 1), (10, 1), (250, 3), (239, 1)]
    plan = plan_of(case_of(ids({OLD: "0-999"})), "0-999", strategy={"type": "Queue", "size": 7})
    assert plan.groups.count == 143
    assert len(plan.groups.first) == MAX_GROUPS
    assert groups(plan)[-1] == "343-349"
    assert wire(plan.groups)["sizes"] == [{"size": 7, "times": 142}, {"size": 6, "times": 1}]


def test_the_plan_has_an_estimate_from_earlier_updates() -> None:
    past = Finished("web-g2", "x", Phase.ROLLED_FORWARD, True, NOW, NOW - 40, NOW - 20, updated=10)
    context = case_of(ids({OLD: "0-3"}), finished={"web-g2": past})
    assert wire(plan_of(context, "0-3"))["estimate"] == {
        "seconds": 8,
        "from": "2.0 s per instance, as in the last completed update",
    }


@pytest.mark.parametrize(
    ("after", "strategy", "groups"),
    [
        ("0-7", {"type": "Batch", "size": 3}, 2),
        ("0-1", {"type": "Batch", "size": 3}, 1),
        ("", {"type": "Queue", "size": 1}, 0),
    ],
)
def test_removed_instances_take_no_time_to_become_good(
    after: str, strategy: dict[str, Any], groups: int
) -> None:
    context = case_of(MIXED)
    draft = draft_of(context, after, strategy=strategy).model_copy(update={"min_ready_seconds": 10})
    found = preview(context, UPDATE, draft, restart=False).estimate
    assert (found.seconds if found else 0) == 10 * groups


# Templates to read first.


def test_a_plan_needs_the_templates_that_it_compares() -> None:
    def needed(context: Context, **given: Any) -> set[str]:
        return set(templates_needed(context, draft_of(context, "0-7", **given)))

    context = case_of(MIXED, dead=Ids.parse("6-7"), templates={})
    assert needed(context) == set(), "a recreated pod needs no comparison"
    assert needed(context, replacement="InPlace") == {OLD}, "NEW is there, those of ODD have no pod"
    assert needed(context, replacement="Surge") == set()
    own = {"revision": None, "restart": True}
    assert needed(context, replacement="InPlace", **own) == set()
    assert needed(context, replacement="Surge", **own) == {OLD}
    assert needed(case_of(MIXED), replacement="InPlace") == set()
    pruned = case_of(MIXED, templates={}, revisions={ODD: Revision(ODD, ODD, 1)})
    assert needed(pruned, replacement="InPlace") == {ODD}, "a revision that is gone is not read"


def test_no_more_templates_are_needed_than_are_kept() -> None:
    assigned = ids({f"web-{n}": str(n) for n in range(20)})
    known = {name: Revision(name, name, 1) for name in (*assigned, OLD)}
    context = case_of(assigned, templates={}, revisions=known)
    draft = draft_of(context, "0-19", revision=OLD, replacement="InPlace")
    asked: set[str] = set()
    while wanted := templates_needed(context, draft):
        asked.add(min(wanted))
        observed = replace(context.observed, templates=dict.fromkeys(asked, TEMPLATES[OLD]))
        context = replace(context, observed=observed)
    assert len(asked) == TEMPLATES_COMPARED
    assert OLD in asked, "all other templates are compared with the goal's"


# Conflicts.


def test_conflicts_of_admission_and_warnings_are_listed() -> None:
    refusal = Refusal("QuotaExceeded", "exceeded quota: pods, used 3", until=0.0)
    context = case_of(MIXED, refusals={3: refusal})
    draft = draft_of(context, "0-7")
    known = Conflict(reason="KnownBad", message="it failed before")
    quota = Conflict(reason="QuotaExceeded", message=refusal.message)
    found = preview(context, UPDATE, draft, restart=False, conflicts=[known]).conflicts
    assert found == (known, quota)
    asked = Conflict(reason="QuotaExceeded", message="by a dry run")
    assert preview(context, UPDATE, draft, restart=False, conflicts=[asked]).conflicts == (asked,)


def test_an_exceeded_quota_in_the_check_of_the_template() -> None:
    """It is a conflict only if pods are created before others are deleted."""
    context = case_of(MIXED, verdicts={"u": Verdict(True, "QuotaExceeded", "exceeded quota: few")})
    quota = Conflict(reason="QuotaExceeded", message="exceeded quota: few")
    assert plan_of(context, "0-7").conflicts == ()
    assert plan_of(context, "0-8").conflicts == (quota,)
    assert plan_of(context, "0-7", replacement="Surge").conflicts == (quota,)
    assert plan_of(case_of(MIXED, verdicts={"u": Verdict(True)}), "0-8").conflicts == ()


def test_a_surge_that_shares_a_volume_is_a_conflict() -> None:
    claim = {"persistentVolumeClaim": {"claimName": "data-{{echelon.instance}}"}, "name": "data"}
    templates = {**TEMPLATES, NEW: template("app:2", volumes=[claim])}
    context = case_of(MIXED, templates=templates)
    (found,) = plan_of(context, "0-7", replacement="Surge").conflicts
    assert found.reason == "SurgeSharesVolume"
    assert "data-{{echelon.instance}}" in found.message
    assert plan_of(context, "0-7").conflicts == ()
    assert plan_of(case_of(ids({NEW: "0-7"})), "0-7", replacement="Surge").conflicts == ()
