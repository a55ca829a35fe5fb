"""What has become of an Update and its pods so far, as Aurora's tests tell it."""

from __future__ import annotations

from hack.harness.manifests import ids, phase
from hack.harness.observer import Observer

ACTIONS = {
    "updating": "U",
    "updated": "D",
    "failed": "UF",
    "rollingBack": "RB",
    "rolledBack": "RD",
    "rollbackFailed": "RF!",
}


class Record:
    """Read from all that the API server has told, nothing asked of the operator."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def trail(self, update: str) -> dict[int, str]:
        """Instance -> the sets of this Update it was in, one after another."""
        found: dict[int, list[str]] = {}
        for seen in self._observer.events():
            if seen.kind != "Update" or seen.name != update:
                continue
            sets = seen.object.get("status", {}).get("instances", {})
            for name, letter in ACTIONS.items():
                for i in ids(sets.get(name, "")):
                    if (letters := found.setdefault(i, []))[-1:] != [letter]:
                        letters.append(letter)
        return {i: " ".join(_whole(letters)) for i, letters in sorted(found.items())}

    def killed(self) -> set[str]:
        """uids of the pods that a kubelet had to end. As in Aurora, one that never came to a node,
        or has ended, is just removed and does not count."""
        pods = [seen.object for seen in self._observer.events() if seen.kind == "Pod"]
        return {pod.uid for pod in pods if pod.deleting and pod.node and pod.live}

    def touched(self, update: str, way: str) -> list[int]:
        """Instances in the order in which their pods were deleted, or created where there was
        none, while the Update was in this phase."""
        found: list[int] = []
        going: set[str] = set()
        now = ""
        for seen in self._observer.events():
            if seen.kind == "Update" and seen.name == update:
                now = phase(seen.object)
            if seen.kind != "Pod":
                continue
            pod = seen.object
            news = seen.type == "ADDED" or (pod.deleting and pod.uid not in going)
            if news and now == way and pod.instance not in found:
                found.append(pod.instance)
            if pod.deleting:
                going.add(pod.uid)
        return found

    def groups(self, update: str, way: str) -> list[set[int]]:
        """The groups of the Update while it was in this phase, as it stored them before each."""
        found: list[set[int]] = []
        for seen in self._observer.events():
            if seen.kind != "Update" or seen.name != update or phase(seen.object) != way:
                continue
            group = ids(seen.object["status"].get("batch", {}).get("instances", ""))
            if group and found[-1:] != [group]:
                found.append(group)
        return found


def _whole(letters: list[str]) -> list[str]:
    """With the beginning of what no report had the time to show before its end."""
    whole: list[str] = []
    for letter in letters:
        begun = {"D": "U", "UF": "U", "RD": "RB", "RF!": "RB"}.get(letter)
        if begun and begun not in whole:
            whole.append(begun)
        whole.append(letter)
    return whole
