"""Jobs whose Updates ask a coordinator, and what it is asked."""

from __future__ import annotations

import json
from typing import Any

from hack.devcluster.api import ApiError
from hack.harness.manifests import Object, batch, job
from hack.harness.space import Space
from hack.harness.web import Said, Web

ALLOW: Said = (200, json.dumps({"allow": True}))


def deny(message: str = "not now") -> Said:
    return 200, json.dumps({"allow": False, "message": message})


def made(space: Space, web: Web, count: int = 3, name: str = "web", **update: Any) -> Object:
    """Make a Job whose Updates ask the coordinator."""
    url, timeout = f"{web.url}/may?token=s3cr3t", update.pop("timeout", None)
    coordinator = {"url": url} | ({"timeoutSeconds": timeout} if timeout else {})
    policy = {"slaAware": True, **update}
    wish = job(name, instances=count, strategy=batch(count), update=policy,
               sla={"coordinator": coordinator})  # fmt: skip
    return space.made(wish)


def questions(web: Web) -> list[Any]:
    return [json.loads(asked.body) for asked in web.asked]


def waits(space: Space, words: str, name: str = "") -> Object:
    """The Update, when it waits for the coordinator and says so."""
    return space.wait_update(
        "RollingForward",
        probe=lambda u: (
            u["status"].get("reason") == "Coordinator" and words in u["status"]["message"]
        ),
        name=name,
        timeout=60,
    )


def gone(space: Space, question: Object) -> bool:
    """Whether the pod of a question is gone or going."""
    try:
        found = space.api.get(f"/api/v1/namespaces/{space.name}/pods/{question['pod']}")
    except ApiError as error:
        if error.code != 404:
            raise
        return True
    metadata = found["metadata"]
    return metadata["uid"] != question["podUID"] or bool(metadata.get("deletionTimestamp"))
