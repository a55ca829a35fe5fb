"""CEL rules about `spec.type` and the fields of Jobs with runs (contract part 2 §9)."""

from __future__ import annotations

from typing import Final

from controller.api.rule import Rule

#: Fields that only runs have, and fields that runs do not have.
_OF_RUNS: Final = ("collisionPolicy", "maxTaskFailures", "deadlineSeconds")
#: So are lifecycle and migrations: whoever takes them from `reserved_fields`, where they
#: are refused with every type, adds them here.
_OF_SERVICES: Final = (
    "overlays",
    "frozen",
    "ordering",
    "sla",
    "volumeClaimTemplates",
    "persistentVolumeClaimRetentionPolicy",
)

#: For the root: a CronJob adds a time of 8 digits to the name, and a pod its index.
NAME: Final = (
    Rule(
        "self.spec.type == 'Service' || self.metadata.name.size() + 10"
        " + string(self.spec.instances - 1).size() <= 63",
        "metadata.name is too long for a Job of type Cron or Adhoc: it must leave 10 of 63"
        " characters, and the digits of the highest instance, for the names of runs and pods;"
        " choose a shorter name",
        ".metadata.name",
    ),
)

SPEC: Final = (
    Rule(
        "self.type == oldSelf.type",
        "spec.type cannot be changed; delete the Job and create it anew, or create another one",
        ".type",
    ),
    Rule(
        "self.type != 'Cron' || has(self.cron)",
        "spec.cron is required with type Cron; give a schedule",
        ".cron",
    ),
    Rule(
        "self.type == 'Cron' || !has(self.cron)",
        "spec.cron is allowed with type Cron only; leave it out or use type: Cron",
        ".cron",
    ),
    Rule(
        "self.type == 'Service' || !has(self.template.spec.restartPolicy)"
        " || self.template.spec.restartPolicy == 'Never'",
        "template.spec.restartPolicy must be Never for types Cron and Adhoc; leave it out",
        ".template.spec.restartPolicy",
    ),
    *(
        Rule(
            f"self.type != 'Service' || !has(self.{field})",
            f"spec.{field} is allowed with types Cron and Adhoc only; leave it out",
            f".{field}",
        )
        for field in _OF_RUNS
    ),
    *(
        Rule(
            f"self.type == 'Service' || !has(self.{field})",
            f"spec.{field} is not supported with types Cron and Adhoc; leave it out",
            f".{field}",
        )
        for field in _OF_SERVICES
    ),
)
