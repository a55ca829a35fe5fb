"""Who owns the claims of instances: the Job, or the pod that takes them along."""

from __future__ import annotations

import pytest

from controller.api.update import Phase
from controller.core.decide import decide
from controller.core.model.claims import Claim, OwnClaim
from tests.unit.core.sim.claimed import (
    DATA,
    LOGS,
    names,
    owners,
    retention,
    world,
)
from tests.values import replace


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


def test_a_pod_that_goes_gives_its_claims_back_if_its_instance_stays_after_all() -> None:
    here = world(2, **retention("Delete")).ready()
    before = dict(here.cluster.claims)
    here.kubelet.steering[(None, 1)] = replace(here.kubelet.behaviour(here.pod(1)), stop=30)
    here.edit(instances=1)
    here.until(lambda: here.pod(1).deleted is not None)
    assert owners(here)[1] == (False, True)
    here.edit(instances=2)
    here.until(lambda: here.status.ready_instances == 2)
    assert here.cluster.claims == before


def test_a_pod_that_goes_gives_its_claims_back_to_another_policy() -> None:
    here = world(2, **retention("Delete")).ready()
    here.kubelet.steering[(None, 1)] = replace(here.kubelet.behaviour(here.pod(1)), stop=30)
    here.edit(instances=1)
    here.until(lambda: here.pod(1).deleted is not None)
    here.cluster.user_claims({"volumeClaimTemplates": [DATA], **retention("Retain")})
    here.run(60)
    assert names(here) == ["data-web-0", "data-web-1"]
    assert owners(here)[1] == (False, False)


@pytest.mark.parametrize("bad", [False, True])
def test_an_update_that_removes_instances_keeps_their_claims(bad: bool) -> None:
    here = world(3, **retention("Delete")).ready()
    before = dict(here.cluster.claims)
    if bad:
        here.behave("app:2", ready=None)
    here.edit(image="app:2", instances=2, strategy={"type": "Batch", "size": 3})
    here.until_ended()
    assert here.phase is (Phase.ROLLED_BACK if bad else Phase.ROLLED_FORWARD)
    here.run(60)
    assert len(here.cluster.pods) == (3 if bad else 2)
    assert here.cluster.claims == before


def test_claims_of_a_former_job_are_waited_for_and_not_owned() -> None:
    here = world(1, **retention(when_deleted="Delete"))
    theirs = Claim("data", 0, "data-web-0", "old", "Bound", job="former")
    here.cluster.set_claim(theirs)
    here.run(30)
    assert not here.cluster.pods
    assert here.cluster.claims["data-web-0"] == theirs
    assert "claim data-web-0 is being deleted" in here.message("Ready")
    here.cluster.remove_claim(theirs)
    here.ready()
    assert owners(here) == {0: (True, False)}


def test_a_pod_that_cannot_take_its_claims_along_is_told() -> None:
    here = world(2, **retention("Delete")).ready()
    here.cluster.denied["own claim"] = ("Forbidden", "no owners")
    here.edit(instances=1)
    here.run(30)
    assert "Reconciling" in here.conditions()
    assert "cannot write the owners of claim data-web-1: no owners" in here.message("Reconciling")
