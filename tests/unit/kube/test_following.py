"""An informer follows its kind in the namespaces that were given, and what has the label."""

from __future__ import annotations

import pytest

from controller.kube.following import Following
from controller.kube.resources import CLAIMS
from controller.reconcile.claims.objects import CLAIM_CODEC
from controller.reconcile.claims.store import ClaimStore
from tests.unit.reconcile.runs.test_feeds import Listing


@pytest.mark.parametrize("namespaces", [(), ("a",), ("a", "b")])
def test_one_stream_for_each_namespace(namespaces: tuple[str, ...]) -> None:
    store = ClaimStore(lambda _: None)
    following = Following(Listing(), namespaces)
    found = following.of(CLAIMS, CLAIM_CODEC, store.see, store.drop, store.held, "a-label")
    assert found.resource is CLAIMS
    assert len(found.streams) == max(1, len(namespaces))
