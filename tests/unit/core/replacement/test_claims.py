"""Claims of instances: made before the pod, waited for, owned when they are to go."""

from __future__ import annotations

from typing import Any

from controller.api.update import Phase
from controller.core.decide import decide
from controller.core.model.claims import Claim, OwnClaim
from tests.unit.core.sim.world import World
from tests.values import replace

DATA = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
LOGS = {"metadata": {"name": "logs"}, "spec": {"accessModes": ["ReadWriteOnce"]}}


def world(instances: int = 3, *claims: dict[str, Any], **spec: Any) -> World:
    """A Job with these claim templates."""
    return World(instances=instances, volumeClaimTemplates=list(claims or (DATA,)), **spec)


def retention(when_scaled: str = "Retain", when_deleted: str = "Retain") -> dict[str, Any]:
    policy = {"whenScaled": when_scaled, "whenDeleted": when_deleted}
    return {"persistentVolumeClaimRetentionPolicy": policy}


def with_claims(world: World, *claims: dict[str, Any]) -> None:
    """A user changes the claim templates."""
    world.cluster.user_edit(
        lambda job: job.model_copy(
            update={"spec": job.spec.model_copy(update={"volume_claim_templates": claims})}
        )
    )


def names(world: World) -> list[str]:
    return sorted(world.cluster.claims)


def owners(world: World, template: str = "data") -> dict[int, tuple[bool, bool]]:
    """Instance -> whether the Job owns its claim, and whether a pod does."""
    found = (c for c in world.cluster.claims.values() if c.template == template)
    return {c.instance: (bool(c.job), bool(c.pod)) for c in found}


def gone(world: World, name: str) -> Claim:
    claim = world.cluster.claims[name]
    world.cluster.remove_claim(claim)
    return claim


def test_claims_are_made_before_the_pods() -> None:
    made = world(2, DATA, LOGS).ready()
    assert names(made) == ["data-web-0", "data-web-1", "logs-web-0", "logs-web-1"]
    writes = [name for verb, name in made.cluster.writes if verb in ("make claim", "create pod")]
    for i in (0, 1):
        mine = [name for name in writes if name.endswith(f"web-{i}")]
        assert mine == [f"data-web-{i}", f"logs-web-{i}", f"web-{i}"]


def test_claims_that_exist_are_used() -> None:
    here = world(2)
    claim = Claim("data", 1, "data-web-1", "theirs", "Bound")
    here.cluster.set_claim(claim)
    here.ready()
    assert here.cluster.claims["data-web-1"] == claim
    assert ("make claim", "data-web-1") not in here.cluster.writes


def test_claims_of_adopted_pods_are_taken_over() -> None:
    """Another controller made them: they lack the labels by which the operator sees claims."""
    here = world(2, **retention("Delete", "Delete")).ready()
    for claim in list(here.cluster.claims.values()):
        here.cluster.claims[claim.name] = replace(claim, job="")
        here.operator.claims.drop(claim)
    here.cluster.writes.clear()
    here.run(30)
    assert owners(here) == {0: (True, False), 1: (True, False)}
    assert here.cluster.requests["create pod"] == 2
    here.edit(instances=1)
    here.until(lambda: len(here.cluster.pods) == 1)
    here.run(30)
    assert names(here) == ["data-web-0"]


def test_a_replacement_makes_no_new_claim() -> None:
    here = world().ready()
    before = dict(here.cluster.claims)
    here.roll("app:2")
    assert here.phase is Phase.ROLLED_FORWARD
    assert here.cluster.claims == before


def test_a_scale_up_makes_claims_and_a_scale_down_keeps_them() -> None:
    here = world(1).ready()
    here.edit(instances=3)
    here.until(lambda: here.status.ready_instances == 3)
    assert names(here) == ["data-web-0", "data-web-1", "data-web-2"]
    here.edit(instances=1)
    here.until(lambda: len(here.cluster.pods) == 1)
    here.run(60)
    assert names(here) == ["data-web-0", "data-web-1", "data-web-2"]
    assert owners(here) == {0: (False, False), 1: (False, False), 2: (False, False)}


