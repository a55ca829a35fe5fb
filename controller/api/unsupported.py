"""Fields of the contract whose behaviour is still to come: refused rather than silently ignored.

Whoever brings a behaviour deletes its line here. An Update made by a person is accepted by the API
server and answered by the operator (phase Rejected, reason NotSupported); only its verbs are
refused here, for a verb has no such answer.
"""

from __future__ import annotations

from typing import Final

from controller.api.rules import Rule, Rules


def _not_yet(what: str, field: str, absent: str) -> Rule:
    return Rule(absent, f"{what} is not yet supported; leave it out", field)


JOB: Final[Rules] = {
    "spec.update": (
        _not_yet("mode Manual", ".mode", "!has(self.mode) || self.mode != 'Manual'"),
        _not_yet(
            "strategy.autoPause",
            ".strategy.autoPause",
            "!has(self.strategy) || !has(self.strategy.autoPause) || !self.strategy.autoPause",
        ),
        _not_yet(
            "replacement InPlace",
            ".replacement",
            "!has(self.replacement) || self.replacement != 'InPlace'",
        ),
        _not_yet(
            "replacement Surge",
            ".replacement",
            "!has(self.replacement) || self.replacement != 'Surge'",
        ),
        _not_yet("gates", ".gates", "!has(self.gates) || self.gates.size() == 0"),
        _not_yet(
            "watchAfterSeconds",
            ".watchAfterSeconds",
            "!has(self.watchAfterSeconds) || self.watchAfterSeconds == 0",
        ),
        _not_yet(
            "pulseIntervalSeconds", ".pulseIntervalSeconds", "!has(self.pulseIntervalSeconds)"
        ),
        _not_yet(
            "terminationTimeoutSeconds",
            ".terminationTimeoutSeconds",
            "!has(self.terminationTimeoutSeconds) || self.terminationTimeoutSeconds == 0",
        ),
    ),
}

UPDATE: Final[Rules] = {
    "spec": (
        _not_yet("paused", ".paused", "!has(self.paused) || !self.paused"),
        _not_yet("resumeToken", ".resumeToken", "!has(self.resumeToken)"),
        _not_yet(
            "an action other than Proceed",
            ".action",
            "!has(self.action) || self.action == 'Proceed'",
        ),
    ),
}
