"""kustomize, as it is in kubectl, changes a Job like a Deployment with the same template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.integrations import ROOT, kustomize
from tests.gitops.kustomization import Folder, Object, built

EXAMPLES = sorted(
    path
    for path in (ROOT / "examples").rglob("*.yaml")
    if "kind: EchelonJob\nmetadata" in path.read_text() and "patches:" not in path.read_text()
)
GATE_JOB = {
    "template": {
        "spec": {
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [
                        {"name": "smoke", "image": "smoke:1", "env": [{"name": "A", "value": "1"}]}
                    ],
                }
            }
        }
    }
}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def job_of(path: Path) -> Object:
    found = yaml.safe_load_all(path.read_text())
    return next(each for each in found if each and each["kind"] == "EchelonJob")


def as_deployment(job: Object) -> Object:
    """A Deployment with the name, the count and the template of a Job."""
    spec = job["spec"]
    labels = spec["template"].get("metadata", {}).get("labels", {})
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": job["metadata"],
        "spec": {
            "selector": {"matchLabels": labels or {"app": "app"}},
            "replicas": spec.get("instances", 1),
            "template": spec["template"],
        },
    }


def patches(job: Object) -> dict[str, Object]:
    """A patch of one field each, of the first container of a template."""
    name = job["spec"]["template"]["spec"]["containers"][0]["name"]

    def container(**fields: Any) -> Object:
        return {"spec": {"containers": [{"name": name, **fields}]}}

    return {
        "one limit": container(resources={"limits": {"memory": "256Mi"}}),
        "one variable": container(env=[{"name": "LOG_LEVEL", "value": "true"}]),
        "a variable less": container(env=[{"name": "LOG_LEVEL", "$patch": "delete"}]),
        "one probe": container(readinessProbe={"periodSeconds": 7}),
        "one port": container(ports=[{"containerPort": 9090, "name": "metrics"}]),
        "one mount": container(volumeMounts=[{"mountPath": "/scratch", "name": "scratch"}]),
        "one volume": {"spec": {"volumes": [{"name": "scratch", "emptyDir": {}}]}},
        "a sidecar": {"spec": {"containers": [{"name": "side", "image": "side:1"}]}},
        "a toleration": {"spec": {"tolerations": [{"key": "a", "operator": "Exists"}]}},
        "one label": {"metadata": {"labels": {"track": "canary"}}},
        "all containers": {
            "spec": {"containers": [{"name": "only", "image": "only:1"}, {"$patch": "replace"}]}
        },
    }


def patched(folder: Folder, obj: Object, *, component: bool) -> dict[str, Object]:
    """The templates that each patch of `patches` makes of the Job, or of its like."""
    changes = patches(obj)
    names = {what: f"p{number}" for number, what in enumerate(changes)}
    copies = [obj | {"metadata": {"name": names[what]}} for what in changes]
    wish = [
        copy | {"spec": {"template": changes[what]}}
        for what, copy in zip(changes, copies, strict=True)
    ]
    made = folder.build(
        copies, component=component, patches=[{"patch": json.dumps(each)} for each in wish]
    )
    found = {each["metadata"]["name"]: each["spec"]["template"] for each in made}
    return {what: found[names[what]] for what in changes}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_patch_of_one_field_merges_as_in_a_deployment(folder: Folder, path: Path) -> None:
    job = job_of(path)
    found = patched(folder, job, component=True)
    assert found == patched(folder, as_deployment(job), component=False)
    same = {what for what, template in found.items() if template == job["spec"]["template"]}
    assert same <= {"a variable less"}
    for what in ("one limit", "one probe", "one port"):
        assert found[what]["spec"]["containers"][0]["image"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_images_labels_annotations_and_replicas_are_those_of_a_deployment(
    folder: Folder, path: Path
) -> None:
    job = job_of(path)
    image = job["spec"]["template"]["spec"]["containers"][0]["image"].partition(":")[0]
    change = {
        "images": [{"name": image, "newName": "registry.example/it", "newTag": "9"}],
        "replicas": [{"name": job["metadata"]["name"], "count": 5}],
        "labels": [{"pairs": {"team": "shop"}, "includeTemplates": True}],
        "commonAnnotations": {"owner": "shop"},
        "namePrefix": "my-",
    }
    (made,) = folder.build([job], **change)
    (other,) = folder.build([as_deployment(job)], component=False, **change)
    assert made["spec"]["instances"] == other["spec"]["replicas"] == 5
    assert made["spec"]["template"] == other["spec"]["template"]
    assert made["metadata"] == other["metadata"]
    assert made["spec"]["template"]["metadata"]["labels"]["team"] == "shop"
    assert "registry.example/it:9" in str(made["spec"]["template"])


def test_labels_of_selectors_reach_the_template(folder: Folder) -> None:
    job = job_of(ROOT / "examples" / "webserver.yaml")
    job["spec"]["template"]["spec"]["topologySpreadConstraints"] = [
        {"maxSkew": 1, "labelSelector": {"matchLabels": {"app": "web"}}}
    ]
    (made,) = folder.build([job], labels=[{"pairs": {"team": "a"}, "includeSelectors": True}])
    template = made["spec"]["template"]
    assert template["metadata"]["labels"] == {"app": "web", "team": "a"}
    (spread,) = template["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == {"app": "web", "team": "a"}
    assert "selector" not in made["spec"]


def test_a_gate_is_patched_by_its_name_and_so_is_the_job_that_it_runs(folder: Folder) -> None:
    job = job_of(ROOT / "examples" / "webserver.yaml")
    job["spec"]["update"]["gates"] = [
        {"name": "up", "http": {"url": "http://up"}},
        {"name": "smoke", "job": GATE_JOB},
    ]
    variable = [{"name": "smoke", "env": [{"name": "B", "value": "2"}]}]
    inner = {"template": {"spec": {"template": {"spec": {"containers": variable}}}}}
    patch = {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "EchelonJob",
        "metadata": {"name": "web"},
        "spec": {"update": {"gates": [{"name": "smoke", "timeoutSeconds": 60, "job": inner}]}},
    }
    images = [{"name": "smoke", "newTag": "2"}]
    (made,) = folder.build([job], patches=[{"patch": json.dumps(patch)}], images=images)
    gates = {each["name"]: each for each in made["spec"]["update"]["gates"]}
    assert gates["up"] == {"name": "up", "http": {"url": "http://up"}}
    assert gates["smoke"]["timeoutSeconds"] == 60
    (container,) = gates["smoke"]["job"]["template"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "smoke:2"
    assert {each["name"]: each["value"] for each in container["env"]} == {"A": "1", "B": "2"}


def test_names_of_other_objects_change_with_them(folder: Folder) -> None:
    job = job_of(ROOT / "examples" / "webserver.yaml")
    spec = job["spec"]["template"]["spec"]
    spec["serviceAccountName"] = "account"
    spec["containers"][0]["envFrom"] = [
        {"configMapRef": {"name": "settings"}},
        {"secretRef": {"name": "secret"}},
    ]
    spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "claim"}}]
    about = {"apiVersion": "echelon.dev/v1alpha1", "kind": "EchelonJob", "name": "web"}
    others = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "account"}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "claim"}},
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web"},
            "spec": {"scaleTargetRef": about, "maxReplicas": 9},
        },
        {
            "apiVersion": "echelon.dev/v1alpha1",
            "kind": "Update",
            "metadata": {"name": "canary"},
            "spec": {"job": "web", "instances": "0"},
        },
    ]
    made = folder.build(
        [job, *others],
        namePrefix="my-",
        configMapGenerator=[{"name": "settings", "literals": ["A=1"]}],
        secretGenerator=[{"name": "secret", "literals": ["A=1"]}],
    )
    by_kind = {each["kind"]: each for each in made}
    named = {kind: each["metadata"]["name"] for kind, each in by_kind.items()}
    spec = by_kind["EchelonJob"]["spec"]["template"]["spec"]
    assert spec["serviceAccountName"] == "my-account"
    assert spec["containers"][0]["envFrom"] == [
        {"configMapRef": {"name": named["ConfigMap"]}},
        {"secretRef": {"name": named["Secret"]}},
    ]
    assert named["ConfigMap"].startswith("my-settings-")
    assert spec["volumes"][0]["persistentVolumeClaim"]["claimName"] == "my-claim"
    assert by_kind["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "my-web"
    assert by_kind["Update"]["spec"]["job"] == "my-web"


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_what_stands_beside_a_job_is_patched_as_before(folder: Folder, kind: str) -> None:
    """A schema of one's own replaces the one that kustomize has built in."""
    job = job_of(ROOT / "examples" / "webserver.yaml")
    other = as_deployment(job) | {"kind": kind}
    assert patched(folder, other, component=True) == patched(folder, other, component=False)


