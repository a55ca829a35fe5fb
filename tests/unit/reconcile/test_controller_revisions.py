"""ControllerRevisions: made once, renewed by compare-and-swap, adopted only when free."""

from __future__ import annotations

import json
from typing import Any

import pytest

from controller.core.model import plan
from controller.core.revisions.provenance import Provenance
from controller.kube import go_json
from controller.kube.errors import ApiError, Invalid
from controller.reconcile.controller_revisions import ControllerRevisions
from tests.unit.reconcile.fake_api import Object, Shop, template


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.job()
    return shop


def kept(shop: Shop, name: str) -> Object:
    return shop.api.objects["controllerrevisions", name]


async def test_made_then_renewed_under_one_uid(shop: Shop) -> None:
    revisions, name = ControllerRevisions(shop.api, shop.store), shop.entry.revision
    await revisions.keep(shop.entry, plan.EnsureRevision(name, 1))
    uid = kept(shop, name)["metadata"]["uid"]
    await revisions.keep(shop.entry, plan.EnsureRevision(name, 4))
    assert (kept(shop, name)["metadata"]["uid"], kept(shop, name)["revision"]) == (uid, 4)
    assert shop.entry.revisions[name].number == 4


async def test_one_that_somebody_else_controls_is_not_taken(shop: Shop) -> None:
    name = shop.entry.revision
    theirs = shop.revision(name, {}, owner="")
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "s1"}
    theirs["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
    shop.api.put("controllerrevisions", theirs)
    revisions = ControllerRevisions(shop.api, shop.store)
    with pytest.raises(ApiError, match="StatefulSet db"):
        await revisions.keep(shop.entry, plan.EnsureRevision(name, 2))
    await revisions.adopt(shop.entry, [name])
    owners = kept(shop, name)["metadata"]["ownerReferences"]
    assert [o["uid"] for o in owners] == ["s1"]


async def test_orphans_are_adopted_and_released_again(shop: Shop) -> None:
    shop.revision("web-old", {"spec": {}}, owner="")
    revisions = ControllerRevisions(shop.api, shop.store)
    await revisions.adopt(shop.entry, ["web-old", "web-gone"])
    assert shop.entry.revisions["web-old"].owner == "j1"
    await revisions.release(shop.entry, ["web-old"])
    assert shop.entry.revisions["web-old"].owner == ""


async def test_one_that_is_gone_is_told_to_the_store(shop: Shop) -> None:
    shop.revision("web-old", {"spec": {}})
    del shop.api.objects["controllerrevisions", "web-old"]
    with pytest.raises(ApiError):
        await ControllerRevisions(shop.api, shop.store).read(shop.entry, "web-old")
    assert "web-old" not in shop.entry.revisions


def owned_by_somebody(shop: Shop, name: str, **reference: Any) -> None:
    """The API server has another owner of a revision than the watch has shown."""
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "s1"}
    there = kept(shop, name)
    owners = there["metadata"].setdefault("ownerReferences", [])
    owners.append({**owner, "controller": True, **reference})
    shop.api.put("controllerrevisions", there)


def owners_of(shop: Shop, name: str) -> list[str]:
    return [owner["uid"] for owner in kept(shop, name)["metadata"]["ownerReferences"]]


async def test_data_is_sent_as_go_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, sent = Shop(), list[bytes]()
    made = template("web:1")
    made["spec"]["containers"][0]["command"] = ["sh", "-c", "a && b <c >d"]
    shop.job(spec={"template": made})
    create = shop.api.create

    async def recorded(resource: Any, namespace: Any, body: Any, **how: Any) -> Any:
        sent.append(body)
        return await create(resource, namespace, body, **how)

    monkeypatch.setattr(shop.api, "create", recorded)
    write = plan.EnsureRevision(shop.entry.revision, 1)
    await ControllerRevisions(shop.api, shop.store).keep(shop.entry, write)
    (body,) = sent
    assert isinstance(body, bytes)
    assert rb"a \u0026\u0026 b \u003cc \u003ed" in body
    assert body == go_json.dump(json.loads(body))


