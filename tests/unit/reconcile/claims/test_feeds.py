"""Claims are watched only when a Job needs it."""

from __future__ import annotations

import asyncio

from controller.kube.following import Following
from controller.reconcile.claims.feeds import claim_feeds
from controller.reconcile.claims.store import ClaimStore
from tests.unit.reconcile.runs.test_feeds import Listing


async def test_claims_are_followed_from_the_first_job_with_claims() -> None:
    client, store, followed = Listing(), ClaimStore(lambda _: None), asyncio.Event()
    feeds = claim_feeds(Following(client), store, on_followed=followed.set)
    task = asyncio.create_task(feeds.run())
    await asyncio.sleep(0)
    assert client.asked == []
    store.wanted.set()
    await followed.wait()
    assert set(client.asked) == {("persistentvolumeclaims", "echelon.dev/job")}
    assert store.followed
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
