"""``echelon update pause``."""

from __future__ import annotations

from controller.cli import arguments, options
from controller.cli.session import Place, run
from controller.cli.update.steer import steer
from controller.view.verbs import Verb


def pause(
    name: arguments.UpdateName,
    message: options.Message = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Pause an Update: no further instance is replaced.

    Instances that are down still come up. `echelon update resume` lets it go on.
    """
    place = Place(kubeconfig, context, namespace)
    run(place, lambda session: steer(session, name, Verb.PAUSE, message))
