"""How many pods of a Job serve at every moment: a watch misses no state of a pod, a list may."""

from __future__ import annotations

import json
import subprocess
import threading
from types import TracebackType

from tests.e2e.place import Object, Place, condition


class Watching:
    """A context manager. At its end it has seen all that a list shows."""

    def __init__(self, place: Place, job: str = "web") -> None:
        #: Number of pods that are Ready and not being deleted, after each change of a pod.
        self.serving: list[int] = []
        self._place = place
        self._path = place.path("pods") + f"?labelSelector=echelon.dev/job%3D{job}"
        self._pods: dict[str, Object] = {}
        self._thread = threading.Thread(target=self._follow)

    def __enter__(self) -> Watching:
        found = self._place.api.get(self._path)
        self._pods = {pod["metadata"]["uid"]: pod for pod in found["items"]}
        self._count()
        since = found["metadata"]["resourceVersion"]
        cluster = self._place.cluster
        command = [str(cluster.binary("kubectl")), f"--kubeconfig={cluster.kubeconfig}"]
        command += ["get", "--raw", f"{self._path}&watch=true&resourceVersion={since}"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._place.wait("the watch of pods", self._is_current)
        finally:
            self._process.terminate()
            self._process.wait()
            self._thread.join()
        self._place.notes.append(f"at least {min(self.serving)} pods served")

    def _follow(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = json.loads(line)
            pod = event["object"]
            if event["type"] == "DELETED":
                del self._pods[pod["metadata"]["uid"]]
            else:
                self._pods[pod["metadata"]["uid"]] = pod
            self._count()

    def _count(self) -> None:
        self.serving.append(sum(map(serves, self._pods.values())))

    def _is_current(self) -> bool:
        listed = self._place.api.get(self._path)["items"]
        return _versions(listed) == _versions(list(self._pods.values()))


def serves(pod: Object) -> bool:
    return condition(pod, "Ready") and "deletionTimestamp" not in pod["metadata"]


def _versions(pods: list[Object]) -> set[tuple[str, str]]:
    return {(pod["metadata"]["uid"], pod["metadata"]["resourceVersion"]) for pod in pods}
