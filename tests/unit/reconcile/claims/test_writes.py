"""What the operator writes about claims: names known beforehand, owners by a compare-and-swap."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import NONE
from controller.core.model.plan import MakeClaims, OwnClaim
from controller.kube.errors import Conflict, Forbidden
from controller.reconcile.claims.objects import read_claim
from controller.reconcile.claims.writes import ClaimCreation, own
from tests.unit.reconcile.claims.shop import DATA, ClaimShop

OURS = {"echelon.dev/job": "web", "echelon.dev/instance": "0"}
STRANGER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "x1"}
JOB = {"apiVersion": "echelon.dev/v1alpha1", "kind": "EchelonJob", "name": "web", "uid": "j1"}


def labelled(shop: ClaimShop, **metadata: Any) -> str:
    """A claim of instance 0 that the store knows. Returns its uid."""
    made = shop.claim(labels=OURS, **metadata)
    shop.see_claim(made)
    uid: str = made["metadata"]["uid"]
    return uid


async def test_the_claim_is_tried_and_made_before_the_pod() -> None:
    shop = ClaimShop(instances=1)
    for _ in range(2):
        await shop.reconcile()
    assert shop.asked("dry run", "create") == [
        ("dry run", "web-0-dry-run"),
        ("dry run", "data-web-0-dry-run"),
        ("create", "data-web-0"),
        ("create", "web-0"),
    ]
    made = shop.stored()
    assert made["metadata"]["labels"] == {
        **OURS,
        "tier": "gold",
        "app.kubernetes.io/managed-by": "echelon",
    }
    assert made["metadata"]["annotations"] == {"a": "b"}
    assert "ownerReferences" not in made["metadata"]
    assert made["spec"]["resources"] == {"requests": {"storage": "1Gi"}}
    (volume,) = shop.api.objects["pods", "web-0"]["spec"]["volumes"]
    assert volume == {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}}


async def test_with_when_deleted_delete_the_claim_is_made_with_its_owner() -> None:
    shop = ClaimShop(instances=1, persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"})
    await shop.reconcile()
    assert shop.stored()["metadata"]["ownerReferences"] == [JOB]


async def test_a_claim_of_somebody_else_gets_our_labels_and_is_used() -> None:
    shop = ClaimShop(instances=1)
    before = shop.claim(labels={"app": "db"}, ownerReferences=[STRANGER])
    for _ in range(2):
        await shop.reconcile()
    found = shop.stored()["metadata"]
    assert found["uid"] == before["metadata"]["uid"]
    assert found["labels"] == {"app": "db", **OURS}
    assert found["ownerReferences"] == [STRANGER]
    assert ("create", "web-0") in shop.asked("create")


async def test_a_claim_that_only_the_watch_missed_is_not_written() -> None:
    shop = ClaimShop(instances=1)
    shop.claim(labels=OURS)
    for _ in range(2):
        await shop.reconcile()
    assert shop.asked("patch") == []
    assert ("create", "web-0") in shop.asked("create")


async def test_a_claim_of_another_job_is_left_alone_and_said() -> None:
    shop = ClaimShop(instances=1)
    theirs = {"echelon.dev/job": "b-web", "echelon.dev/instance": "0"}
    shop.claim(labels=theirs)
    await shop.reconcile()
    assert shop.stored()["metadata"]["labels"] == theirs
    assert "belongs to Job b-web" in shop.entry.refusals[0].message
    assert shop.asked("create") == [("create", "data-web-0")]


async def test_the_first_refusal_holds_back_the_others() -> None:
    shop = ClaimShop(instances=100)

    def refuse(verb: str, plural: str, name: str) -> None:
        if (verb, plural) == ("create", "persistentvolumeclaims"):
            shop.api.asked.append((verb, plural, name))
            raise Forbidden(403, "Forbidden", "no storage for you")

    shop.api.before = refuse
    await shop.reconcile()
    assert shop.asked("create") == [("create", "data-web-0")]
    assert set(shop.entry.refusals) == set(range(100))
    assert {r.reason for r in shop.entry.refusals.values()} == {"ClaimRefused"}
    assert shop.claims.making == NONE, "no assumption is left"
    await shop.reconcile()
    assert len(shop.asked("create")) == 1, "none is repeated before its back-off ends"
    shop.api.before = lambda *_: None
    shop.now = shop.entry.refusals[0].until
    for _ in range(2):
        await shop.reconcile()
    assert len(shop.claims.present["data"]) == 100
    assert shop.entry.refusals == {}


async def test_a_quota_stays_a_quota() -> None:
    shop = ClaimShop(instances=1)

    def refuse(verb: str, plural: str, _name: str) -> None:
        if (verb, plural) == ("create", "persistentvolumeclaims"):
            raise Forbidden(403, "Forbidden", 'persistentvolumeclaims "x": exceeded quota: q')

    shop.api.before = refuse
    await shop.reconcile()
    assert shop.entry.refusals[0].reason == "QuotaExceeded"


async def test_owners_of_others_stay() -> None:
    shop = ClaimShop(instances=1)
    uid = labelled(shop, ownerReferences=[STRANGER])
    pod = ("web-0", "p1")
    await own(shop.api, shop.store, shop.entry, OwnClaim(0, "data-web-0", uid, True))
    assert shop.stored()["metadata"]["ownerReferences"] == [STRANGER, JOB]
    await own(shop.api, shop.store, shop.entry, OwnClaim(0, "data-web-0", uid, False, pod))
    owners = shop.stored()["metadata"]["ownerReferences"]
    assert owners == [STRANGER, {"apiVersion": "v1", "kind": "Pod", "name": "web-0", "uid": "p1"}]
    assert shop.claims.known["data", 0].pod == "p1"
    await own(shop.api, shop.store, shop.entry, OwnClaim(0, "data-web-0", uid, False))
    assert shop.stored()["metadata"]["ownerReferences"] == [STRANGER]


async def test_a_claim_that_changed_meanwhile_is_not_written() -> None:
    shop = ClaimShop(instances=1)
    uid = labelled(shop)

    def meddle(verb: str, _plural: str, _name: str) -> None:
        if verb == "patch":
            shop.api.before = lambda *_: None
            shop.claim(labels=OURS, ownerReferences=[STRANGER])

    shop.api.before = meddle
    with pytest.raises(Conflict):
        await own(shop.api, shop.store, shop.entry, OwnClaim(0, "data-web-0", uid, True))
    assert shop.stored()["metadata"]["ownerReferences"] == [STRANGER]


@pytest.mark.parametrize("new", [False, True])
async def test_a_claim_that_is_gone_is_dropped(new: bool) -> None:
    shop = ClaimShop(instances=1)
    uid = labelled(shop)
    del shop.api.objects["persistentvolumeclaims", "data-web-0"]
    if new:
        shop.claim(uid="another")
    await own(shop.api, shop.store, shop.entry, OwnClaim(0, "data-web-0", uid, True))
    assert shop.claims.known == {}
    if new:
        assert "ownerReferences" not in shop.stored()["metadata"]


async def test_a_claim_that_lost_its_label_is_labelled_again_without_haste() -> None:
    """To the watch it is gone, as a deleted one is."""
    shop = ClaimShop(instances=1)
    uid = labelled(shop)
    shop.stored()["metadata"]["labels"] = {}
    shop.store.claims.drop("ns/data-web-0", uid)
    for _ in range(5):
        await shop.reconcile()
    assert shop.asked("create", "patch") == [("create", "data-web-0"), ("patch", "data-web-0")]
    assert "data-web-0 is not seen yet" in shop.entry.refusals[0].message
    shop.store.claims.see(read_claim(shop.stored()))
    shop.now = shop.entry.refusals[0].until
    await shop.reconcile()
    assert ("create", "web-0") in shop.asked("create")


def renamed(shop: ClaimShop) -> MakeClaims:
    """The spec has another template than the claim that is to be made."""
    other = {**DATA, "metadata": {"name": "disk"}}
    shop.job(spec={"volumeClaimTemplates": [other]})
    return MakeClaims(1, ("data",))


async def make(shop: ClaimShop, wish: MakeClaims) -> None:
    assert shop.entry.job is not None
    making = ClaimCreation(shop.api, shop.store, shop.entry, shop.entry.job, lambda: shop.now)
    making.assume([wish])
    await making.run([wish])


async def test_a_claim_without_a_template_is_made_as_that_of_another_instance() -> None:
    shop = ClaimShop(instances=2)
    labelled(shop)
    await make(shop, renamed(shop))
    made = shop.stored("data-web-1")
    assert made["spec"] == {"accessModes": ["ReadWriteOnce"]}, "and no volumeName"
    assert made["metadata"]["labels"]["echelon.dev/instance"] == "1"


async def test_a_claim_without_a_template_or_another_one_is_asked_for_by_name() -> None:
    shop = ClaimShop(instances=2)
    wish = renamed(shop)
    await make(shop, wish)
    assert shop.asked("create") == []
    assert "no template data in spec.volumeClaimTemplates" in shop.entry.refusals[1].message
    shop.claim("data-web-1")
    await make(shop, wish)
    assert shop.entry.refusals == {}
    assert shop.claims.known["data", 1].uid == "uid-data-web-1"


async def test_a_job_that_goes_meanwhile_is_no_error() -> None:
    shop = ClaimShop(instances=1)
    uid = labelled(shop)

    def gone(verb: str, _plural: str, _name: str) -> None:
        if verb == "patch":
            shop.entry.drop_job()

    shop.api.before = gone
    await own(shop.api, shop.store, shop.entry, OwnClaim(0, "data-web-0", uid, True))
    assert shop.stored()["metadata"]["ownerReferences"] == [JOB]


async def test_owners_that_admission_takes_away_are_a_refusal() -> None:
    shop = ClaimShop(instances=1)
    uid, patch = labelled(shop), shop.api.patch

    async def strip(*asked: Any, **how: Any) -> Any:
        found = await patch(*asked, **how)
        found["metadata"].pop("ownerReferences", None)
        return found

    shop.api.patch = strip  # type: ignore[method-assign]
    with pytest.raises(Forbidden, match="admission changed the owners of claim data-web-0"):
        await own(shop.api, shop.store, shop.entry, OwnClaim(0, "data-web-0", uid, True))
