"""The claims that exist when the operator is to make them."""

from __future__ import annotations

import pytest

from controller.core.model import plan
from controller.kube.errors import ApiError, Forbidden, Invalid
from controller.reconcile.claims.writes import ClaimCreation
from tests.unit.reconcile.fake_api import KEY, NOW, Shop

CLAIMS = [{"metadata": {"name": "data"}, "spec": {}}]
TEMPLATE = {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}
FULL = Forbidden(403, "Forbidden", "exceeded quota: few")
DENIED = Invalid(422, "Invalid", "ValidatingAdmissionPolicy 'p' denied request: no")


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.job(spec={"instances": 1, "template": TEMPLATE, "volumeClaimTemplates": CLAIMS})
    shop.store.claims.wanted.set()
    return shop


def refuse(shop: Shop, error: ApiError) -> None:
    def before(verb: str, of: str, _: str) -> None:
        if (verb, of) == ("create", "persistentvolumeclaims"):
            raise error

    shop.api.before = before


async def make(shop: Shop) -> bool:
    assert shop.entry.job is not None
    creation = ClaimCreation(shop.api, shop.store, shop.entry, shop.entry.job, lambda: NOW)
    return await creation.run([plan.MakeClaims(0, ("data",))])


@pytest.mark.parametrize("error", [None, FULL, DENIED])
async def test_a_claim_that_exists_gets_our_labels(shop: Shop, error: ApiError | None) -> None:
    """Also if a new one would be refused: the API server looks at that first."""
    theirs = {"name": "data-web-0", "uid": "c1", "labels": {"app": "db"}}
    shop.api.put("persistentvolumeclaims", {"metadata": theirs})
    if error is not None:
        refuse(shop, error)
    assert await make(shop)
    marks = shop.api.objects["persistentvolumeclaims", "data-web-0"]["metadata"]["labels"]
    assert marks == {"app": "db", "echelon.dev/job": "web", "echelon.dev/instance": "0"}
    assert shop.store.claims.of(KEY, "j1", frozenset()).present.keys() == {"data"}
    assert shop.entry.refusals == {}


@pytest.mark.parametrize(("error", "reason"), [(FULL, "QuotaExceeded"), (DENIED, "ClaimRefused")])
async def test_a_refused_claim_is_told(shop: Shop, error: ApiError, reason: str) -> None:
    refuse(shop, error)
    assert not await make(shop)
    assert shop.entry.refusals[0].reason == reason
    assert shop.entry.refusals[0].message == error.message
