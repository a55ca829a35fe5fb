"""The one thing a person would name first about a pod that is not what it should be.

In the words of who said so: the kubelet's, the scheduler's, the registry's, the program's own. A
pod's status does not carry what a probe said, only that a container that has one is not ready.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from controller.api.pods.in_effect import IN_PROGRESS, PENDING, is_true
from controller.api.pods.pod import Trouble
from controller.api.pods.restart_base import UNCHANGED, RestartBase
from controller.api.pods.wire import ContainerStatus, PodCondition, PodWire, Terminated

Conditions = Mapping[str, PodCondition]

#: Of a container that is on its way.
_ORDINARY: Final = (None, "ContainerCreating", "PodInitializing")
#: What a termination's reason says that its exit code does not.
_SAYS_NOTHING: Final = (None, "Error", "Completed")
_OOM: Final = "OOMKilled"
#: Conditions that say something about a pod although it is Ready.
_LOUD: Final = frozenset({"DisruptionTarget", PENDING, IN_PROGRESS})
#: The kubelet's word for a probe that does not pass.
UNHEALTHY: Final = "Unhealthy"
#: A program may leave 4 KiB of last words. Both ends are kept: the head says what it is about, the
#: end what was wrong.
_HEAD, _TAIL = 70, 110


def trouble_of(
    pod: PodWire, containers: Iterable[ContainerStatus], conditions: Conditions, base: RestartBase
) -> Trouble | None:
    """``containers``: what should run all the time. ``base``: restarts up to it are no trouble."""
    ready = conditions.get("Ready")
    if ready and is_true(ready) and not _LOUD & conditions.keys():
        # By far the most: nothing to say but that one has been started again.
        return next((found for c in containers for found in _ended(c, base)), None)
    return next(_all(pod, containers, conditions, base), None)


def _all(
    pod: PodWire, containers: Iterable[ContainerStatus], conditions: Conditions, base: RestartBase
) -> Iterator[Trouble]:
    status = pod.status
    yield from _verdict(pod, containers, conditions)
    for c in containers:
        yield from _held_up(c, "container", base)
    for c in containers:
        yield from _ended(c, base)
    if status.phase in ("Failed", "Succeeded"):
        yield Trouble(status.phase, status.message or "")
    yield from _initializing(pod)
    scheduled = conditions.get("PodScheduled")
    if scheduled and scheduled.status == "False":
        yield Trouble(scheduled.reason or "Unschedulable", scheduled.message or "")
    yield from _unready(pod, containers, conditions)
    for kind in (PENDING, IN_PROGRESS):
        found = conditions.get(kind)
        if found and is_true(found) and found.reason:
            yield Trouble(kind, f"{found.reason}: {found.message or ''}".rstrip(": "))


def _verdict(
    pod: PodWire, containers: Iterable[ContainerStatus], conditions: Conditions
) -> Iterator[Trouble]:
    """Somebody ended the pod as a whole: evicted, preempted, refused by its node, over time."""
    status, disruption = pod.status, conditions.get("DisruptionTarget")
    if status.phase == "Failed" and status.reason:
        yield Trouble(status.reason, status.message or "", at=_last_end(containers))
    elif disruption and is_true(disruption) and disruption.reason:
        yield Trouble(disruption.reason, disruption.message or "", at=_last_end(containers))


def _held_up(c: ContainerStatus, what: str, base: RestartBase) -> Iterator[Trouble]:
    """The kubelet says why it does not start the container."""
    waiting = c.state.waiting
    if waiting is None or waiting.reason in _ORDINARY:
        return
    ended = c.last_state.terminated
    if waiting.reason != "CrashLoopBackOff" or ended is None:
        yield Trouble(waiting.reason, _said(f"{what} {c.name}", waiting.message))
        return
    if c.restart_count < base.of(c.name):
        # How it ended, by the change, is no news. That its image cannot be had the kubelet says
        # only while it tries, and this in between.
        said = f"{what} {c.name} could not be started since it was changed in place"
        yield Trouble(waiting.reason, f"{said}: can its image be had?")
        return
    reason = _OOM if ended.reason == _OOM else waiting.reason
    about = f"{what} {c.name}: last exit code {ended.exit_code}"
    yield Trouble(reason, _said(about, _last_words(ended), ", "), ended.exit_code)


def _ended(c: ContainerStatus, base: RestartBase) -> Iterator[Trouble]:
    """It has ended, or was started again since (other than by a change in place)."""
    ended = c.state.terminated
    if c.restart_count < base.of(c.name):
        return  # The change ended it; it has not started anew yet.
    if ended is None and c.restart_count > base.of(c.name):
        ended = c.last_state.terminated
    if ended is not None:
        about = f"container {c.name} exited with code {ended.exit_code}"
        said = _said(about, _last_words(ended))
        yield Trouble(ended.reason or "Error", said, ended.exit_code, ended.finished_at)


def _initializing(pod: PodWire) -> Iterator[Trouble]:
    sidecars = {c.name for c in pod.spec.init_containers if c.is_sidecar}
    for c in pod.status.init_container_statuses:
        if c.name in sidecars:
            continue
        yield from _held_up(c, "init container", UNCHANGED)
        if (ended := c.state.terminated) and ended.exit_code:
            about = f"init container {c.name} exited with code {ended.exit_code}"
            said = _said(about, _last_words(ended))
            yield Trouble(ended.reason or "Error", said, ended.exit_code)


def _unready(
    pod: PodWire, containers: Iterable[ContainerStatus], conditions: Conditions
) -> Iterator[Trouble]:
    ready = conditions.get("Ready")
    if ready is None or ready.status == "True":
        return
    spec = {c.name: c for c in (*pod.spec.containers, *pod.spec.init_containers)}
    for c in containers:
        container = spec.get(c.name)
        if container is None or c.ready or not c.state.running:
            continue
        if container.startup_probe and not c.started:
            yield Trouble(UNHEALTHY, f"the startup probe of container {c.name} has not passed")
        elif container.readiness_probe:
            yield Trouble(UNHEALTHY, f"the readiness probe of container {c.name} does not pass")
    if ready.reason:
        yield Trouble(ready.reason, ready.message or "")
    elif pod.spec.node_name and all(c.ready for c in containers):
        # The one who says so without a reason is the node controller.
        yield Trouble("NodeNotReady", f"node {pod.spec.node_name} does not report")


def _last_end(containers: Iterable[ContainerStatus]) -> float | None:
    ends = [c.state.terminated.finished_at for c in containers if c.state.terminated]
    return max((end for end in ends if end), default=None)


def _last_words(ended: Terminated) -> str:
    """What the program left behind, else what the runtime calls its end."""
    if ended.reason == _OOM:
        return "out of memory"
    return ended.message or ("" if ended.reason in _SAYS_NOTHING else ended.reason or "")


def _said(about: str, words: str | None, link: str = ": ") -> str:
    text = " ".join((words or "").split())
    if len(text) > _HEAD + _TAIL + 3:
        text = f"{text[:_HEAD]} … {text[-_TAIL:]}"
    return f"{about}{link}{text}" if text else about
