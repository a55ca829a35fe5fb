"""Pods at another revision than their instance is assigned, although no Update is active: somebody
edited the pod or restored a backup."""

from __future__ import annotations

from controller.api.ids import NONE, Ids
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.replacement import disruption


def misfit(context: Context) -> Ids:
    """Ids with such a pod, if no change of it is under way."""
    view = context.view
    if context.status.active_update is not None:
        return NONE
    alive = view.alive & context.intended - view.changing
    labels_only = asg.ids_of(context.mislabelled)
    return alive - context.at_assigned - labels_only | alive & view.infeasible


def replaced(context: Context) -> Ids:
    """At most one of them, and only while all other instances are available."""
    return disruption.allow(context, None, misfit(context)).allowed
