"""What the status of a Job tells of claims: which differ from their template, because that was
changed after they were made, and which keep a pod from going."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from controller.api.claims import name_of
from controller.api.ids import NONE
from controller.api.pods.quantity import same
from controller.core.model.context import Context
from controller.core.model.plan import OwnClaim
from controller.core.refusals import actions as refused_actions
from controller.core.revisions.revision import dumped
from controller.core.rollout.claims import UNKNOWN, not_followed

_QUANTITIES: Final = ("requests", "limits")


def not_as_templates(context: Context) -> str:
    """Which claims of the Job's instances differ from their template, for a message; "" if none
    does."""
    words = []
    for template in context.job.spec.volume_claim_templates:
        # Each claim has a volume of its own.
        wanted = dumped(
            {k: v for k, v in (template.get("spec") or {}).items() if k != "volumeName"}
        )
        name = name_of(template)
        differing = NONE
        for made, ids in context.observed.claims.specs.get(name, {}).items():
            if ids & context.intended and not is_as(made, wanted):
                differing |= ids & context.intended
        if differing:
            one = len(differing) == 1
            whose = f"claim{'' if one else 's'} {name} of instance{'' if one else 's'} {differing}"
            verb = "was made before it and stays" if one else "were made before it and stay"
            words.append(f"volumeClaimTemplates[{name}] has changed; {whose} {verb} as made")
    return "; ".join(words)


@lru_cache(maxsize=256)
def is_as(spec: bytes, wanted: bytes) -> bool:
    """Whether the spec of a claim has all that the spec of its template says; both canonical. What
    the template leaves out, the API server has filled in."""
    return _covers(json.loads(spec), json.loads(wanted))


def _covers(there: Any, wanted: Any, key: str = "") -> bool:
    if key in _QUANTITIES and isinstance(wanted, dict) and isinstance(there, dict):
        return all(same(there.get(name), amount) for name, amount in wanted.items())
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and all(
            _covers(there.get(name), value, name) for name, value in wanted.items()
        )
    return wanted is None or bool(there == wanted)


def kept_back(context: Context) -> tuple[str, str] | None:
    """Reason and message of pods that scaling removed and that stay, because their claims are to go
    with them and cannot be written; None if there are none."""
    surplus = (context.view.alive | context.view.ended) - context.intended
    if not surplus or not context.job.spec.claims_go_with_scale:
        return None
    claims = context.observed.claims
    if not claims.followed:
        i = next(iter(surplus))
        words = f"its pod stays until it owns its claims; {not_followed(claims)}"
        return UNKNOWN, f"instance {i}: {words}"
    for refused in refused_actions.of_pods(context, surplus):
        if isinstance(refused.action, OwnClaim):
            return refused.refusal.reason, refused_actions.words(refused)
    return None
