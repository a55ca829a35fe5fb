"""The entry of one Job in the store."""

from __future__ import annotations

from controller.core.model.limits import TEMPLATES_KEPT
from controller.reconcile.entry import Entry
from tests.unit.reconcile.fake_api import Shop, template


def test_as_many_templates_are_kept_as_one_decision_may_read() -> None:
    entry = Entry(("ns", "web"))
    names = [f"web-{n}" for n in range(TEMPLATES_KEPT + 2)]
    for name in names[:TEMPLATES_KEPT]:
        entry.keep_template(name, b"{}")
    assert list(entry.templates) == names[:TEMPLATES_KEPT]
    for name in names[TEMPLATES_KEPT:]:
        entry.keep_template(name, b"{}")
    assert list(entry.templates) == names[2:], "the oldest go"


def test_a_job_that_changed_since_it_was_read_is_not_live() -> None:
    shop = Shop()
    entry = shop.store.entry(("ns", "web"))
    entry.live = shop.job()["metadata"]["resourceVersion"]
    assert entry.observed(shop.now, frozenset()).job_live
    shop.job(spec={"instances": 5})
    assert not entry.observed(shop.now, frozenset()).job_live


def test_only_a_revision_that_nobody_else_controls_is_an_orphan() -> None:
    shop = Shop()
    shop.job()
    shop.revision("web-mine", template("web:1"))
    shop.revision("web-left", template("web:2"), owner="")
    shop.revision("web-former", template("web:3"), owner="j0")
    theirs = shop.revision("web-theirs", template("web:4"), owner="s1")
    theirs["metadata"] |= {"resourceVersion": "999"}
    theirs["metadata"]["ownerReferences"][0]["kind"] = "StatefulSet"
    shop.see("controllerrevisions", theirs)
    found = shop.entry.observed(shop.now, frozenset())
    assert set(found.revisions) == {"web-mine"}
    assert set(found.orphans) == {"web-left", "web-former"}


def test_who_wrote_the_template_is_remembered_from_the_moment_it_changed() -> None:
    """The time of a field manager is that of any write of it: later it says less."""

    def written(**seconds: int) -> list[dict[str, object]]:
        fields = {"f:spec": {"f:template": {}, "f:instances": {}}}
        return [
            {"manager": name, "time": f"2026-01-01T00:00:{second:02}Z", "fieldsV1": fields}
            for name, second in seconds.items()
        ]

    shop = Shop()
    shop.job(metadata={"managedFields": written(argocd=1)})
    assert shop.entry.observed(shop.now, frozenset()).made_by == "argocd"
    changed = {"template": template("web:2")}
    shop.job(spec=changed, metadata={"managedFields": written(argocd=1, edit=5)})
    assert shop.entry.observed(shop.now, frozenset()).made_by == "edit"
    scaled = {**changed, "instances": 9}
    shop.job(spec=scaled, metadata={"managedFields": written(argocd=20, edit=5)})
    assert shop.entry.observed(shop.now, frozenset()).made_by == "edit"
    another = {"uid": "j2", "managedFields": written(argocd=20, edit=5)}
    shop.job(spec=scaled, metadata=another)
    assert shop.entry.observed(shop.now, frozenset()).made_by == "argocd", "of another Job"


def test_where_a_revision_comes_from_is_observed() -> None:
    shop = Shop()
    shop.job()
    made = shop.revision("web-mine", template("web:1"))
    made["metadata"] |= {
        "resourceVersion": "999",
        "annotations": {"echelon.dev/source": "commit 1", "echelon.dev/parent": "web-w"},
    }
    shop.see("controllerrevisions", made)
    found = shop.entry.observed(shop.now, frozenset()).revisions["web-mine"]
    assert (found.source, found.parent) == ("commit 1", "web-w")