def test_with_when_scaled_delete_the_pod_takes_its_claims_along() -> None:
    here = world(3, DATA, LOGS, **retention("Delete")).ready()
    here.edit(instances=1)
    here.until(lambda: len(here.cluster.pods) == 1)
    here.run(60)
    assert names(here) == ["data-web-0", "logs-web-0"]
    order = [what for what in here.cluster.writes if what[0] in ("own claim", "delete pod")]
    for i in (1, 2):
        mine = [what for what in order if what[1].endswith(f"web-{i}")]
        assert mine[-1] == ("delete pod", f"web-{i}")
        assert sorted(mine[:-1]) == [("own claim", f"{n}-web-{i}") for n in ("data", "logs")]


def test_owners_that_are_being_written_are_not_written_again() -> None:
    """Each end of such a write brings a decision: without this there would be one more write of
    all the others each time. The pod stays meanwhile."""
    here = world(3, **retention("Delete")).ready()
    here.cluster.denied["own claim"] = ("Forbidden", "not now")
    here.edit(instances=1)
    here.run(20)
    observed = replace(here.operator.observe(), refused_actions={})
    due = {a.uid for a in decide(observed, here.now).actions if isinstance(a, OwnClaim)}
    assert due == {here.cluster.claims[f"data-web-{i}"].uid for i in (1, 2)}
    busy = replace(observed, claims=replace(observed.claims, owning=frozenset(due)))
    assert decide(busy, here.now).actions == ()


def test_with_when_scaled_delete_a_lost_pod_keeps_its_claims() -> None:
    here = world(2, **retention("Delete")).ready()
    before = dict(here.cluster.claims)
    here.cluster.remove_pod(here.pod(1))
    here.until(lambda: "web-1" in here.cluster.pods)
    here.roll("app:2")
    assert here.cluster.claims == before


def test_with_when_deleted_delete_the_job_owns_the_claims() -> None:
    here = world(2, **retention(when_deleted="Delete")).ready()
    assert owners(here) == {0: (True, False), 1: (True, False)}
    assert ("own claim", "data-web-0") not in here.cluster.writes  # They are made so.


def test_both_deletes_leave_one_owner() -> None:
    here = world(2, **retention("Delete", "Delete")).ready()
    here.kubelet.steering[(None, 1)] = replace(here.kubelet.behaviour(here.pod(1)), stop=None)
    here.edit(instances=1)
    here.until(lambda: here.pod(1).deleted is not None)
    assert owners(here) == {0: (True, False), 1: (False, True)}
    here.kubelet.release(here.pod(1))
    here.run(30)
    assert names(here) == ["data-web-0"]


def test_a_changed_policy_changes_the_owners() -> None:
    here = world(2, **retention(when_deleted="Delete")).ready()
    here.cluster.user_edit(
        lambda job: job.model_copy(
            update={
                "spec": job.spec.model_copy(
                    update={"persistent_volume_claim_retention_policy": None}
                )
            }
        )
    )
    here.run(30)
    assert owners(here) == {0: (False, False), 1: (False, False)}


def test_a_scale_down_that_is_taken_back_keeps_the_claims() -> None:
    """The pod owns its claim already, and its deletion is denied meanwhile."""
    here = world(2, **retention("Delete")).ready()
    here.cluster.denied["delete pod"] = ("Forbidden", "not now")
    here.edit(instances=1)
    here.until(lambda: owners(here)[1] == (False, True))
    here.edit(instances=2)
    here.until(lambda: owners(here)[1] == (False, False))
    del here.cluster.denied["delete pod"]
    here.run(120)
    assert here.status.ready_instances == 2
    assert names(here) == ["data-web-0", "data-web-1"]


def test_a_claim_that_goes_is_waited_for() -> None:
    here = world(2).ready()
    claim = here.cluster.claims["data-web-1"]
    here.cluster.set_claim(replace(claim, deleted=True))
    here.cluster.remove_pod(here.pod(1))
    here.run(30)
    assert "web-1" not in here.cluster.pods
    assert "claim data-web-1 is being deleted" in here.message("Ready")
    here.cluster.remove_claim(here.cluster.claims["data-web-1"])
    here.until(lambda: here.status.ready_instances == 2)
    assert here.cluster.claims["data-web-1"].uid != claim.uid


def test_a_claim_of_a_pod_that_is_gone_is_waited_for() -> None:
    """The garbage collector has not deleted it yet."""
    here = world(2).ready()
    stale = replace(here.cluster.claims["data-web-1"], pod="gone")
    here.cluster.set_claim(stale)
    here.cluster.remove_pod(here.pod(1))
    here.run(30)
    assert "web-1" not in here.cluster.pods
    here.cluster.remove_claim(stale)
    here.until(lambda: here.status.ready_instances == 2)


