"""The tools, as Go programs with their libraries: each is started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hack.integrations.argocd import SNIPPET, ArgoCD
from hack.integrations.reader import Reader


@pytest.fixture(scope="package")
def argocd() -> Iterator[ArgoCD]:
    """Argo CD with the snippet that users merge into its ConfigMap."""
    made = ArgoCD(SNIPPET.read_text(encoding="utf-8"))
    yield made
    made.close()


@pytest.fixture(scope="package")
def kstatus() -> Iterator[Reader]:
    """kstatus, which answers ``{status, message}``."""
    with Reader("kstatus") as made:
        yield made
