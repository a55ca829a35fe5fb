"""Which frozen instances an Update leaves alone (second contract, section 2), and which it touched
before they were frozen: those finish, or go back with the others."""

from __future__ import annotations

from controller.api.ids import NONE, Ids
from controller.api.update import Update
from controller.core.model import assigned as asg
from controller.core.model.context import Context


def frozen_in(context: Context, update: Update, goal: asg.Assigned) -> Ids:
    """Ids that the Update leaves alone because they are frozen; ``goal``: of its direction. Ids
    that it removes follow the scale."""
    target, status = update.status.to, update.status
    if target is None or not context.frozen:
        return NONE
    # Of an id that the Update creates there is nothing yet to leave alone.
    frozen = context.frozen & target.instances & asg.ids_of(asg.read(status.from_))
    frozen -= reassigned(context, update)
    for name in type(status.instances).model_fields:
        frozen -= getattr(status.instances, name)
    if (begun := status.batch.instances & frozen if status.batch else NONE) and status.restart:
        view = context.view
        begun -= view.alive - view.made_by(update.metadata.uid)
    elif begun:
        begun &= asg.common(goal, context.assigned)
    return frozen - begun


def reassigned(context: Context, update: Update) -> Ids:
    """Ids that are not assigned their ``from`` any more: the Update touched them, or one that it
    superseded did."""
    origin = asg.read(update.status.from_)
    return asg.ids_of(origin) & context.intended - asg.common(origin, context.assigned)
