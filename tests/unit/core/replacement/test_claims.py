"""Claims of instances: made before the pod, and waited for."""

from __future__ import annotations

from controller.api.update import Phase
from controller.core.model.claims import Claim
from tests.unit.core.sim.claimed import (
    DATA,
    LOGS,
    gone,
    names,
    owners,
    retention,
    with_claims,
    world,
)
from tests.values import replace


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


def test_a_claim_that_goes_is_waited_for() -> None:
    here = world(2).ready()
    claim = here.cluster.claims["data-web-1"]
    here.cluster.remove_pod(here.pod(1))
    here.cluster.set_claim(replace(claim, deleted=True))
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


def test_a_claim_whose_template_is_gone_is_made_as_those_of_the_other_instances() -> None:
    """The present revision mounts it still: the Update away from it rolled back."""
    here = world(2).ready()
    here.cluster.claim_phase = "Pending"
    with_claims(here, LOGS)
    here.until_ended()
    assert here.phase is Phase.ROLLED_BACK
    here.cluster.claim_phase = "Bound"
    here.edit(instances=3)
    here.until(lambda: here.status.ready_instances == 3)
    assert "data-web-2" in names(here)


def test_an_instance_whose_overlay_mounts_no_claim_needs_none() -> None:
    patch = {"spec": {"volumes": [{"name": "data", "$patch": "delete"}]}}
    overlay = {"name": "bare", "instances": "0", "patch": patch}
    here = world(2, overlays=[overlay]).ready()
    assert names(here) == ["data-web-1"]


def test_a_pod_that_names_its_node_waits_for_its_claim_all_the_same() -> None:
    here = world(1).ready()
    here.cluster.claim_phase = "Pending"
    with_claims(here, DATA, LOGS)
    here.until(lambda: bool(here.cluster.updates))
    here.until(lambda: "web-0" in here.cluster.pods and not here.pod(0).ready)
    taken = replace(here.pod(0), node="n1", taken_at=here.now, trouble=None)
    here.cluster.set_pod(taken)
    here.until_ended()
    assert {f.reason for f in here.update.status.failures} == {"ClaimPending"}
    assert here.status.known_bad == ()
