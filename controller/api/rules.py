"""What the API server refuses in CEL, beyond what types, bounds and enums say.

A rule stands at the path of the object it speaks of; ``field`` is the culprit below that path. Each
message names the field and the mend.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of ``x-kubernetes-validations``."""

    expression: str
    message: str
    field: str = ""

    def wire(self) -> dict[str, Any]:
        """As the schema has it."""
        entry = {"rule": self.expression, "message": self.message}
        return {**entry, "fieldPath": self.field} if self.field else entry


Rules = dict[str, tuple[Rule, ...]]

STRATEGY: Final = (
    Rule(
        "self.type in ['Queue', 'Batch', 'VariableBatch']",
        "strategy.type is Queue, Batch or VariableBatch; what a Deployment calls RollingUpdate is"
        " type: Queue, its Recreate is type: Batch with size: 100%, a StatefulSet's OnDelete is"
        " update.mode: Manual; use one of them",
        ".type",
    ),
    Rule(
        "self.type != 'Batch' || has(self.size)",
        "strategy.size is required with type Batch; say how many instances make a batch",
        ".size",
    ),
    Rule(
        "self.type != 'VariableBatch' || has(self.sizes)",
        'strategy.sizes is required with type VariableBatch; give a list such as [1, 10, "25%"]',
        ".sizes",
    ),
    Rule(
        "self.type == 'VariableBatch' || !has(self.sizes)",
        "strategy.sizes is for type VariableBatch only; use strategy.size or change the type",
        ".sizes",
    ),
    # A size of 1 is let pass: it is what the API server's own default leaves behind when a client
    # that merges (kubectl apply) changes the type of a strategy it had not given before.
    Rule(
        "self.type != 'VariableBatch' || !has(self.size) || self.size == 1",
        "strategy.size is not used with type VariableBatch; leave it out and give strategy.sizes",
        ".size",
    ),
    Rule(
        "self.type != 'Queue' || !has(self.autoPause) || !self.autoPause",
        "strategy.autoPause is for types Batch and VariableBatch only; leave it out",
        ".autoPause",
    ),
)

#: Of a policy.
UNAVAILABLE: Final = (
    Rule(
        "!has(self.maxUnavailable) || (type(self.maxUnavailable) == int"
        " ? self.maxUnavailable >= 1 : self.maxUnavailable != '0%')",
        "maxUnavailable must be at least 1: nothing could ever be replaced; to keep every instance"
        " serving while it is replaced, use replacement: Surge and leave maxUnavailable out",
        ".maxUnavailable",
    ),
)

GATE: Final = (
    Rule(
        "[has(self.prometheus), has(self.http), has(self.job), has(self.webhook),"
        " has(self.builtin)].exists_one(given, given)",
        "a gate asks exactly one of prometheus, http, job, webhook, builtin; give one of them",
    ),
    Rule(
        "!has(self.successes) || (self.successes - 1)"
        " * (has(self.intervalSeconds) ? self.intervalSeconds : 10)"
        " < (has(self.timeoutSeconds) ? self.timeoutSeconds : 300)",
        "so many successes need more time than timeoutSeconds; give it more, or ask more often",
        ".successes",
    ),
)

JOB: Final[Rules] = {
    "": (
        Rule(
            "self.metadata.name.size() <= 50"
            " && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
            "metadata.name must be a DNS label of at most 50 characters (lower-case letters,"
            " digits and '-', no dots), for the pods are named after it; choose such a name",
            ".metadata.name",
        ),
    ),
    "spec": (
        Rule(
            "self.type != 'Service' || !has(self.template.spec.restartPolicy)"
            " || self.template.spec.restartPolicy == 'Always'",
            "template.spec.restartPolicy must be Always for type Service; leave it out",
            ".template.spec.restartPolicy",
        ),
        Rule(
            "!has(self.template.echelon)",
            "template.echelon is reserved for later versions; leave it out",
            ".template.echelon",
        ),
    ),
    "spec.update": UNAVAILABLE,
    "spec.update.strategy": STRATEGY,
    "spec.update.gates[]": GATE,
}

UPDATE: Final[Rules] = {
    "spec": (
        Rule(
            "self.job == oldSelf.job",
            "spec.job cannot be changed; make another Update",
            ".job",
        ),
        Rule(
            "has(self.revision) == has(oldSelf.revision)"
            " && (!has(self.revision) || self.revision == oldSelf.revision)",
            "spec.revision cannot be set, changed or removed later; make another Update",
            ".revision",
        ),
        Rule(
            "has(self.instances) == has(oldSelf.instances)"
            " && (!has(self.instances) || self.instances == oldSelf.instances)",
            "spec.instances cannot be set, changed or removed later; make another Update",
            ".instances",
        ),
        Rule(
            "!has(oldSelf.action) || oldSelf.action == 'Proceed' || (has(self.action)"
            " && (self.action == 'Abort' || self.action == oldSelf.action))",
            "spec.action moves only from Proceed to Rollback to Abort; make another Update",
            ".action",
        ),
    ),
    "spec.policy": UNAVAILABLE,
    "spec.policy.strategy": STRATEGY,
    "spec.policy.gates[]": GATE,
}
