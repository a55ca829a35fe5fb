"""``echelon update pulse``."""

from __future__ import annotations

from controller.cli import arguments, options
from controller.cli.session import Place, run
from controller.cli.update.steer import steer
from controller.view.verbs import Verb


def pulse(
    name: arguments.UpdateName,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Send a pulse to an Update with pulseIntervalSeconds.

    Without a pulse in that time the Update stops to replace instances until the next one.
    """
    place = Place(kubeconfig, context, namespace)
    run(place, lambda session: steer(session, name, Verb.PULSE))
