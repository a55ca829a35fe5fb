"""Short functions that build Jobs and Updates as a user would write them."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]
SIM = "sim.echelon.dev"


def template(image: str = "web:1", **steering: Any) -> Object:
    """A pod template with one container. ``steering``: annotations of the node simulator."""
    made: Object = {"spec": {"containers": [{"name": "web", "image": image}]}}
    if steering:
        made["metadata"] = {"annotations": sim(**steering)}
    return made


def sim(**steering: Any) -> dict[str, str]:
    """Annotations that steer a simulated pod: ``sim(behaviour="crash", exit_code=3)``."""
    return {f"{SIM}/{key.replace('_', '-')}": str(value) for key, value in steering.items()}


def queue(size: int | str = 1) -> Object:
    return {"type": "Queue", "size": size}


def batch(size: int | str) -> Object:
    return {"type": "Batch", "size": size}


def variable_batch(*sizes: int | str) -> Object:
    return {"type": "VariableBatch", "sizes": list(sizes)}


def job(
    name: str = "web",
    instances: int = 3,
    *,
    image: str = "web:1",
    min_ready: int = 0,
    strategy: Object | None = None,
    steering: Object | None = None,
    update: Object | None = None,
    **spec: Any,
) -> Object:
    """A Job. ``update``: additional fields of the policy; ``spec``: additional fields of the
    spec."""
    policy: Object = {"strategy": strategy or queue(1), **(update or {})}
    return {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "EchelonJob",
        "metadata": {"name": name},
        "spec": {
            "instances": instances,
            "minReadySeconds": min_ready,
            "update": policy,
            "template": template(image, **(steering or {})),
            **spec,
        },
    }


def update(name: str, job: str = "web", **spec: Any) -> Object:
    """An Update as a user creates it."""
    return {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "Update",
        "metadata": {"name": name},
        "spec": {"job": job, **spec},
    }


def adhoc(instances: int = 2, *, exits: bool = True, code: int = 0, **spec: Any) -> Object:
    """An Adhoc Job. ``exits``: whether its pods end by themselves, with this exit code."""
    made = job(instances=instances, type="Adhoc", **spec)
    made["spec"]["template"] = run_template(exits=exits, code=code)
    return made


def cron(schedule: str = "0 0 1 1 *", *, exits: bool = True, **spec: Any) -> Object:
    """A Cron Job; by default its first run is far away. ``spec.cron`` may have further fields."""
    fields = {"schedule": schedule, **spec.pop("cron", {})}
    made = adhoc(exits=exits, **spec)
    made["spec"] |= {"type": "Cron", "cron": fields}
    return made


def run_template(image: str = "web:1", *, exits: bool = True, code: int = 0) -> Object:
    if not exits:
        return template(image)
    return template(image, behaviour="exit", exit_code=code)


def ids(text: str) -> set[int]:
    """The ids of a range string."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def by_revision(ranges: list[Object] | None) -> dict[str, set[int]]:
    """A list such as ``status.assigned`` as a dict: revision -> ids."""
    return {item["revision"]: ids(item["instances"]) for item in ranges or ()}


def outside(assigned: dict[str, set[int]], frozen: str) -> set[str]:
    """The revisions of ids that are not in the range string ``frozen``."""
    return {revision for revision, every in assigned.items() if every - ids(frozen)}


def frozen_on_purpose(job: Object) -> str:
    """The ids in force that the spec still names; those in force if it cannot be read."""
    wanted, in_force = job.get("spec", {}).get("frozen"), job["status"].get("frozen", "")
    try:
        return ",".join(map(str, sorted(ids(in_force) & ids(wanted or ""))))
    except ValueError:
        return str(in_force)


def condition(obj: Object | None, name: str) -> Object:
    """A condition of an object. An absent one is returned as False."""
    found = (obj or {}).get("status", {}).get("conditions", ())
    return next((c for c in found if c["type"] == name), {"type": name, "status": "False"})


def is_true(obj: Object | None, name: str) -> bool:
    return bool(condition(obj, name)["status"] == "True")


def phase(obj: Object | None) -> str:
    """The phase of an Update. "" if it has none yet."""
    return str((obj or {}).get("status", {}).get("phase", ""))