def test_a_claim_that_is_deleted_before_its_pod_starts_is_made_again() -> None:
    here = world(1)
    here.cluster.claim_phase = "Pending"
    here.until(lambda: "web-0" in here.cluster.pods)
    gone(here, "data-web-0")
    here.cluster.claim_phase = "Bound"
    here.until(lambda: here.status.ready_instances == 1)
    assert names(here) == ["data-web-0"]


def test_a_refused_claim_is_told_and_tried_again() -> None:
    here = world(2)
    here.cluster.denied["make claim"] = ("Forbidden", "no storage for you")
    here.run(30)
    assert not here.cluster.pods
    assert "no storage for you" in here.message("Ready")
    del here.cluster.denied["make claim"]
    here.ready()


def test_a_pending_claim_is_told_and_is_nobodys_bad_version() -> None:
    here = world(2).ready()
    here.cluster.claim_phase = "Pending"
    with_claims(here, DATA, LOGS)
    here.until(lambda: bool(here.cluster.updates))
    here.until(lambda: "claim logs-web-0 is Pending: pod has" in here.update.status.message)
    assert here.update.status.reason == "ClaimPending"
    here.until_ended()
    assert here.phase is Phase.ROLLED_BACK
    assert {f.reason for f in here.update.status.failures} == {"ClaimPending"}
    assert "claim logs-web-0 is Pending" in here.update.status.failures[0].message
    assert here.status.known_bad == ()


def test_it_comes_up_by_itself_when_the_claim_is_bound() -> None:
    here = world(1)
    here.cluster.claim_phase = "Pending"
    here.run(300)
    assert "claim data-web-0 is Pending" in here.message("Stalled")
    here.cluster.set_claim(replace(here.cluster.claims["data-web-0"], phase="Bound"))
    here.ready()


def test_the_names_of_claims_make_a_revision_and_nothing_else_does() -> None:
    here = world(2).ready()
    larger = {**DATA, "spec": {**DATA["spec"], "resources": {"requests": {"storage": "2Gi"}}}}  # type: ignore[dict-item]
    with_claims(here, larger)
    here.run(60)
    assert not here.cluster.updates
    with_claims(here, larger, LOGS)
    here.until_ended()
    assert here.phase is Phase.ROLLED_FORWARD
    assert names(here) == ["data-web-0", "data-web-1", "logs-web-0", "logs-web-1"]


def test_ready_says_which_claims_differ_from_their_template() -> None:
    here = world(2).ready()
    with_claims(here, {**DATA, "spec": {"accessModes": ["ReadWriteMany"]}})
    here.cluster.set_claim(
        replace(here.cluster.claims["data-web-0"], spec=b'{"accessModes":["ReadWriteOnce"]}')
    )
    here.cluster.set_claim(
        replace(here.cluster.claims["data-web-1"], spec=b'{"accessModes":["ReadWriteMany"]}')
    )
    here.run(30)
    assert "claim data of instance 0 was made before" in here.message("Ready")


def test_a_kill_at_each_write_loses_nothing() -> None:
    for at in range(40):
        here = world(2, **retention("Delete", "Delete"))
        here.cluster.fates.extend(["ok"] * at + ["crash"])
        here.ready()
        here.edit(instances=1)
        here.until(lambda: len(here.cluster.pods) == 1)  # noqa: B023
        here.run(60)
        assert names(here) == ["data-web-0"]
        assert owners(here) == {0: (True, False)}


def test_a_pod_stays_until_it_owns_its_claims() -> None:
    here = world(2, **retention("Delete")).ready()
    here.cluster.denied["own claim"] = ("Forbidden", "no owners")
    here.edit(instances=1)
    here.run(120)
    assert "web-1" in here.cluster.pods
    assert "cannot write the owners of claim data-web-1: no owners" in here.message("Ready")
    del here.cluster.denied["own claim"]
    here.until(lambda: "web-1" not in here.cluster.pods)
    here.run(10)
    assert names(here) == ["data-web-0"]


def test_a_pod_that_goes_already_takes_its_claims_along() -> None:
    """It was deleted before its instance was scaled away."""
    here = world(2, **retention("Delete")).ready()
    here.kubelet.steering[(None, 1)] = replace(here.kubelet.behaviour(here.pod(1)), stop=30)
    here.cluster.let_go(here.pod(1))
    here.edit(instances=1)
    here.until(lambda: "web-1" not in here.cluster.pods)
    here.run(10)
    assert names(here) == ["data-web-0"]
