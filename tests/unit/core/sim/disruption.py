"""PodDisruptionBudgets and their controller, as far as evictions need them; the coordinator."""

from __future__ import annotations

from collections.abc import Callable

from controller.api.pods.pod import Pod
from controller.core.model.budget import Budget
from controller.core.model.coordination import Question
from controller.core.verdicts.answer import Answer, Verdict, passed
from tests.unit.core.sim.store import ApiError, Store
from tests.values import replace


class Disruption(Store):
    """The disruption controller is prompt, unless a test makes it ``behind``: then evicted pods
    stay in the statuses of the budgets."""

    behind = False
    #: How the coordinator answers, and the uid of the pod that it has just allowed to go.
    consent: Callable[[Question], Answer] = staticmethod(lambda _: passed("", "Allow"))
    allowed = ""

    def consult(self, question: Question) -> Answer:
        """What the coordinator answers, after a dry run of the eviction."""
        self.ask_to_evict()
        answer = self.consent(question)
        self.allowed = question.pod_uid if answer.verdict is Verdict.PASS else ""
        return answer

    def need_consent(self, uid: str, asked: bool) -> None:
        """Something is done that the coordinator, if there is one, must have allowed just now."""
        sla = self.job.spec.sla
        if asked or (sla and sla.coordinator):
            assert asked, "done without asking the coordinator"
            assert self.allowed == uid, "not what the coordinator has allowed"
            self.allowed = ""

    @property
    def budgets(self) -> dict[str, Budget]:
        """By name."""
        return self.__dict__.setdefault("_budgets", {})

    def put_budget(self, name: str, least: int, owner: str = "", selects: bool = True) -> None:
        """A budget that somebody, or the operator, makes or changes."""
        known = self.budgets.get(name)
        uid = known.uid if known else self.uid("budget")
        self._set(Budget(name, uid, owner, selects, least, as_made=bool(owner)))

    def drop_budget(self, name: str) -> None:
        """Somebody, or the operator, deletes a budget."""
        gone = self.budgets.pop(name)
        self.tell_budget(gone, gone=True)

    def tell_budget(self, budget: Budget, *, gone: bool = False) -> None:
        """A budget was made, changed or deleted."""

    def _set(self, budget: Budget) -> None:
        self.budgets[budget.name] = budget
        self.tell_budget(budget)

    def ask_to_evict(self) -> None:
        """Raises what the API server answers if a pod cannot be evicted."""
        covering = [b for b in self.budgets.values() if b.selects]
        if len(covering) > 1:
            raise ApiError("SeveralBudgets", "more than one PodDisruptionBudget")
        if covering:
            self.catch_up()
            mine = self.budgets[covering[0].name]
            pods = (p for p in self.pods.values() if p.name not in mine.disrupted)
            healthy = sum(1 for p in pods if p.ready and p.deleted is None)
            if healthy - 1 < (mine.least or 0):
                words = f"The disruption budget {mine.name} needs {mine.least} healthy pods"
                raise ApiError("DisruptionBudget", f"{words} and has {healthy} currently")

    def note_eviction(self, pod: Pod) -> None:
        """The eviction of a pod is granted."""
        for budget in list(self.budgets.values()):
            if budget.selects:
                names = {**budget.disrupted, pod.name: self.stamp}
                self._set(replace(budget, disrupted=names))
        self.catch_up()

    def catch_up(self) -> None:
        """The controller takes note of what was evicted."""
        for budget in list(self.budgets.values()):
            if budget.disrupted and not self.behind:
                self._set(replace(budget, disrupted={}))