async def test_one_that_somebody_takes_between_read_and_write_is_not_adopted(shop: Shop) -> None:
    shop.revision("web-old", {"spec": {}}, owner="")

    def taken(verb: str, plural: str, name: str) -> None:
        if (verb, plural) == ("patch", "controllerrevisions"):
            owned_by_somebody(shop, name)

    shop.api.before = taken
    await ControllerRevisions(shop.api, shop.store).adopt(shop.entry, ["web-old"])
    assert owners_of(shop, "web-old") == ["s1"]
    assert not shop.entry.revisions["web-old"].free, "the store knows its owner"


async def test_of_a_released_one_only_the_job_is_taken_out(shop: Shop) -> None:
    shop.revision("web-old", {"spec": {}})
    owned_by_somebody(shop, "web-old", controller=False)
    await ControllerRevisions(shop.api, shop.store).release(shop.entry, ["web-old"])
    assert owners_of(shop, "web-old") == ["s1"]


def notes_of(shop: Shop, name: str) -> Object:
    found: Object = kept(shop, name)["metadata"].get("annotations", {})
    return {key.removeprefix("echelon.dev/"): value for key, value in found.items()}


async def test_where_it_comes_from_is_written_with_the_write_that_makes_or_bumps_it(
    shop: Shop,
) -> None:
    revisions, name = ControllerRevisions(shop.api, shop.store), shop.entry.revision
    first = plan.EnsureRevision(name, 1, Provenance("", "commit 1", "argocd"))
    await revisions.keep(shop.entry, first)
    assert notes_of(shop, name) == {"source": "commit 1", "made-by": "argocd"}
    assert len(shop.api.writes()) == 1, "one write"
    bumped = plan.EnsureRevision(name, 4, Provenance("web-b", "", "edit"))
    await revisions.keep(shop.entry, bumped)
    noted = {"parent": "web-b", "source": "commit 1", "made-by": "edit"}
    assert (notes_of(shop, name), kept(shop, name)["revision"]) == (noted, 4)
    assert shop.entry.revisions[name].parent == "web-b"


async def test_a_source_is_stamped_once_and_leaves_the_rest(shop: Shop) -> None:
    revisions, name = ControllerRevisions(shop.api, shop.store), shop.entry.revision
    await revisions.keep(shop.entry, plan.EnsureRevision(name, 3, Provenance("web-a", "one", "me")))
    before = len(shop.api.writes())
    for _ in range(2):
        await revisions.stamp(shop.entry, plan.StampRevision(name, "two"))
    assert notes_of(shop, name) == {"parent": "web-a", "source": "two", "made-by": "me"}
    assert kept(shop, name)["revision"] == 3
    assert len(shop.api.writes()) == before + 1
    assert shop.entry.revisions[name].source == "two"


async def test_an_object_that_cannot_be_patched_keeps_its_other_annotations(shop: Shop) -> None:
    revisions, name = ControllerRevisions(shop.api, shop.store), shop.entry.revision
    made = shop.revision(name, template("web:1"))
    made["metadata"]["annotations"] = {"team": "shop", "echelon.dev/source": "one"}
    shop.api.put("controllerrevisions", made)
    sent: list[Object] = []

    async def refused(*_: Any, **__: Any) -> Any:
        raise Invalid(422, "Invalid", "data: field is immutable")

    async def replaced(_: Any, __: Any, ___: str, body: bytes) -> Any:
        sent.append(json.loads(body))
        return shop.api.put("controllerrevisions", json.loads(body))

    shop.api.patch = refused  # type: ignore[method-assign]
    shop.api.replace = replaced  # type: ignore[method-assign]
    await revisions.stamp(shop.entry, plan.StampRevision(name, "two"))
    (whole,) = sent
    assert whole["metadata"]["annotations"] == {"team": "shop", "echelon.dev/source": "two"}
    assert whole["metadata"]["labels"] == made["metadata"]["labels"]
