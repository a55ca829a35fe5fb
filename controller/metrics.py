"""The operator's metrics; those of single Jobs are in `job_metrics`, those
of Maintenances in `maintenance_metrics`.

Counters and histograms are updated when something happens. Gauges read the present state from its
owner at each scrape. docs/metrics.md is made from the texts here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from controller.api.progress import TERMINAL, Phase
from controller.job_metrics import JobCollector, JobNumbers
from controller.maintenance_metrics import MaintenanceCollector, MaintenanceNumbers

_RECONCILE_BUCKETS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_UPDATE_BUCKETS: Final = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400)
#: The final phases of Updates. Each is exported from the start, so that the first one is seen.
OUTCOMES: Final = tuple(sorted(TERMINAL - {Phase.PLANNED}))
_REQUEST_BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0)

# All counters start with the process, and `process_start_time_seconds` shows that time already.
disable_created_metrics()  # type: ignore[no-untyped-call]

_OfRequest = tuple[Counter, Histogram | None]
Numbers = Callable[[], Mapping[str, float]]


def _zero() -> float:
    return 0.0


def _none() -> Mapping[str, float]:
    return {}


def _nothing() -> float | None:
    return None


def _unserved() -> MaintenanceNumbers | None:
    return None


@dataclass(slots=True)
class State:
    """Functions that return the present state at each scrape. Assign them; they must be cheap."""

    #: Whether ``/readyz`` passes.
    ready: Callable[[], bool] = field(default=bool)
    queue_depth: Callable[[], float] = field(default=_zero)
    queue_oldest_seconds: Callable[[], float] = field(default=_zero)
    #: By shard, or by "" if there is only one: whether this process works on it.
    leader: Numbers = field(default=_none)
    #: Number of live replicas that share the shards; None if there is only one shard.
    replicas: Callable[[], float | None] = field(default=_nothing)
    #: Number of Jobs by condition that is True.
    jobs: Numbers = field(default=_none)
    #: Number of Updates by phase.
    updates: Numbers = field(default=_none)
    #: Number of instances by state.
    instances: Numbers = field(default=_none)
    #: Disruptions of all Jobs that nothing explains: asked for in the last minute, and the limit.
    disruptions: Numbers = field(default=_none)
    #: Seconds by resource.
    informer_lag_seconds: Numbers = field(default=_none)
    informer_silence_seconds: Numbers = field(default=_none)
    #: Number of fields in which the CRDs differ from this version, by kind of difference.
    crd_differences: Numbers = field(default=_none)
    #: Of an operator that serves Maintenances.
    maintenances: Callable[[], MaintenanceNumbers | None] = field(default=_unserved)
    #: The Jobs that this process works on.
    each_job: Callable[[], Iterable[JobNumbers]] = field(default=tuple)


class Metrics:
    """Registers all metrics in ``registry`` and updates the counters and histograms."""

    def __init__(self, registry: CollectorRegistry, version: str, most_jobs: int = 1000) -> None:
        """``most_jobs``: how many Jobs have metrics of their own."""
        self.registry = registry
        self.state = State()
        self._reconcile = Histogram(
            "echelon_reconcile_seconds",
            "How long reconciles took.",
            ["kind", "result"],
            buckets=_RECONCILE_BUCKETS,
            registry=registry,
        )
        self._requests = Counter(
            "echelon_api_requests",
            "Requests to the API server; code 0: no answer.",
            ["verb", "resource", "code"],
            registry=registry,
        )
        self._by_request: dict[tuple[str, str, int], _OfRequest] = {}
        self._request_seconds = Histogram(
            "echelon_api_request_seconds",
            "How long requests to the API server took, watches aside.",
            ["verb", "resource"],
            buckets=_REQUEST_BUCKETS,
            registry=registry,
        )
        self._asks = Counter(
            "echelon_gate_asks",
            "Questions to gates, by provider and verdict; Wait: who was asked decides later.",
            ["provider", "verdict"],
            registry=registry,
        )
        self._ask_seconds = Histogram(
            "echelon_gate_ask_seconds",
            "How long a question to a gate took.",
            ["provider"],
            buckets=_REQUEST_BUCKETS,
            registry=registry,
        )
        self._ask_late = Histogram(
            "echelon_gate_late_seconds",
            "How long after its time a question to a gate was asked.",
            buckets=_RECONCILE_BUCKETS,
            registry=registry,
        )
        self._consults = Counter(
            "echelon_coordinator_asks",
            "Questions to coordinators (spec.sla.coordinator), by result: Allow, Deny, Invalid "
            "(another answer) or NoAnswer.",
            ["result"],
            registry=registry,
        )
        self._consult_seconds = Histogram(
            "echelon_coordinator_ask_seconds",
            "How long a question to a coordinator took.",
            buckets=_REQUEST_BUCKETS,
            registry=registry,
        )
        self._consult_wait = Histogram(
            "echelon_coordinator_wait_seconds",
            "How long a question waited for its turn: one is asked at a time at the same URL.",
            buckets=_RECONCILE_BUCKETS,
            registry=registry,
        )
        self._dropped = Counter(
            "echelon_events_dropped",
            "Kubernetes Events that could not be written.",
            registry=registry,
        )
        self._updates = Histogram(
            "echelon_update_seconds",
            "How long Updates took from their admission to their end, by the phase in which "
            "they ended. One that was not admitted counts from its creation.",
            ["outcome"],
            buckets=_UPDATE_BUCKETS,
            registry=registry,
        )
        for outcome in OUTCOMES:
            self._updates.labels(str(outcome))
        registry.register(_StateCollector(self.state, version))
        registry.register(MaintenanceCollector(lambda: self.state.maintenances()))
        registry.register(JobCollector(lambda: self.state.each_job(), most_jobs))
        ProcessCollector(registry=registry)

    def reconciled(self, kind: str, result: str, seconds: float) -> None:
        """Record the end of a reconcile; ``result`` is success, error or terminating."""
        self._reconcile.labels(kind, result).observe(seconds)

    def requested(self, verb: str, resource: str, code: int, seconds: float) -> None:
        """Record the end of a request to the API server (the ``observe`` of a client)."""
        counter, histogram = self._of_request(verb, resource, code)
        counter.inc()
        if histogram is not None:
            histogram.observe(seconds)

    def _of_request(self, verb: str, resource: str, code: int) -> _OfRequest:
        """The children for a kind of requests. They are kept, for to look them up by label takes
        several times as long as to count."""
        key = (verb, resource, code)
        if (found := self._by_request.get(key)) is None:
            counter = self._requests.labels(verb, resource, str(code))
            timed = self._request_seconds.labels(verb, resource) if verb != "watch" else None
            found = self._by_request[key] = counter, timed
        return found

    def asked(self, provider: str, verdict: str, seconds: float, late: float) -> None:
        """Record that a gate was asked once; ``late``: seconds after its due time."""
        self._asks.labels(provider, verdict).inc()
        self._ask_seconds.labels(provider).observe(seconds)
        self._ask_late.observe(max(0.0, late))

    def consulted(self, result: str, seconds: float, waited: float) -> None:
        """Record that a coordinator was asked once; ``waited``: seconds until its turn came."""
        self._consults.labels(result).inc()
        self._consult_seconds.observe(seconds)
        self._consult_wait.observe(max(0.0, waited))

    def update_ended(self, phase: Phase, seconds: float) -> None:
        """Record the end of an Update. A dry run has no end that anybody waits for."""
        if phase is not Phase.PLANNED:
            self._updates.labels(str(phase)).observe(seconds)

    def event_dropped(self) -> None:
        self._dropped.inc()


class _StateCollector(Collector):
    def __init__(self, state: State, version: str) -> None:
        self._state = state
        self._version = version

    def collect(self) -> Iterable[Metric]:
        state = self._state
        yield _labelled("echelon_build_info", "Which version runs.", "version", self._build)
        yield _single("echelon_ready", "1 while /readyz passes.", state.ready)
        yield _by_shard(
            "echelon_leader",
            "1 while this process holds the Lease and works; 0 while it stands by or lists.",
            state.leader(),
        )
        if (replicas := state.replicas()) is not None:
            text = "With several shards: live replicas that share them."
            yield GaugeMetricFamily("echelon_replicas", text, value=replicas)
        yield _single("echelon_queue_depth", "Keys waiting for a worker.", state.queue_depth)
        yield _single(
            "echelon_queue_oldest_seconds",
            "How long the oldest key has been waiting or in work.",
            state.queue_oldest_seconds,
        )
        yield _labelled(
            "echelon_jobs",
            "Jobs, by condition that is True. Stalled means that a person is needed.",
            "condition",
            state.jobs,
        )
        yield _labelled("echelon_updates", "Updates, by phase.", "phase", state.updates)
        yield _labelled(
            "echelon_instances",
            "Instances, by state: available, ready, starting, terminating, ended, missing.",
            "state",
            state.instances,
        )
        yield _labelled(
            "echelon_voluntary_disruptions",
            "Disruptions that no Update, scale or move explains: asked for in a minute; the limit.",
            "number",
            state.disruptions,
        )
        yield _labelled(
            "echelon_informer_lag_seconds",
            "How long a watch has been working through a backlog.",
            "resource",
            state.informer_lag_seconds,
        )
        yield _labelled(
            "echelon_informer_silence_seconds",
            "Since when a watch has heard nothing, not even a bookmark.",
            "resource",
            state.informer_silence_seconds,
        )
        yield _labelled(
            "echelon_crd_differences",
            "Fields in which the CRDs differ from this version: lost, missing, newer. With lost "
            "above 0 an operator serves no Job.",
            "difference",
            state.crd_differences,
        )

    def _build(self) -> Mapping[str, float]:
        return {self._version: 1.0}


def _single(name: str, text: str, read: Callable[[], float]) -> Metric:
    return GaugeMetricFamily(name, text, value=float(read()))


def _by_shard(name: str, text: str, numbers: Mapping[str, float]) -> Metric:
    """Without a label if there is only one shard."""
    if "" in numbers or not numbers:
        return GaugeMetricFamily(name, text, value=float(numbers.get("", 0.0)))
    return _labelled(name, text, "shard", lambda: numbers)


def _labelled(name: str, text: str, label: str, read: Numbers) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in read().items():
        family.add_metric([value], float(number))
    return family
