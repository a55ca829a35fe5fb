"""The metrics of the page as a Deployment. No label names a viewer or a thing of the cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
)

# All counters start with the process.
disable_created_metrics()  # type: ignore[no-untyped-call]

#: The label of requests for which there is no page.
_NONE: Final = "none"


class Metrics:
    """Registers all metrics in ``registry``."""

    def __init__(self, registry: CollectorRegistry, *, version: str) -> None:
        self.registry = registry
        self._requests = Counter(
            "echelon_ui_requests",
            "Requests of browsers, by page and status. A stream counts when it ends.",
            ["page", "code"],
            registry=registry,
        )
        self._api_requests = Counter(
            "echelon_ui_api_requests",
            "Requests to the API server; tokenreviews and subjectaccessreviews are about viewers.",
            ["verb", "resource", "code"],
            registry=registry,
        )
        info = Gauge("echelon_ui_build_info", "Which version runs.", ["version"], registry=registry)
        info.labels(version).set(1)
        ProcessCollector(registry=registry)

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A number that is read at each scrape."""
        Gauge(name, text, registry=self.registry).set_function(read)

    def api_requested(self, verb: str, resource: str, code: int, _seconds: float) -> None:
        """Record the end of a request to the API server (the ``observe`` of a client)."""
        self._api_requests.labels(verb, resource, str(code)).inc()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        code = 500
        try:
            response = await handler(request)
            code = response.status
            return response
        except web.HTTPException as error:
            code = error.status
            raise
        finally:
            self._requests.labels(_page(request), str(code)).inc()


def _page(request: web.Request) -> str:
    """The first word of the address, if it is one of ours; "jobs" for the list of all Jobs."""
    resource = request.match_info.route.resource
    if resource is None:
        return _NONE
    return resource.canonical.split("/")[1] or "jobs"
