"""Makes the informers that fill a store: they differ only in what they follow."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from controller.kube.client import Client
from controller.kube.codec import Codec, T
from controller.kube.informer import Informer
from controller.resource import Resource


@dataclass(frozen=True)
class Following:
    """If ``namespaces`` is empty, all namespaces are watched. ``clock`` returns monotonic
    seconds."""

    client: Client
    namespaces: Sequence[str] = ()
    clock: Callable[[], float] = time.monotonic

    def of(
        self,
        resource: Resource,
        codec: Codec[T],
        put: Callable[[T], None],
        drop: Callable[[str, str], None],
        held: Callable[[str | None], Mapping[str, str]],
        label: str | None = None,
        fields: str | None = None,
    ) -> Informer[T]:
        """The informer of a kind. ``label``, ``fields``: the selectors, None for all objects."""
        return Informer(
            self.client,
            resource,
            codec=codec,
            on_put=put,
            on_delete=drop,
            held=held,
            namespaces=self.namespaces,
            label_selector=label,
            field_selector=fields,
            confirm=True,
            clock=self.clock,
        )
