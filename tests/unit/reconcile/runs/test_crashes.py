"""The operator is killed before or after any of its writes: no run is lost, and none is doubled."""

from __future__ import annotations

import copy
from collections import Counter
from contextlib import suppress
from typing import Any, Final

import pytest

from controller.reconcile.runs.objects import read_cron, read_run
from tests.unit.reconcile.fake_api import Object, template
from tests.unit.reconcile.runs.shop import RunShop

_WRITES: Final = ("create", "patch", "replace", "delete")


class KilledError(BaseException):
    """The process is no more."""


class Mortal:
    """An operator that dies at its write number ``at`` (from 1): ``before`` it is sent, or when it
    was carried out and the answer is lost. Then another one starts."""

    def __init__(self, at: int, before: bool, kind: str = "Adhoc", **spec: Any) -> None:
        self.at, self.before, self.kind, self.spec = at, before, kind, spec
        self.count, self.deaths = 0, 0
        #: Name of a run -> how often it was created.
        self.made: Counter[str] = Counter()
        self.shop = self._started(None)

    def _started(self, old: RunShop | None) -> RunShop:
        shop = RunShop(self.kind, **self.spec)
        if old is not None:
            shop.api.objects = old.api.objects
            shop.api._version = old.api._version
            for (plural, _), obj in list(shop.api.objects.items()):
                self._shown(shop, plural, copy.deepcopy(obj))
        self.dead = False
        for verb in _WRITES:
            setattr(shop.api, verb, self._mortal(verb, getattr(shop.api, verb)))
        return shop

    def _shown(self, shop: RunShop, plural: str, obj: Object) -> None:
        match plural:
            case "echelonjobs":
                shop.store.put_job(obj)
            case "jobs":
                shop.store.runs.put_run(read_run(obj))
            case "cronjobs":
                shop.store.runs.put_cron(read_cron(obj))
            case "controllerrevisions":
                shop.see(plural, obj)

    def _mortal(self, verb: str, real: Any) -> Any:
        async def write(resource: Any, namespace: Any, *args: Any, **how: Any) -> Any:
            if self.dead:
                raise KilledError
            if how.get("dry_run"):
                return await real(resource, namespace, *args, **how)
            self.count += 1
            due = self.count == self.at and not self.deaths
            if due and self.before:
                self._die()
            answer = await real(resource, namespace, *args, **how)
            if (verb, resource.plural) == ("create", "jobs"):
                self.made[answer["metadata"]["name"]] += 1
            if due:
                self._die()
            return answer

        return write

    def _die(self) -> None:
        self.deaths += 1
        self.dead = True
        raise KilledError

    async def work(self) -> None:
        """Reconcile until nothing changes, by whoever is alive."""
        for _ in range(4):
            with suppress(KilledError):
                await self.shop.reconcile()
            if self.dead:
                self.shop = self._started(self.shop)

    async def edit(self, **spec: Any) -> None:
        """Somebody changes the spec."""
        self.spec |= spec
        job = copy.deepcopy(self.shop.api.objects["echelonjobs", "web"])
        job["spec"] |= spec
        job["metadata"]["generation"] += 1
        self.shop.store.put_job(self.shop.api.put("echelonjobs", job))
        await self.work()


async def played(mortal: Mortal, policy: str) -> None:
    """A run, a new template meanwhile, and its run."""
    await mortal.work()
    await mortal.edit(template=template("web:2"))
    if policy == "KillExisting":
        assert mortal.shop.api.objects["jobs", "web-r1"]["metadata"]["deletionTimestamp"]
        mortal.shop.gone("web-r1")
    else:
        mortal.shop.succeeded("web-r1")
    await mortal.work()
    mortal.shop.succeeded("web-r2")
    await mortal.work()


@pytest.mark.parametrize("policy", ["KillExisting", "CancelNew"])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", range(1, 12))
async def test_an_adhoc_job_runs_each_template_once(at: int, before: bool, policy: str) -> None:
    mortal = Mortal(at, before, collisionPolicy=policy)
    await played(mortal, policy)
    assert mortal.made == {"web-r1": 1, "web-r2": 1}
    assert mortal.deaths == (mortal.count >= at)
    assert mortal.shop.condition("Ready")["status"] == "True"
    assert mortal.shop.status()["lastRun"]["name"] == "web-r2"


@pytest.mark.parametrize("policy", ["KillExisting", "CancelNew"])
async def test_these_are_all_writes(policy: str) -> None:
    mortal = Mortal(1_000, True, collisionPolicy=policy)
    await played(mortal, policy)
    assert 9 <= mortal.count <= 12


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", range(1, 6))
async def test_a_cron_job_is_as_the_last_spec_wants_it(at: int, before: bool) -> None:
    mortal = Mortal(at, before, "Cron")
    await mortal.work()
    await mortal.edit(cron={"schedule": "0 0 2 1 *"}, template=template("web:2"))
    made = mortal.shop.cron()
    assert made["spec"]["schedule"] == "0 0 2 1 *"
    pod = made["spec"]["jobTemplate"]["spec"]["template"]
    assert pod["spec"]["containers"][0]["image"] == "web:2"
    assert mortal.deaths == 1
    assert mortal.shop.condition("Ready")["status"] == "True"
