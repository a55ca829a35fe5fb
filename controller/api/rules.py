"""CEL rules by which the API server refuses objects, beyond types, bounds and enums.

A rule is attached to the path of the object that it checks; ``field`` is the path, below that
object, of the field that is wrong. Each message names the field and says how to correct it.
"""

from __future__ import annotations

from typing import Final

from controller.api import claims, run_rules
from controller.api.rule import Rule as Rule

Rules = dict[str, tuple[Rule, ...]]

STRATEGY: Final = (
    Rule(
        "self.type in ['Queue', 'Batch', 'VariableBatch']",
        "strategy.type must be Queue, Batch or VariableBatch; instead of a Deployment's"
        " RollingUpdate use type: Queue, instead of its Recreate use type: Batch with size: 100%,"
        " instead of a StatefulSet's OnDelete use update.mode: Manual",
        ".type",
    ),
    Rule(
        "self.type != 'Batch' || has(self.size)",
        "strategy.size is required with type Batch; give the number of instances of a batch",
        ".size",
    ),
    Rule(
        "self.type != 'VariableBatch' || has(self.sizes)",
        'strategy.sizes is required with type VariableBatch; give a list such as [1, 10, "25%"]',
        ".sizes",
    ),
    Rule(
        "self.type == 'VariableBatch' || !has(self.sizes)",
        "strategy.sizes is allowed with type VariableBatch only; use strategy.size or change the"
        " type",
        ".sizes",
    ),
    # A size of 1 is accepted: it remains from the default strategy when a client that merges
    # (kubectl apply) sets the type of a strategy that it had not given before.
    Rule(
        "self.type != 'VariableBatch' || !has(self.size) || self.size == 1",
        "strategy.size is not used with type VariableBatch; leave it out and use strategy.sizes",
        ".size",
    ),
    Rule(
        "self.type != 'Queue' || !has(self.autoPause) || !self.autoPause",
        "strategy.autoPause is allowed with types Batch and VariableBatch only; leave it out",
        ".autoPause",
    ),
    Rule(
        "self.type != 'Queue' || !has(self.pauses) || self.pauses.size() == 0",
        "strategy.pauses is allowed with types Batch and VariableBatch only, because a Queue has no"
        " groups; leave it out",
        ".pauses",
    ),
    Rule(
        "!has(self.pauses) || self.pauses.size() == 0 || !has(self.autoPause) || !self.autoPause",
        "strategy.autoPause pauses after every group already; use either autoPause or pauses",
        ".pauses",
    ),
)

#: Rules for a policy.
UNAVAILABLE: Final = (
    Rule(
        "!has(self.maxUnavailable) || (type(self.maxUnavailable) == int"
        " ? self.maxUnavailable >= 1 : self.maxUnavailable != '0%')",
        "maxUnavailable must be at least 1, because with 0 no instance could be replaced; to keep"
        " every instance serving during its replacement, use replacement: Surge and leave"
        " maxUnavailable out",
        ".maxUnavailable",
    ),
)

#: Names of Jobs: they are part of the names of pods.
_LABEL: Final = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
#: Names of most objects: they are part of paths at the API server.
_NAME: Final = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
_NAME_WORDS: Final = (
    "lower-case letters, digits, '-' and '.', of which the first and the last are letters or digits"
)

GATE: Final = (
    Rule(
        "[has(self.prometheus), has(self.http), has(self.job), has(self.webhook),"
        " has(self.builtin)].exists_one(given, given)",
        "a gate needs exactly one of prometheus, http, job, webhook, builtin; give one of them",
    ),
    Rule(
        "!has(self.successes) || (self.successes - 1)"
        " * (has(self.intervalSeconds) ? self.intervalSeconds : 10)"
        " < (has(self.timeoutSeconds) ? self.timeoutSeconds : 300)",
        "so many successes need more time than timeoutSeconds; make timeoutSeconds longer or"
        " intervalSeconds shorter",
        ".successes",
    ),
    Rule(
        "!has(self.webhook) || !has(self.webhook.headersFrom)"
        f" || self.webhook.headersFrom.matches('{_NAME}')",
        f"webhook.headersFrom is the name of a Secret: {_NAME_WORDS}; use such a name",
        ".webhook.headersFrom",
    ),
)

