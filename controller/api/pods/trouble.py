"""The most important thing that is wrong with a pod, for messages to users.

Its message quotes the source: the kubelet, the scheduler, the registry or the program itself. The
status of a pod does not contain the result of a probe, only that a container with a probe is not
ready.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from controller.api.meta import seconds
from controller.api.pods.in_effect import IN_PROGRESS, PENDING, is_true
from controller.api.pods.pod import Trouble
from controller.api.pods.restart_base import UNCHANGED, RestartBase
from controller.api.pods.wire import ContainerStatus, PodCondition, PodWire, Terminated
from controller.api.text import ELLIPSIS, shortened

Conditions = Mapping[str, PodCondition]

#: Waiting reasons of a container that is starting normally.
_ORDINARY: Final = (None, "ContainerCreating", "PodInitializing")
#: Termination reasons that add nothing to the exit code.
_UNINFORMATIVE: Final = (None, "Error", "Completed")
_OOM: Final = "OOMKilled"
#: Conditions that may mean trouble even if the pod is Ready.
_EVEN_IF_READY: Final = frozenset({"DisruptionTarget", PENDING, IN_PROGRESS})
#: The kubelet's reason for a probe that does not pass.
UNHEALTHY: Final = "Unhealthy"
#: A termination message may have 4 KiB. Its head and its tail are kept: the head says what the
#: message is about, the tail what went wrong.
_HEAD, _TAIL = 70, 110


def trouble_of(
    pod: PodWire, containers: Iterable[ContainerStatus], conditions: Conditions, base: RestartBase
) -> Trouble | None:
    """The most important trouble of ``pod``. Returns None if nothing is wrong.

    ``containers`` are the statuses of containers and sidecars. Restarts up to ``base`` are no
    trouble.
    """
    ready = conditions.get("Ready")
    if ready and is_true(ready) and not _EVEN_IF_READY & conditions.keys():
        # The usual case: the only possible trouble is a container that has restarted.
        return next((trouble for c in containers for trouble in _ended(pod, c, base)), None)
    return next(_all(pod, containers, conditions, base), None)


def _all(
    pod: PodWire, containers: Iterable[ContainerStatus], conditions: Conditions, base: RestartBase
) -> Iterator[Trouble]:
    status = pod.status
    yield from _verdict(pod, containers, conditions)
    for c in containers:
        yield from _held_up(pod, c, "container", base)
    for c in containers:
        yield from _ended(pod, c, base)
    if status.phase in ("Failed", "Succeeded"):
        yield Trouble(status.phase, status.message or "")
    yield from _initializing(pod)
    scheduled = conditions.get("PodScheduled")
    if scheduled and scheduled.status == "False":
        yield Trouble(scheduled.reason or "Unschedulable", scheduled.message or "")
    yield from _unready(pod, containers, conditions)
    for kind in (PENDING, IN_PROGRESS):
        resize = conditions.get(kind)
        if resize and is_true(resize) and resize.reason:
            yield Trouble(kind, f"{resize.reason}: {resize.message or ''}".rstrip(": "))


def _verdict(
    pod: PodWire, containers: Iterable[ContainerStatus], conditions: Conditions
) -> Iterator[Trouble]:
    """The pod as a whole was ended: evicted, preempted, refused by its node or past a deadline."""
    status, disruption = pod.status, conditions.get("DisruptionTarget")
    if status.phase == "Failed" and status.reason:
        yield Trouble(status.reason, status.message or "", at=_last_end(containers))
    elif disruption and is_true(disruption) and disruption.reason:
        yield Trouble(disruption.reason, disruption.message or "", at=_last_end(containers))


def _held_up(pod: PodWire, c: ContainerStatus, role: str, base: RestartBase) -> Iterator[Trouble]:
    """The kubelet does not start the container and says why. ``role`` is for the message."""
    waiting = c.state.waiting
    if waiting is None or waiting.reason in _ORDINARY:
        return
    ended = c.last_state.terminated
    if waiting.reason != "CrashLoopBackOff" or ended is None:
        yield Trouble(waiting.reason, _quoted(f"{role} {c.name}", waiting.message))
        return
    if c.restart_count < base.due(c):
        # The change itself ended the container, so its exit code means nothing. The kubelet says
        # that it cannot pull the image only while it tries, and CrashLoopBackOff between tries.
        message = f"{role} {c.name} has not started since it was changed in place"
        yield Trouble(waiting.reason, f"{message}: can its image be pulled?")
        return
    reason = _OOM if ended.reason == _OOM else waiting.reason
    about = f"{role} {c.name}: last exit code {ended.exit_code}"
    yield Trouble(reason, _quoted(about, _last_words(pod, c, ended), ", "), ended.exit_code)


def _ended(pod: PodWire, c: ContainerStatus, base: RestartBase) -> Iterator[Trouble]:
    """The container has ended, or has restarted for another reason than a change in place."""
    ended = c.state.terminated
    if c.restart_count < base.due(c):
        return  # The change in place ended the container; it has not started again yet.
    if ended is None and c.restart_count > base.due(c):
        ended = c.last_state.terminated
    if ended is not None:
        about = f"container {c.name} exited with code {ended.exit_code}"
        message = _quoted(about, _last_words(pod, c, ended))
        at = seconds(ended.finished_at) or None
        yield Trouble(ended.reason or "Error", message, ended.exit_code, at)


def _initializing(pod: PodWire) -> Iterator[Trouble]:
    sidecars = {c.name for c in pod.spec.init_containers if c.is_sidecar}
    for c in pod.status.init_container_statuses:
        if c.name in sidecars:
            continue
        yield from _held_up(pod, c, "init container", UNCHANGED)
        if (ended := c.state.terminated) and ended.exit_code:
            about = f"init container {c.name} exited with code {ended.exit_code}"
            message = _quoted(about, _last_words(pod, c, ended))
            yield Trouble(ended.reason or "Error", message, ended.exit_code)


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
        # Only the node controller sets Ready to False without a reason.
        yield Trouble("NodeNotReady", f"node {pod.spec.node_name} does not report")


def _last_end(containers: Iterable[ContainerStatus]) -> float | None:
    ends = [seconds(c.state.terminated.finished_at) for c in containers if c.state.terminated]
    return max((end for end in ends if end), default=None)


def _last_words(pod: PodWire, c: ContainerStatus, ended: Terminated) -> str:
    """The termination message of the program, or the runtime's reason for its end."""
    if ended.reason == _OOM:
        limit = _memory_limit(pod, c)
        return f"out of memory (its limit is {limit})" if limit else "out of memory"
    return ended.message or ("" if ended.reason in _UNINFORMATIVE else ended.reason or "")


def _memory_limit(pod: PodWire, c: ContainerStatus) -> str:
    """The limit in force, as far as the kubelet reports it, else that of the spec; "" if there is
    none: then the node had no memory left."""
    parts = (*pod.spec.containers, *pod.spec.init_containers)
    for resources in (c.resources, *(part.resources for part in parts if part.name == c.name)):
        limits = resources.get("limits") if isinstance(resources, dict) else None
        if isinstance(limits, dict):
            return str(limits.get("memory") or "")
    return ""


def _quoted(about: str, words: str | None, link: str = ": ") -> str:
    """``about``, followed by the source's words, shortened and on one line."""
    text = " ".join((words or "").split())
    if len(text) > _HEAD + _TAIL + 3:
        _, blank, tail = text[-_TAIL:].partition(" ")
        # Half a word looks like another one; a word of a whole tail is not dropped.
        tail = tail if blank and len(tail) > _TAIL // 2 else text[-_TAIL:]
        text = f"{shortened(text, _HEAD).removesuffix(ELLIPSIS).rstrip()} {ELLIPSIS} {tail}"
    return f"{about}{link}{text}" if text else about
