"""Dry runs of what an Update would make."""

from __future__ import annotations

import pytest

from controller.core.model import plan
from controller.kube.errors import ApiError, Forbidden, Invalid, NotHolderError, Unreachable
from controller.reconcile.claims.objects import read_claim
from controller.reconcile.template_check import TemplateCheck
from tests.unit.reconcile.fake_api import NOW, Shop

TEMPLATE = {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}
JOB_GATE = {
    "name": "smoke",
    "job": {"template": {"spec": {"template": {"spec": {"containers": [{"name": "t"}]}}}}},
}


def refuse(shop: Shop, plural: str, error: ApiError) -> None:
    def before(verb: str, of: str, _: str) -> None:
        if (verb, of) == ("dry run", plural):
            raise error

    shop.api.before = before


async def verdict(shop: Shop) -> object:
    check = TemplateCheck(shop.api, shop.entry, plan.CheckTemplate(shop.entry.revision))
    found = await check.verdict(1, NOW)
    return found.accepted, found.answered, found.reason


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.job()
    return shop


async def test_nothing_is_made(shop: Shop) -> None:
    assert await verdict(shop) == (True, True, "")
    assert [verb for verb, _, _ in shop.api.writes()] == ["dry run"]
    assert ("pods", "web-0") not in shop.api.objects


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Invalid(422, "Invalid", "no such field"), (False, True, "InvalidTemplate")),
        (Forbidden(403, "Forbidden", "exceeded quota: pods"), (True, True, "QuotaExceeded")),
        (Unreachable("no answer"), (False, False, "Unreachable")),
    ],
)
async def test_what_it_says_of_the_template(
    shop: Shop, error: ApiError, said: tuple[bool, bool, str]
) -> None:
    refuse(shop, "pods", error)
    assert await verdict(shop) == said


async def test_who_does_not_hold_the_lease_says_nothing(shop: Shop) -> None:
    refuse(shop, "pods", NotHolderError())
    with pytest.raises(NotHolderError):
        await verdict(shop)


def overlay(name: str, instances: str, image: str) -> dict[str, object]:
    patch = {"spec": {"containers": [{"name": "web", "image": image}]}}
    return {"name": name, "instances": instances, "patch": patch}


async def test_a_pod_of_each_kind_is_tried_once(shop: Shop) -> None:
    """Also of one that no instance has; two overlays that make the same pod are one kind."""
    shop.job(spec={
        "instances": 1,
        "template": {"spec": {"containers": [{"name": "web", "image": "web:1"}]}},
        "overlays": [overlay("a", "0", "x"), overlay("b", "7", "x"), overlay("c", "8", "y")],
    })  # fmt: skip
    assert await verdict(shop) == (True, True, "")
    images = [body["spec"]["containers"][0]["image"] for body in shop.api.bodies]
    assert sorted(images) == ["web:1", "x", "y"]


async def test_claims_are_tried_if_an_instance_has_none(shop: Shop) -> None:
    """Who may make no claims can still update a Job whose claims are all there."""
    claims = [{"metadata": {"name": name}, "spec": {}} for name in ("data", "logs")]
    shop.job(spec={"instances": 2, "template": TEMPLATE, "volumeClaimTemplates": claims})
    shop.store.claims.wanted.set()
    for i, name in ((0, "data"), (1, "data"), (0, "logs")):
        marks = {"echelon.dev/job": "web", "echelon.dev/instance": str(i)}
        meta = {"name": f"{name}-web-{i}", "namespace": "ns", "uid": f"{name}-{i}"}
        meta |= {"resourceVersion": "1", "labels": marks}
        shop.store.claims.put(read_claim({"metadata": meta}))
    assert await verdict(shop) == (True, True, "")
    tried = [name for _, plural, name in shop.api.asked if plural == "persistentvolumeclaims"]
    assert tried == ["logs-web-0-dry-run"]


async def test_the_overlays_of_a_refused_pod_are_named(shop: Shop) -> None:
    shop.job(spec={
        "template": {"spec": {"containers": [{"name": "web", "image": "web:1"}]}},
        "overlays": [overlay("a", "5", "web:2"), overlay("b", "5", "web:3")],
    })  # fmt: skip
    tried: list[int] = []

    def before(verb: str, *_: str) -> None:
        tried.append(1)
        if verb == "dry run" and len(tried) == 2:
            raise Invalid(422, "Invalid", "no such image")

    shop.api.before = before
    check = TemplateCheck(shop.api, shop.entry, plan.CheckTemplate(shop.entry.revision))
    found = await check.verdict(1, NOW)
    assert (found.accepted, found.reason) == (False, "InvalidOverlay")
    assert found.message == "overlays a, b: no such image"


async def test_what_cannot_be_merged_is_not_tried(shop: Shop) -> None:
    bad = {"name": "bad", "match": "instance +", "patch": {}}
    shop.job(spec={"template": {"spec": {"containers": [{"name": "web"}]}}, "overlays": [bad]})
    assert await verdict(shop) == (False, True, "InvalidOverlay")
    assert shop.api.writes() == []
