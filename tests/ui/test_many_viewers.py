"""What fifty viewers with tokens of their own cost the page and the API server."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp

from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit
from hack.harness.manifests import job, queue
from hack.harness.role import RBAC
from hack.harness.space import Space
from tests.ui.deployed import Deployed
from tests.ui.people import STEER, page_account

VIEWERS = 50
SECONDS = 10
#: How many times as much as one viewer all may cost. Where the page is rendered for each of them,
#: it is more than twenty.
MOST = 15
PAGE_USER = "echelon-page-of-many"
#: What the page asks about a viewer who looks at an Update: whose token it is, and eight rights.
#: What the Update changes is read once for all.
ASKED = {"tokenreviews": VIEWERS, "subjectaccessreviews": 8 * VIEWERS, "controllerrevisions": 1}


def tokens(space: Space) -> list[str]:
    """Tokens of so many ServiceAccounts that may steer the Updates of the namespace."""
    meta = {"name": "viewers", "namespace": space.name}
    group = {"kind": "Group", "apiGroup": RBAC, "name": f"system:serviceaccounts:{space.name}"}
    reference = {"apiGroup": RBAC, "kind": "Role", "name": "viewers"}
    for manifest in (
        {"kind": "Role", "rules": STEER},
        {"kind": "RoleBinding", "roleRef": reference, "subjects": [group]},
    ):
        whole = {"apiVersion": f"{RBAC}/v1", "metadata": meta, **manifest}
        space.cluster.kubectl("apply", "-f", "-", input=json.dumps(whole))
    accounts, asked = space.path("serviceaccounts"), {"spec": {"expirationSeconds": 3600}}
    found = []
    for number in range(VIEWERS):
        space.api.create(accounts, {"metadata": {"name": f"viewer-{number}"}})
        made = space.api.create(f"{accounts}/viewer-{number}/token", asked)
        found.append(str(made["status"]["token"]))
    return found


class Crowd:
    """Looks at one stream with each token. ``got``: bytes of each."""

    def __init__(self, url: str, tokens: list[str]) -> None:
        self.url = url
        self._tokens = tokens
        self.got = [0] * len(tokens)
        self.first = asyncio.Event()

    async def _look(self, session: aiohttp.ClientSession, index: int) -> None:
        headers = {"Authorization": f"Bearer {self._tokens[index]}"}
        async with session.get(self.url, headers=headers) as response:
            assert response.status == 200
            async for chunk in response.content.iter_any():
                self.got[index] += len(chunk)
                if all(self.got):
                    self.first.set()

    async def look(self, page: Deployed, audit: Audit) -> tuple[float, Counter[str], list[str]]:
        """Look for a while. Returns the seconds that a processor worked for each byte that a viewer
        got, how many requests there were to begin with, and those later."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            tasks = [asyncio.create_task(self._look(session, i)) for i in range(len(self.got))]
            await asyncio.wait_for(self.first.wait(), 180)
            begun = requests(audit)
            audit.mark()
            cpu, least = page.cpu(), min(self.got)
            await asyncio.sleep(SECONDS)
            assert min(self.got) > least, "all saw it move"
            cost = (page.cpu() - cpu) / (min(self.got) - least)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(each) for each in ended} == {asyncio.CancelledError}
        return cost, Counter(begun), requests(audit)


def requests(audit: Audit) -> list[str]:
    """The resources of the page's requests, watches aside."""
    return [each.resource for each in audit.requests(user=PAGE_USER) if each.verb != "watch"]


def test_fifty_viewers_cost_little_more_than_one(
    space: Space, cluster: Cluster, audit: Audit, tmp_path: Path
) -> None:
    space.made(job(instances=60, min_ready=1, strategy=queue(1)))
    people = tokens(space)
    kubeconfig = page_account(cluster, PAGE_USER)
    with Deployed(kubeconfig, tmp_path) as page:
        page.tokens |= set(people)
        space.set_image("web:2")
        name = space.wait_update("RollingForward")["metadata"]["name"]
        audit.mark()
        crowd = Crowd(f"{page.url}/live/updates/{space.name}/{name}", people)
        with ThreadPoolExecutor(1) as apart:
            look = apart.submit(lambda: asyncio.run(crowd.look(page, audit)))
            fifty, begun, later = look.result()
            alone = Crowd(crowd.url, people[:1])
            look = apart.submit(lambda: asyncio.run(alone.look(page, audit)))
            one, _, _ = look.result()
        least = min(crowd.got)
        print(f"{fifty / one:.1f} times as much as one, {page.memory():.0f} MiB, {begun}")
        assert least > 10_000, "all saw it move"
        assert begun == ASKED
        assert later == [], "events cost the API server nothing"
        assert fifty < MOST * one
        assert page.memory() <= 200
