"""Instances of which an Update changes nothing but the labels: their pods are the same at both
revisions (second contract, section 2). They are in no group. When all others are done and watched,
they are assigned their goal, and then their pods are labelled anew.

An instance that a superseded Update has taken down is none of them: it is in the first group, or
more instances would be down than the strategy allows. Its pod is labelled anew at once.
"""

from __future__ import annotations

from controller.api.ids import NONE, Ids
from controller.api.update import Update
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.pods.facts import EVERY


def relabelled_in(context: Context, update: Update, goal: asg.Assigned) -> asg.Assigned:
    """Revision of ``goal`` -> ids that need its labels only: by their living pod, or without one by
    their assigned revision. Ids that are or were in a group of the Update are not among them."""
    here = asg.moved(context.assigned, context.alive_at)
    return context.revisions.mislabelled(here, asg.within(goal, EVERY - _grouped(update)))


def arrived_in(context: Context, ids: Ids, goal: asg.Assigned) -> Ids:
    """Those of ``ids``, all in a group, whose living pod needs the labels of its goal only."""
    return asg.ids_of(context.revisions.mislabelled(context.alive_at, asg.within(goal, ids)))


def _grouped(update: Update) -> Ids:
    sets, batch = update.status.instances, update.status.batch
    backward = sets.rolling_back | sets.rolled_back | sets.rollback_failed
    forward = sets.updating | sets.updated | sets.failed
    return forward | backward | (batch.instances if batch else NONE)


def without(goal: asg.Assigned, relabelled: asg.Assigned) -> asg.Assigned:
    """``goal`` without the ids in ``relabelled``."""
    return asg.within(goal, EVERY - asg.ids_of(relabelled)) if relabelled else goal


def unassigned(context: Context, relabelled: asg.Assigned) -> Ids:
    """Ids of ``relabelled`` that are not assigned their goal yet."""
    if not relabelled:
        return NONE
    return asg.ids_of(relabelled) - asg.common(relabelled, context.assigned)
