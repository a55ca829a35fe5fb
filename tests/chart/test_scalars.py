"""Names that YAML would read as numbers or booleans stay strings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml

from hack.devcluster.cluster import Cluster
from tests.chart.helm import nested, one, render, template
from tests.chart.release import Release

#: Scalars that some parser of YAML 1.1 or 1.2 does not read as a string.
NO_TEXT: Final = re.compile(
    r"""
    | ~ | null | true | false | yes | no | on | off | y | n
    | [-+]? (\d[\d_]* (\.[\d_]*)? | \.\d+) (e[-+]?\d+)?
    | [-+]? 0[xob][\da-f_]+ | [-+]? \.inf | \.nan
    | \d+(:\d+)+ | \d{4}-\d\d?-\d\d?.*
    """,
    re.VERBOSE | re.IGNORECASE,
)
#: Fields whose value is a string, and maps and lists of strings.
TEXTS: Final = {
    "name", "namespace", "serviceAccountName", "priorityClassName", "runtimeClassName", "image",
    "interval", "scrapeTimeout", "labels", "annotations", "matchLabels", "nodeSelector",
    "matchNames", "resourceNames", "args", "policyName", "values", "expression", "hosts", "host",
    "ingressClassName", "secretName",
}  # fmt: skip
ODD: Final = nested(
    {
        "nameOverride": "1e3",
        "commonLabels": {"a": "true"},
        "watchNamespaces": ["123", "null", "0x1f"],
        "crds.annotations": {"a": "1"},
        "leaderElection.leaseName": "1.5",
        "leaderElection.leaseNamespace": "5",
        "serviceAccount.name": "1e5",
        "serviceAccount.labels": {"a": "on"},
        "serviceAccount.annotations": {"a": "off"},
        "nodeSelector": {"a": "true"},
        "priorityClassName": "1",
        "runtimeClassName": "true",
        "deploymentAnnotations": {"a": "1"},
        "podAnnotations": {"a": "1"},
        "podLabels": {"a": "1"},
        "metrics.service.labels": {"a": "1"},
        "metrics.service.annotations": {"a": "1"},
        "metrics.serviceMonitor.enabled": True,
        "metrics.serviceMonitor.namespace": "7",
        "metrics.serviceMonitor.interval": "15s",
        "metrics.serviceMonitor.labels": {"a": "1"},
        "networkPolicy.enabled": True,
        "podDisruptionBudget.enabled": True,
        "mutatingAdmissionPolicy.enabled": True,
        "page.enabled": True,
        "page.urls": ["https://1e3"],
        "page.place": "1e3",
        "page.proxy.from": ["10.0.0.1"],
        "page.tls.secretName": "1e3",
        "page.serviceAccount.name": "1e5",
        "page.serviceAccount.annotations": {"a": "1"},
        "page.service.annotations": {"a": "1"},
        "page.service.labels": {"a": "1"},
        "page.ingress.enabled": True,
        "page.ingress.className": "1",
        "page.ingress.tlsSecretName": "true",
        "page.ingress.annotations": {"a": "1"},
        "page.podAnnotations": {"a": "1"},
        "page.podLabels": {"a": "1"},
    }
)


def suspects(node: yaml.Node, text: bool = False) -> Iterator[str]:
    """Unquoted scalars of string fields that some YAML parser does not read as a string. The check
    uses the text, because PyYAML is only one of the parsers."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            # A key `name` may have other values: in a schema it is a property.
            yield from suspects(value, text or key.value in TEXTS)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from suspects(item, text)
    elif (
        text
        and isinstance(node, yaml.ScalarNode)
        and not node.style
        and NO_TEXT.fullmatch(node.value)
    ):
        yield f"{node.value} in line {node.start_mark.line + 1}"


def found(rendered: str) -> list[str]:
    documents = yaml.compose_all(rendered, Loader=yaml.SafeLoader)
    return [
        each
        for document in documents
        if document and "kind: CustomResourceDefinition" not in yaml.serialize(document)
        for each in suspects(document)
    ]


@pytest.mark.parametrize(
    "values",
    [{}, ODD, {"fullnameOverride": "true"}, {"fullnameOverride": "1e3", "namespaceOverride": "0"}],
)
@pytest.mark.parametrize("release", ["2024", "1e3", "true"])
def test_names_are_text(release: str, values: dict[str, Any]) -> None:
    rendered = template(values, release=release, namespace="123")
    assert found(rendered) == []
    for each in yaml.safe_load_all(rendered):
        if each:
            texts(each["metadata"])
            for subject in each.get("subjects", ()):
                texts(subject)


def texts(part: dict[str, Any]) -> None:
    for value in part.values():
        assert isinstance(value, str) or all(isinstance(inner, str) for inner in value.values())


def test_a_definitions_own_labels_are_text() -> None:
    for each in render(ODD, release="2024"):
        if each["kind"] == "CustomResourceDefinition":
            texts(each["metadata"])
    name = "metadata:\n  name: echelonjobs.echelon.dev\n"
    _, head, rest = template(ODD, release="2024").partition(name)
    assert head
    assert found(head + rest.partition("spec:")[0]) == []


@pytest.mark.parametrize("word", ["1e3", "0x1F", "yes", "2024", "1_000", "", "12:30", "2024-01-01"])
def test_what_is_no_text_is_found(word: str) -> None:
    assert found(f"metadata: {{name: {word}}}") != []
    assert found(f'metadata: {{name: "{word}"}}') == []


@pytest.mark.parametrize("release", ["2024", "my.release"])
def test_the_service_is_called_as_services_can_be(release: str) -> None:
    for values in ({}, {"nameOverride": 7 * "very-long-" + "name"}):
        name = one(render(values, release=release), "Service")["metadata"]["name"]
        assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", name)


def test_a_release_called_like_a_number_is_installed(cluster: Cluster, installed: Release) -> None:
    assert installed.name == "echelon", "the definitions are rendered"
    release = Release(cluster, "2024", "123", {"crds.install": False})
    release.install("--create-namespace")
    release.upgrade(logging__level="debug")
    assert "deployment/2024-echelon" in release.helm("get", "notes", release.name)
    release.uninstall()
