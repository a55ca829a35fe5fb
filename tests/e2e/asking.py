"""A client that sends requests to a Service without pause, and counts the failed ones.

It uses the ready addresses of the Service's EndpointSlices in turn, like a proxy on a node, with a
new connection for each request.
"""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType

from hack.e2e.webserver import PORT
from tests.e2e.place import Place

_PAUSE = 0.02
_TIMEOUT = 3.0


@dataclass
class Results:
    """The results of requests: answers by their first word, and failures as texts."""

    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    #: Number of times without a ready address.
    nobody: int = 0

    @property
    def asked(self) -> int:
        return self.answers.total() + len(self.failures) + self.nobody

    def __str__(self) -> str:
        by = ", ".join(f"{count} by {who}" for who, count in sorted(self.answers.items()))
        unanswered = f"{len(self.failures)} failed, {self.nobody} times no ready address"
        return f"{self.asked} requests: {by}; {unanswered}"


class Asking:
    """A context manager. It starts when the Service has a ready address."""

    def __init__(self, place: Place, service: str = "web") -> None:
        self.tally = Results()
        self._place = place
        self._service = service
        self._addresses: list[str] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._look, self._ask)]

    def __enter__(self) -> Asking:
        self._place.wait(f"an address of Service {self._service}", self._ready, 30)
        self._addresses = self._ready()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._place.notes.append(str(self.tally))

    def answered(self, word: str, times: int = 1) -> None:
        """Wait until a version has answered this many further requests."""
        goal = self.tally.answers[word] + times
        self._place.wait(f"answers by {word}", lambda: self.tally.answers[word] >= goal)

    def _ready(self) -> list[str]:
        query = f"?labelSelector=kubernetes.io/service-name%3D{self._service}"
        slices = self._place.api.get(self._place.path("endpointslices") + query)["items"]
        return [
            endpoint["addresses"][0]
            for each in slices
            for endpoint in each.get("endpoints") or ()
            if endpoint["conditions"].get("ready")
        ]

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self._addresses = self._ready()

    def _ask(self) -> None:
        for turn in itertools.count():
            if self._over.wait(_PAUSE):
                return
            if addresses := self._addresses:
                self._ask_one(addresses[turn % len(addresses)])
            else:
                self.tally.nobody += 1

    def _ask_one(self, address: str) -> None:
        begun = time.strftime("%H:%M:%S")
        try:
            self.tally.answers[ask(address).split()[0]] += 1
        except (OSError, http.client.HTTPException) as error:
            self.tally.failures.append(f"{begun} {address}: {error!r}")


def ask(address: str, path: str = "/", port: int = PORT) -> str:
    """Send one request on a new connection. Raises OSError or HTTPException if it fails."""
    connection = http.client.HTTPConnection(address, port, timeout=_TIMEOUT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200 or not text.strip():
            raise http.client.HTTPException(f"{answer.status} {text!r}")
        return text
    finally:
        connection.close()
