"""The real shell over a simulated API server: the world of `tests.unit.core.sim`, driven by it.

`served` keeps the objects as the API server does, `api` answers requests, and `watches` tells of
changes. `session` is the network between: answers come late, are lost, repeated or refused. `shell`
is one life of the operator, made of the program's own parts. All of it runs on the loop of
`clockwork`, whose time is a number.
"""

from tests.unit.reconcile.sim.world import ShellWorld

__all__ = ["ShellWorld"]
