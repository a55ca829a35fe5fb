"""Follows PersistentVolumeClaims, from the moment at which a Job needs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from controller.api.labels import JOB
from controller.kube.client import Client
from controller.kube.informer import Informer
from controller.kube.resources import CLAIMS
from controller.reconcile.claims.objects import CLAIM_CODEC
from controller.reconcile.claims.store import ClaimStore
from controller.reconcile.wanted import Wanted


def claim_feeds(
    client: Client,
    store: ClaimStore,
    namespaces: Sequence[str] = (),
    clock: Callable[[], float] = time.monotonic,
    on_followed: Callable[[], None] = lambda: None,
) -> Wanted:
    """``on_followed`` is called when all has been listed once."""
    claims = Informer(
        client,
        CLAIMS,
        codec=CLAIM_CODEC,
        on_put=store.see,
        on_delete=store.drop,
        held=store.held,
        namespaces=namespaces,
        label_selector=JOB,
        confirm=True,
        clock=clock,
    )
    return Wanted(store, (claims,), on_followed)
