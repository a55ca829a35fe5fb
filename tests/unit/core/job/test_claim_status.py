"""Whether a claim has what its template says."""

from __future__ import annotations

from typing import Any

import pytest

from controller.core.job.claim_status import is_as
from controller.core.revisions.revision import dumped


def spec(storage: str = "1Gi", **more: Any) -> dict[str, Any]:
    return {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": storage}},
        **more,
    }


@pytest.mark.parametrize(
    ("there", "wanted", "same"),
    [
        (spec(), spec(), True),
        (spec(storageClassName="fast", volumeMode="Filesystem"), spec(), True),
        (spec("1Gi"), spec("1024Mi"), True),
        (spec("1Gi"), spec("2Gi"), False),
        (spec(storageClassName="slow"), spec(storageClassName="fast"), False),
        (spec(), spec(storageClassName="fast"), False),
        (spec(), {**spec(), "accessModes": ["ReadWriteMany"]}, False),
        (spec(), {**spec(), "dataSource": None}, True),
        (spec("1Gi"), spec("x"), False),
    ],
)
def test_what_the_template_leaves_out_does_not_count(
    there: dict[str, Any], wanted: dict[str, Any], same: bool
) -> None:
    assert is_as(dumped(there), dumped(wanted)) is same
