"""A simulated world for `controller.core`: an API server, a kubelet, an operator, an observer.

Nothing in it waits or does I/O; time is a number that the tests move.
"""

from tests.unit.core.sim.kubelet import Behaviour
from tests.unit.core.sim.world import World, job, template

__all__ = ["Behaviour", "World", "job", "template"]
