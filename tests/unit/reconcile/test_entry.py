"""The entry of one Job in the store."""

from __future__ import annotations

from controller.core.model.limits import TEMPLATES_KEPT
from controller.reconcile.entry import Entry


def test_as_many_templates_are_kept_as_one_decision_may_read() -> None:
    entry = Entry(("ns", "web"))
    names = [f"web-{n}" for n in range(TEMPLATES_KEPT + 2)]
    for name in names[:TEMPLATES_KEPT]:
        entry.keep_template(name, b"{}")
    assert list(entry.templates) == names[:TEMPLATES_KEPT]
    for name in names[TEMPLATES_KEPT:]:
        entry.keep_template(name, b"{}")
    assert list(entry.templates) == names[2:], "the oldest go"