def test_kinds_without_a_namespace_get_none(folder: Folder) -> None:
    job = job_of(ROOT / "examples" / "webserver.yaml")
    cluster_wide = [
        {"apiVersion": version, "kind": kind, "metadata": {"name": "it"}}
        for version, kind in (
            ("v1", "Namespace"),
            ("rbac.authorization.k8s.io/v1", "ClusterRole"),
            ("storage.k8s.io/v1", "StorageClass"),
            ("networking.k8s.io/v1", "IPAddress"),
            ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
        )
    ]
    made = folder.build([job, *cluster_wide], namespace="shop")
    having = {each["kind"] for each in made if "namespace" in each["metadata"]}
    assert having == {"EchelonJob"}


def test_an_overlay_needs_no_component_if_its_base_has_it(tmp_path: Path) -> None:
    base, overlay = tmp_path / "base", tmp_path / "overlay"
    base.mkdir()
    overlay.mkdir()
    Folder(base).build([job_of(ROOT / "examples" / "webserver.yaml")])
    patch = {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "EchelonJob",
        "metadata": {"name": "web"},
        "spec": {"template": patches(job_of(ROOT / "examples" / "webserver.yaml"))["one limit"]},
    }
    wish = {
        "resources": ["../base"],
        "patches": [{"patch": json.dumps(patch)}],
        "replicas": [{"name": "web", "count": 2}],
    }
    (overlay / "kustomization.yaml").write_text(json.dumps(wish))
    (made,) = built(overlay)
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "webserver:1.0"
    assert container["resources"]["requests"] == {"cpu": "50m", "memory": "64Mi"}
    assert container["resources"]["limits"] == {"memory": "256Mi"}
    assert made["spec"]["instances"] == 2


def test_without_the_component_a_patch_replaces_the_containers(folder: Folder) -> None:
    """Why the schema is needed."""
    job = job_of(ROOT / "examples" / "webserver.yaml")
    about = {k: job[k] for k in ("apiVersion", "kind")} | {"metadata": {"name": "web"}}
    patch = about | {"spec": {"template": patches(job)["one limit"]}}
    (made,) = folder.build([job], component=False, patches=[{"patch": json.dumps(patch)}])
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert "image" not in container


def test_the_schema_is_as_generated() -> None:
    assert kustomize.FILE.read_text() == kustomize.schema()
