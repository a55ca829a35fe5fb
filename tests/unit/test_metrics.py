from prometheus_client import CollectorRegistry, generate_latest

from controller.metrics import Metrics


def test_metrics() -> None:
    metrics = Metrics(CollectorRegistry(), version="1.2.3")
    metrics.reconciled("EchelonJob", "success", 0.02)
    metrics.requested("create", "pods", 201, 0.004)
    metrics.requested("create", "pods", 0, 8.0)
    metrics.requested("watch", "pods", 200, 300.0)
    metrics.event_dropped()
    depth = [3]
    metrics.state.queue_depth = lambda: depth[0]
    metrics.state.leader = lambda: {"": True}
    metrics.state.jobs = lambda: {"Stalled": 1, "Ready": 2}
    metrics.state.updates = lambda: {"RollingForward": 2}
    metrics.state.instances = lambda: {"available": 10}
    metrics.state.disruptions = lambda: {"asked": 2, "limit": 30}
    metrics.state.informer_lag_seconds = lambda: {"pods": 0.5}
    text = generate_latest(metrics.registry).decode()
    for line in (
        'echelon_build_info{version="1.2.3"} 1.0',
        "echelon_leader 1.0",
        "echelon_queue_depth 3.0",
        'echelon_reconcile_seconds_count{kind="EchelonJob",result="success"} 1.0',
        'echelon_api_requests_total{code="201",resource="pods",verb="create"} 1.0',
        'echelon_api_requests_total{code="0",resource="pods",verb="create"} 1.0',
        'echelon_api_requests_total{code="200",resource="pods",verb="watch"} 1.0',
        'echelon_jobs{condition="Stalled"} 1.0',
        'echelon_updates{phase="RollingForward"} 2.0',
        'echelon_instances{state="available"} 10.0',
        'echelon_informer_lag_seconds{resource="pods"} 0.5',
        'echelon_voluntary_disruptions{number="asked"} 2.0',
        "echelon_events_dropped_total 1.0",
    ):
        assert line in text.splitlines()
    assert 'echelon_api_request_seconds_count{resource="pods",verb="watch"}' not in text
    assert "_created" not in text
    for name in ("process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"):
        assert f"\n{name} " in text
    depth[0] = 4
    assert "echelon_queue_depth 4.0" in generate_latest(metrics.registry).decode()


def test_two_operators_in_one_process() -> None:
    first, second = (Metrics(CollectorRegistry(), version="1") for _ in range(2))
    first.event_dropped()
    assert "echelon_events_dropped_total 0.0" in generate_latest(second.registry).decode()


def test_metrics_of_shards() -> None:
    metrics = Metrics(CollectorRegistry(), version="1.2.3")
    metrics.state.leader = lambda: {"0": 1.0, "1": 0.0}
    metrics.state.replicas = lambda: 2.0
    text = generate_latest(metrics.registry).decode()
    assert 'echelon_leader{shard="0"} 1.0' in text
    assert 'echelon_leader{shard="1"} 0.0' in text
    assert "echelon_leader 0" not in text
    assert "echelon_replicas 2.0" in text


def test_with_one_shard_nothing_speaks_of_shards() -> None:
    text = generate_latest(Metrics(CollectorRegistry(), version="1").registry).decode()
    assert "echelon_leader 0.0" in text
    assert "shard" not in text
    assert "echelon_replicas" not in text
