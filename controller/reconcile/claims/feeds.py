"""Follows PersistentVolumeClaims, from the moment at which a Job needs it."""

from __future__ import annotations

from collections.abc import Callable

from controller.api.labels import JOB
from controller.kube.following import Following
from controller.kube.resources import CLAIMS
from controller.reconcile.claims.objects import CLAIM_CODEC
from controller.reconcile.claims.store import ClaimStore
from controller.reconcile.wanted import Wanted


def claim_feeds(
    following: Following, store: ClaimStore, on_followed: Callable[[], None] = lambda: None
) -> Wanted:
    """``on_followed`` is called when all has been listed once."""
    claims = following.of(CLAIMS, CLAIM_CODEC, store.see, store.drop, store.held, JOB)
    return Wanted(store, (claims,), on_followed)
