"""Fields of the contract whose behaviour is still to come: refused rather than silently ignored.

Whoever brings a behaviour deletes its line here. An Update made by a person is accepted by the API
server and answered by the operator (phase Rejected, reason NotSupported).
"""

from __future__ import annotations

from typing import Final

from controller.api.rules import Rule, Rules


def _not_yet(what: str, field: str, absent: str) -> Rule:
    return Rule(absent, f"{what} is not yet supported; leave it out", field)


JOB: Final[Rules] = {
    "spec.update": (_not_yet("gates", ".gates", "!has(self.gates) || self.gates.size() == 0"),),
}

UPDATE: Final[Rules] = {}
