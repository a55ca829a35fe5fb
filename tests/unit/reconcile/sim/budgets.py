"""Answers requests about disruption budgets and evictions; and what a request and a refusal are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.unit.core.sim.store import ApiError
from tests.unit.reconcile.sim.raw_pods import Object
from tests.unit.reconcile.sim.served import Served


class Refused(Exception):  # noqa: N818 - an answer, as `errors` has them
    """A Status that says no."""

    def __init__(self, code: int, reason: str, message: str = "") -> None:
        super().__init__(code, reason, message)
        self.code = code
        self.status = {"kind": "Status", "code": code, "reason": reason, "message": message}


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: str = ""
    accept: str = ""
    content_type: str = ""
    body: Object = field(default_factory=dict)

    @property
    def given(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.query).items()}

    @property
    def is_watch(self) -> bool:
        return "watch=1" in self.query

    @property
    def is_write(self) -> bool:
        return self.method != "GET" and "dryRun" not in self.query


class BudgetApi:
    """A part of `api.Api`."""

    def __init__(self, served: Served) -> None:
        self.served = served

    def _get(self, kind: str, name: str) -> Object:
        raise NotImplementedError

    def _make_budget(self, body: Object, dry: bool) -> Object:
        served, name = self.served, body["metadata"]["name"]
        assert not dry
        if name in served.raw["budget"]:
            raise Refused(409, "AlreadyExists", name)
        return self._keep_budget(name, body["spec"])

    def _patch_budget(self, name: str, change: Any) -> Object:
        test, put = change
        if test["value"] != self._get("budget", name)["metadata"]["uid"]:
            raise Refused(422, "Invalid", "testing value /metadata/uid failed")
        return self._keep_budget(name, put["value"])

    def _keep_budget(self, name: str, spec: Object) -> Object:
        served = self.served

        def keep() -> Object:
            served.put_budget(name, spec["minAvailable"], served.job.metadata.uid)
            return served.raw["budget"][name]

        return served.wrote("keep budget", name, keep)

    def _evict(self, name: str, asked: Asked) -> Object:
        served, pod = self.served, self._get("pod", name)
        uid = asked.body["deleteOptions"]["preconditions"]["uid"]
        try:
            served.ask_to_evict()
        except ApiError as error:
            several = error.reason == "SeveralBudgets"
            refused = Refused(500 if several else 429, "TooManyRequests", error.message)
            cause = {"reason": "DisruptionBudget", "message": error.message}
            refused.status["details"] = {"causes": [] if several else [cause]}
            raise refused from None
        if uid != pod["metadata"]["uid"]:
            raise Refused(409, "Conflict", "the UID in the precondition is another one")
        if not asked.is_write:
            return {"kind": "Status", "metadata": {}}

        def evict() -> Object:
            there = served.pods[name]
            served.let_go(there)
            served.note_eviction(there)
            return {"kind": "Status", "metadata": {}}

        return served.wrote("evict pod", name, evict)
