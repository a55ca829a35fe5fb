"""Names of the Updates that the operator creates."""

from __future__ import annotations

from itertools import chain, count

from controller.core.model.context import Context


def free_name(context: Context) -> str:
    """``<job>-g<generation>``, or another name of that kind if an Update has it already."""
    meta, observed = context.job.metadata, context.observed
    taken = {*observed.foreign_names, *observed.finished, *observed.updates}
    own = f"{meta.name}-{meta.uid[:6]}-g{meta.generation}"
    names = chain((f"{meta.name}-g{meta.generation}", own), (f"{own}-{n}" for n in count(2)))
    return next(name for name in names if name not in taken)
