"""What a Job needs is followed from then on."""

from __future__ import annotations

import pytest

from controller.api.job_spec import JobSpec
from controller.reconcile.store import Store
from controller.reconcile.wanted import want
from tests.unit.reconcile.fake_api import template


@pytest.mark.parametrize(
    ("spec", "runs", "claims"),
    [
        ({}, False, False),
        ({"type": "Adhoc"}, True, False),
        ({"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}, False, True),
    ],
)
async def test_what_a_spec_needs(spec: dict[str, object], runs: bool, claims: bool) -> None:
    store = Store(lambda _: None)
    want(store, JobSpec.model_validate({"template": template("web:1"), **spec}))
    assert (store.runs.wanted.is_set(), store.claims.wanted.is_set()) == (runs, claims)
