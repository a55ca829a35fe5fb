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
