"""Random pod templates that the API server accepts, and the values of their fields."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

Object = dict[str, Any]
Items = Callable[[Random, str], Object]

NAMES: Final = ("web", "proxy", "agent")
SIDECARS: Final = ("setup", "wait")
VOLUMES: Final = ("data", "config", "keys", "all", "scratch")
_ENV: Final = ("A", "B", "C", "D", "E")
_PORTS: Final = (80, 81, 443, 8080)
WORDS: Final = ("one", "two", "three", "four")


def template(random: Random) -> Object:
    """A template that the API server accepts."""
    spec: Object = {
        "containers": [container(random, name) for name in some(random, NAMES, 1)],
        "volumes": [volume(random, name) for name in VOLUMES],
    }
    if random.random() < 0.4:
        spec["initContainers"] = [sidecar(random, name) for name in SIDECARS]
    for field, (keys, make, _) in LISTS.items():
        if random.random() < 0.6:
            spec[field] = [make(random, key) for key in some(random, keys)]
    for field, make_value in OBJECTS.items():
        if random.random() < 0.6:
            spec[field] = make_value(random)
    metadata: Object = {"labels": random_map(random), "annotations": random_map(random)}
    if random.random() < 0.5:
        metadata["finalizers"] = [f"example.com/{word}" for word in some(random, WORDS)]
    return {"metadata": metadata, "spec": spec}


def some(random: Random, keys: tuple[Any, ...], least: int = 0) -> list[Any]:
    return random.sample(keys, random.randint(least, len(keys)))


def random_map(random: Random) -> Object:
    return {key: random.choice(WORDS) for key in some(random, WORDS)}


def container(random: Random, name: str) -> Object:
    made: Object = {
        "name": name,
        "image": f"example.com/{name}:{random.randint(1, 3)}",
        "imagePullPolicy": "IfNotPresent",
    }
    for field, (keys, make, _) in CONTAINER_LISTS.items():
        if random.random() < 0.7:
            made[field] = [make(random, key) for key in some(random, keys)]
    for field, make_value in CONTAINER_OBJECTS.items():
        if random.random() < 0.5:
            made[field] = make_value(random)
    if random.random() < 0.6:
        made["args"] = some(random, WORDS)
    return made


def sidecar(random: Random, name: str) -> Object:
    return {**container(random, name), "restartPolicy": "Always"}


def _env(random: Random, name: str) -> Object:
    if random.random() < 0.3:
        return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    return {"name": name, "value": random.choice(WORDS)}


def _port(random: Random, number: int) -> Object:
    name = {"name": f"p{number}"} if random.random() < 0.5 else {}
    protocol = {"protocol": random.choice(("TCP", "UDP"))} if random.random() < 0.5 else {}
    return {"containerPort": number, **name, **protocol}


def _mount(random: Random, path: str) -> Object:
    read_only = {"readOnly": True} if random.random() < 0.5 else {}
    return {"mountPath": path, "name": random.choice(VOLUMES), **read_only}


def volume(random: Random, name: str) -> Object:
    sources: tuple[Object, ...] = (
        {"emptyDir": {}},
        {"emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"configMap": {"name": random.choice(WORDS), "items": [{"key": "a", "path": "b"}]}},
        {"secret": {"secretName": random.choice(WORDS)}},
        {"csi": {"driver": "example.com", "volumeAttributes": random_map(random)}},
        {"projected": {"sources": [{"configMap": {"name": random.choice(WORDS)}}]}},
    )
    return {"name": name, **random.choice(sources)}


def _spread(random: Random, key: str) -> Object:
    return {
        "topologyKey": key,
        "maxSkew": random.randint(1, 3),
        "whenUnsatisfiable": random.choice(("DoNotSchedule", "ScheduleAnyway")),
        "labelSelector": {"matchLabels": random_map(random)},
    }


def _alias(random: Random, ip: str) -> Object:
    return {"ip": ip, "hostnames": some(random, WORDS, 1)}


def _named(random: Random, name: str) -> Object:
    assert random is not None
    return {"name": name}


def _toleration(random: Random, key: str) -> Object:
    return {"key": key, "operator": "Exists", "effect": random.choice(("NoSchedule", "NoExecute"))}


def probe(random: Random) -> Object:
    ways: tuple[Object, ...] = (
        {"httpGet": {"path": "/", "port": 80}},
        {"tcpSocket": {"port": 80}},
        {"exec": {"command": some(random, WORDS, 1)}},
    )
    return {**random.choice(ways), "periodSeconds": random.randint(1, 9)}


def _resources(random: Random) -> Object:
    return {
        kind: {name: str(random.randint(low, low + 9)) for name in some(random, ("cpu", "memory"))}
        for kind, low in (("requests", 1), ("limits", 10))
    }


def _container_security(random: Random) -> Object:
    return {
        "runAsUser": random.randint(1, 9),
        "capabilities": {"add": some(random, WORDS), "drop": ["ALL"]},
    }


def _pod_security(random: Random) -> Object:
    groups = random.sample(range(1, 9), random.randint(0, 3))
    return {"runAsUser": random.randint(1, 9), "supplementalGroups": groups}


def _affinity(random: Random) -> Object:
    term = {
        "topologyKey": random.choice(WORDS),
        "labelSelector": {"matchLabels": random_map(random)},
    }
    kind = random.choice(("podAffinity", "podAntiAffinity"))
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def _dns(random: Random) -> Object:
    return {"searches": some(random, WORDS), "options": [{"name": "ndots", "value": "2"}]}


LISTS: Final[dict[str, tuple[tuple[Any, ...], Items, str]]] = {
    "topologySpreadConstraints": (WORDS, _spread, "topologyKey"),
    "hostAliases": (("10.0.0.1", "10.0.0.2", "10.0.0.3"), _alias, "ip"),
    "imagePullSecrets": (WORDS, _named, "name"),
    "schedulingGates": (("example.com/a", "example.com/b"), _named, "name"),
    "tolerations": (WORDS, _toleration, ""),
}
OBJECTS: Final[dict[str, Callable[[Random], Object]]] = {
    "securityContext": _pod_security,
    "affinity": _affinity,
    "dnsConfig": _dns,
    "nodeSelector": random_map,
}
CONTAINER_LISTS: Final[dict[str, tuple[tuple[Any, ...], Items, str]]] = {
    "env": (_ENV, _env, "name"),
    "ports": (_PORTS, _port, "containerPort"),
    "volumeMounts": (("/a", "/b", "/c"), _mount, "mountPath"),
}
CONTAINER_OBJECTS: Final[dict[str, Callable[[Random], Object]]] = {
    "readinessProbe": probe,
    "resources": _resources,
    "securityContext": _container_security,
}
