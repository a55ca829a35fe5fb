"""The metrics of the page: what is counted, and that nothing of the cluster is named."""

from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry, generate_latest

from controller.ui.metrics import Metrics


async def found(_request: web.Request) -> web.Response:
    return web.Response()


async def missing(_request: web.Request) -> web.Response:
    raise web.HTTPNotFound


async def broken(_request: web.Request) -> web.Response:
    raise RuntimeError("broken")


async def test_requests_are_counted_by_page_and_status() -> None:
    metrics = Metrics(CollectorRegistry(), version="1.2.3")
    app = web.Application(middlewares=[metrics.middleware])
    app.router.add_get("/", found)
    app.router.add_get("/jobs/{namespace}", missing)
    app.router.add_get("/live/{namespace}", broken)
    async with TestClient(TestServer(app)) as client:
        for path in ("/", "/", "/jobs/secret", "/live/secret", "/secret"):
            await client.get(path)
    metrics.api_requested("create", "tokenreviews", 201, 0.1)
    metrics.gauge("echelon_ui_streams", "Streams.", lambda: 7)
    text = generate_latest(metrics.registry).decode()
    for line in (
        'echelon_ui_requests_total{code="200",page="jobs"} 2.0',
        'echelon_ui_requests_total{code="404",page="jobs"} 1.0',
        'echelon_ui_requests_total{code="500",page="live"} 1.0',
        'echelon_ui_requests_total{code="404",page="none"} 1.0',
        'echelon_ui_api_requests_total{code="201",resource="tokenreviews",verb="create"} 1.0',
        'echelon_ui_build_info{version="1.2.3"} 1.0',
        "echelon_ui_streams 7.0",
    ):
        assert line in text.splitlines()
    assert "secret" not in text
