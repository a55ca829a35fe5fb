"""``echelon update abort``."""

from __future__ import annotations

from controller.cli import arguments, options
from controller.cli.session import Place, run
from controller.cli.update.steer import steer
from controller.view.verbs import Verb


def abort(
    name: arguments.UpdateName,
    message: options.Message = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """End an Update where it is: nothing is rolled back.

    Instances that are updated stay so, and those that are down still come up.
    """
    place = Place(kubeconfig, context, namespace)
    run(place, lambda session: steer(session, name, Verb.ABORT, message))
