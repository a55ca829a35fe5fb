"""``echelon update resume``."""

from __future__ import annotations

from controller.cli import arguments, options
from controller.cli.session import Place, run
from controller.cli.update.steer import steer
from controller.view.verbs import Verb


def resume(
    name: arguments.UpdateName,
    message: options.Message = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Let a paused Update go on.

    It ends a pause that a person made, or one that the operator made itself (autoPause, an
    inconclusive gate): whichever is in force.
    """
    place = Place(kubeconfig, context, namespace)
    run(place, lambda session: steer(session, name, Verb.RESUME, message))