JOB: Final[Rules] = {
    "": (
        Rule(
            f"self.metadata.name.size() <= 50 && self.metadata.name.matches('{_LABEL}')",
            "metadata.name must be a DNS label of at most 50 characters (lower-case letters,"
            " digits and '-', no dots), because it is part of the names of the pods; choose such"
            " a name",
            ".metadata.name",
        ),
        *run_rules.NAME,
    ),
    "spec": (
        *run_rules.SPEC,
        *claims.RULES,
        Rule(
            "self.type != 'Service' || !has(self.template.spec.restartPolicy)"
            " || self.template.spec.restartPolicy == 'Always'",
            "template.spec.restartPolicy must be Always for type Service; leave it out",
            ".template.spec.restartPolicy",
        ),
        Rule(
            "!has(self.template.echelon)",
            "template.echelon is reserved for what a revision keeps beside the template; leave it"
            " out",
            ".template.echelon",
        ),
    ),
    "spec.overlays[]": (
        Rule(
            "has(self.instances) != has(self.match)",
            "an overlay needs exactly one of instances and match; give one of them",
        ),
    ),
    "spec.sla": (
        Rule(
            "has(self.minAvailable) || has(self.coordinator)",
            "sla needs minAvailable, coordinator or both; give minAvailable as a number of"
            " instances or a percentage such as '95%', or leave sla out",
            ".minAvailable",
        ),
        Rule(
            "!has(self.coordinator) || !has(self.coordinator.headersFrom)"
            f" || self.coordinator.headersFrom.matches('{_NAME}')",
            f"coordinator.headersFrom is the name of a Secret: {_NAME_WORDS}; use such a name",
            ".coordinator.headersFrom",
        ),
    ),
    "spec.update": UNAVAILABLE,
    "spec.update.strategy": STRATEGY,
    "spec.update.gates[]": GATE,
}

UPDATE: Final[Rules] = {
    "spec": (
        Rule(
            f"self.job.matches('{_LABEL}')",
            "spec.job is the name of a Job: lower-case letters, digits and '-', which"
            " begins and ends with no '-'; use such a name",
            ".job",
        ),
        Rule(
            f"!has(self.revision) || self.revision.matches('{_NAME}')",
            f"spec.revision is the name of a ControllerRevision: {_NAME_WORDS}; use such a name",
            ".revision",
        ),
        Rule(
            f"!has(self.parent) || self.parent.matches('{_NAME}')",
            f"spec.parent is the name of a ControllerRevision: {_NAME_WORDS}; use such a name",
            ".parent",
        ),
        Rule(
            "self.job == oldSelf.job",
            "spec.job cannot be changed; create another Update",
            ".job",
        ),
        Rule(
            "has(self.revision) == has(oldSelf.revision)"
            " && (!has(self.revision) || self.revision == oldSelf.revision)",
            "spec.revision cannot be set, changed or removed later; create another Update",
            ".revision",
        ),
        Rule(
            "has(self.instances) == has(oldSelf.instances)"
            " && (!has(self.instances) || self.instances == oldSelf.instances)",
            "spec.instances cannot be set, changed or removed later; create another Update",
            ".instances",
        ),
        Rule(
            "!has(oldSelf.action) || oldSelf.action == 'Proceed' || (has(self.action)"
            " && (self.action == 'Abort' || self.action == oldSelf.action))",
            "spec.action moves only from Proceed to Rollback to Abort; create another Update",
            ".action",
        ),
    ),
    "spec.policy": UNAVAILABLE,
    "spec.policy.strategy": STRATEGY,
    "spec.policy.gates[]": GATE,
}

MAINTENANCE: Final[Rules] = {
    "": (
        Rule(
            f"self.metadata.name.size() <= 63 && self.metadata.name.matches('{_LABEL}')",
            "metadata.name must be a DNS label of at most 63 characters (lower-case letters,"
            " digits and '-', no dots), because it is the value of a taint; choose such a name",
            ".metadata.name",
        ),
    ),
    "spec": (
        Rule(
            "has(self.nodes) != has(self.nodeSelector)",
            "a Maintenance needs exactly one of nodes and nodeSelector; give one of them",
        ),
    ),
}
