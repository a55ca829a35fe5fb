"""`echelon lint` against what the real API server says of the same objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.devcluster.api import ApiError
from hack.harness.manifests import Object, job, update
from hack.harness.space import Space
from tests.cli.echelon import Echelon, Result
from tests.integration import bad_objects
from tests.integration.bad_objects import changed

EXAMPLES = Path(__file__).parents[2] / "examples"


def linted(echelon: Echelon, *objects: Object, flags: tuple[str, ...] = ()) -> Result:
    return echelon("lint", "-", *flags, stdin=yaml.safe_dump_all(objects, sort_keys=False))


def findings(echelon: Echelon, *objects: Object, flags: tuple[str, ...] = ()) -> list[Object]:
    found: list[Object] = json.loads(linted(echelon, *objects, flags=(*flags, "-o", "json")).out)
    return found


def errors(found: list[Object]) -> list[str]:
    return [each["field"] for each in found if each["severity"] == "error"]


def test_lint_refuses_what_the_api_server_refuses(space: Space, echelon: Echelon) -> None:
    bad = [
        *(changed(bad_objects.JOB, change) for change, _ in bad_objects.JOBS.values()),
        *(changed(bad_objects.JOB, change) for change in bad_objects.LATER_JOBS.values()),
        *(changed(bad_objects.UPDATE, change) for change, _ in bad_objects.UPDATES.values()),
        *(changed(bad_objects.UPDATE, change) for change in bad_objects.LATER_UPDATES.values()),
    ]
    for obj in bad:
        with pytest.raises(ApiError):
            space.create(obj)
    found = findings(echelon, *bad)
    lines = [1]
    for obj in bad:
        # Each document takes its own lines and one for the separator after it.
        lines.append(lines[-1] + len(yaml.safe_dump(obj, sort_keys=False).splitlines()) + 1)
    for index, obj in enumerate(bad):
        here = [f for f in found if lines[index] <= f["line"] < lines[index + 1]]
        assert errors(here), obj


def test_the_examples_are_right_for_lint_and_for_the_server(space: Space, echelon: Echelon) -> None:
    done = echelon("lint", str(EXAMPLES), str(EXAMPLES / "updates"), "--server", check=0)
    assert "0 errors" in done.err
    assert "Service store: skipped" in done.err
    # Nothing was made.
    for plural in ("echelonjobs", "updates", "pods"):
        assert space.api.get(space.path(plural))["items"] == []


def test_exit_codes_and_the_form_of_a_finding(
    space: Space, echelon: Echelon, tmp_path: Path
) -> None:
    assert space
    file = tmp_path / "web.yaml"
    good = job()
    good["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = {"tcpSocket": {"port": 1}}
    file.write_text(yaml.safe_dump(good, sort_keys=False))
    clean = echelon("lint", str(file), check=0)
    assert clean.out == ""
    assert clean.err == "1 object checked: 0 errors, 0 warnings\n"
    file.write_text(yaml.safe_dump(job(image="web"), sort_keys=False))
    assert (
        "warning: spec.template.spec.containers[0].image" in echelon("lint", str(file), check=0).out
    )
    wrong = job(minReadySecond=3)
    text = yaml.safe_dump(wrong, sort_keys=False)
    file.write_text(text)
    done = echelon("lint", str(file), check=1)
    line = 1 + next(i for i, each in enumerate(text.splitlines()) if "minReadySecond:" in each)
    said = (
        f"{file}:{line}: error: spec.minReadySecond: unknown field; did you mean minReadySeconds?"
    )
    assert said in done.lines
    assert echelon("lint", check=2).out == ""
    assert "cannot be read" in echelon("lint", str(tmp_path / "missing.yaml"), check=2).err


def test_only_the_server_knows_policies(space: Space, echelon: Echelon) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    space.api.patch(f"/api/v1/namespaces/{space.name}", {"metadata": {"labels": labels}})
    assert not errors(findings(echelon, job()))
    found = findings(echelon, job(), flags=("--server",))
    assert errors(found) == ["spec.template"]
    assert "PodSecurity" in found[-1]["message"] or "PodSecurity" in found[0]["message"]


def test_the_server_names_the_field_of_the_template(space: Space, echelon: Echelon) -> None:
    assert space
    bad = job(steering={"behaviour": "crash"})
    bad["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = "Sometimes"
    found = findings(echelon, bad, flags=("--server",))
    assert errors(found) == ["spec.template.spec.containers[0].imagePullPolicy"]
    text = yaml.safe_dump(bad, sort_keys=False).splitlines()
    (error,) = [each for each in found if each["severity"] == "error"]
    assert "imagePullPolicy" in text[error["line"] - 1]


def test_the_server_is_the_judge_of_fields_of_pods(space: Space, echelon: Echelon) -> None:
    assert space
    bad = job(steering={"behaviour": "crash"})
    container = bad["spec"]["template"]["spec"]["containers"][0]
    container |= {"newerField": 1, "imagePullPolicies": "Always"}
    said = {each["field"].rpartition(".")[2]: each for each in findings(echelon, bad)}
    assert said["newerField"]["severity"] == said["imagePullPolicies"]["severity"] == "warning"
    found = findings(echelon, bad, flags=("--server",))
    path = "spec.template.spec.containers[0]"
    assert {f"{path}.newerField", f"{path}.imagePullPolicies"} == {*errors(found)}
    words = {each["field"]: each["message"] for each in found}
    assert words[f"{path}.newerField"] == "unknown field"
    assert words[f"{path}.imagePullPolicies"] == "unknown field; did you mean imagePullPolicy?"


def test_the_server_tries_the_jobs_of_gates(space: Space, echelon: Echelon) -> None:
    assert space
    container: Any = {"name": "test", "image": "test:1", "imagePullPolicy": "Sometimes"}
    pod = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    gate = {"name": "smoke", "job": {"template": {"spec": {"template": pod}}}}
    found = findings(echelon, job(update={"gates": [gate]}), flags=("--server",))
    (field,) = errors(found)
    path = "spec.update.gates[0].job.template.spec.template.spec.containers[0].imagePullPolicy"
    assert field == path


def test_a_change_that_is_not_allowed(space: Space, echelon: Echelon) -> None:
    space.made(job())
    space.create(update("web-1", dryRun=True))
    assert not errors(findings(echelon, update("web-1", job="other")))
    found = findings(echelon, update("web-1", job="other"), flags=("--server",))
    assert errors(found) == ["spec.job"]
    assert "cannot be changed" in found[0]["message"]


def test_a_namespace_that_does_not_exist(space: Space, echelon: Echelon) -> None:
    assert space
    obj = job()
    obj["metadata"]["namespace"] = "nowhere"
    (wrong,) = [f for f in findings(echelon, obj, flags=("--server",)) if f["severity"] == "error"]
    assert wrong["field"] == "metadata.namespace"
    assert "does not exist" in wrong["message"]


def test_who_may_not_create_pods_is_told_so(space: Space) -> None:
    user = "lint-reader"
    config = space.cluster.client_kubeconfig(user)
    role = f"lint-{space.name}"
    space.kubectl(
        "create", "role", role, "--verb=get,create,patch", "--resource=echelonjobs.echelon.dev"
    )
    space.kubectl("create", "rolebinding", role, f"--role={role}", f"--user={user}")
    reader = Echelon(config, space.name)
    done = space.until("the role", lambda: _allowed(reader))
    assert "not tried: you may not create pods" in done.err


def _allowed(reader: Echelon) -> Result | None:
    done = linted(reader, job(), flags=("--server",))
    return done if done.code == 0 else None
