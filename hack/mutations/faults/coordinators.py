"""Faults about coordinators: what is done without their consent, or beside one another."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_CORE: Final = "controller/core/replacement/coordinator.py"
_SHELL: Final = "controller/reconcile/coordinators.py"
_OF_CORE: Final = "tests/unit/core/replacement/test_coordinator.py"
_OF_SHELL: Final = "tests/unit/reconcile/test_coordinators.py"

FAULTS: Final = (
    Fault(
        file=_CORE,
        old="if question is not None and question == self._known.allowed:",
        new="if question is not None and self._known.allowed is not None:",
        breaks="A pod goes because the coordinator has allowed another one to go.",
        tests=(_OF_CORE,),
    ),
    Fault(
        file=_CORE,
        old='return f"{wanted_by}/{pod.uid}/{pod.revision}"',
        new='return f"{wanted_by}/{pod.uid}"',
        breaks="A rollback in place takes the answer to the way forward for its own.",
        tests=(_OF_CORE,),
    ),
    Fault(
        file=_CORE,
        old="    return ids - held, REASON, told(context)\n",
        new='    return ids, "", ""\n',
        breaks="An instance that may not go takes the place of those that may.",
        tests=(_OF_CORE,),
    ),
    Fault(
        file="controller/core/model/coordination.py",
        old="tries = before.tries + 1 if before else 1",
        new="tries = 1",
        breaks="A coordinator that says no is asked every 5 seconds for ever.",
        tests=("tests/unit/core/model/test_coordination.py",),
    ),
    Fault(
        file=_SHELL,
        old="if not run.acting and run.question != question and run.task is not None:",
        new="if False:",
        breaks="A question that nobody wants any more holds up all others at that URL.",
        tests=(_OF_SHELL,),
    ),
    Fault(
        file=_SHELL,
        old="if run is None or not run.had():",
        new="if run is None:",
        breaks="A pod goes although another operator asks the next question already.",
        tests=(_OF_SHELL,),
    ),
    Fault(
        file=_SHELL,
        old="        if run.acting:\n            await run.over.wait()\n",
        new="",
        breaks="The next question is asked while the act that was allowed is under way.",
        tests=(_OF_SHELL,),
    ),
    Fault(
        file="controller/kube/turns.py",
        old="            async with lock:\n                yield\n",
        new="            yield\n",
        breaks="Two Jobs of one operator ask at the same URL at once.",
        tests=("tests/unit/kube/test_turns.py",),
    ),
)
