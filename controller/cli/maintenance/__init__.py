"""``echelon maintenance …``."""

from __future__ import annotations

import typer

from controller.cli.lazy import add
from controller.cli.verbs import Verbs

app = typer.Typer(
    name="maintenance",
    cls=Verbs,
    help="Maintenances: take nodes out of use, and give them back.",
    no_args_is_help=True,
)

# The order is that of the help.
add(
    app,
    "plan",
    "controller.cli.maintenance.plan:plan",
    "Show which nodes could be drained now, what forbids the others, and how long it would take.",
)
add(
    app,
    "drain",
    "controller.cli.maintenance.make:drain",
    "Cordon nodes and have the instances on them moved, some nodes at a time.",
)
add(
    app,
    "deactivate",
    "controller.cli.maintenance.make:deactivate",
    "Have nodes used only as a last resort; what runs there stays.",
)
add(
    app,
    "activate",
    "controller.cli.maintenance.activate:activate",
    "Give nodes back: take them out of their Maintenances.",
)
add(
    app,
    "status",
    "controller.cli.maintenance.status:status",
    "Show the nodes of Maintenances: how far each is, and what it waits for.",
)
