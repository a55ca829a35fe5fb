"""Health gates: questions to the outside world that must be answered well before an update goes on.

A gate names exactly one provider: the thing that is asked. Absent fields mean what their
descriptions say; the schema gives no defaults here, for gates are list items.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from controller.api.meta import MAX_INT32, Model

Seconds = Annotated[int, Field(ge=0, le=MAX_INT32)]
PROVIDERS: Final = ("prometheus", "http", "job", "webhook", "builtin")

AtLeastOne = Annotated[int, Field(ge=1, le=MAX_INT32)]
Url = Annotated[str, Field(min_length=1, max_length=2048)]


class Scope(StrEnum):
    """When a gate is asked."""

    BATCH = "Batch"
    CONTINUOUS = "Continuous"
    FINAL = "Final"


class OnInconclusive(StrEnum):
    """What an update does with a gate that gave no verdict."""

    PAUSE = "Pause"
    FAIL = "Fail"
    PASS = "Pass"


class MinSamples(Model):
    """How much traffic there must be before a metric means anything."""

    query: Annotated[
        str,
        Field(min_length=1, max_length=8192, description="PromQL query that counts the samples."),
    ]
    at_least: Annotated[
        float,
        Field(ge=0, description="With fewer samples than this the gate is inconclusive."),
    ]


class PrometheusProvider(Model):
    """Asks a Prometheus server."""

    address: Annotated[
        Url, Field(description="URL of the Prometheus server, such as http://prometheus:9090.")
    ]
    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=8192,
            description="Instant PromQL query. {{echelon.revision}} (name of the revision), "
            "{{echelon.digest}} (its label), {{echelon.job}}, {{echelon.namespace}}, and "
            "{{echelon.updated}} and {{echelon.baseline}} (regular expressions of pod names) are "
            "replaced. Of a vector every sample must pass; an empty result or NaN is inconclusive.",
        ),
    ]
    condition: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1024,
            description="CEL expression that is true when the gate passes: over `result`, such as "
            "`result < 0.01`, or over `updated` and `baseline`, such as `updated < baseline * 1.5 "
            "+ 0.01`: then the query, which names {{echelon.updated}}, is asked once more with the "
            "instances that are not updated yet.",
        ),
    ]
    min_samples: Annotated[
        MinSamples | None,
        Field(description="How many samples there must be for the result to count."),
    ] = None


class HttpProvider(Model):
    """Asks an HTTP server, with GET."""

    url: Annotated[
        Url,
        Field(
            description="URL to get. With {{echelon.podIP}} in it, each updated instance is asked."
        ),
    ]
    expect_status: Annotated[
        tuple[Annotated[int, Field(ge=100, le=599)], ...] | None,
        Field(max_length=50, description="HTTP status codes that pass. Absent: 200."),
    ] = None


class JobProvider(Model):
    """Runs a batch/v1 Job, which must complete."""

    template: Annotated[
        dict[str, Any],
        Field(
            description="JobTemplateSpec of the batch/v1 Job to run.",
            json_schema_extra={"x-kubernetes-preserve-unknown-fields": True},
        ),
    ]


class WebhookProvider(Model):
    """Posts to a service of yours, which answers with a verdict."""

    url: Annotated[
        Url,
        Field(
            description="URL to POST to. It answers 200 with "
            '`{"verdict": "Pass" | "Fail" | "Wait", "message": ""}`.'
        ),
    ]
    headers_from: Annotated[
        str | None,
        Field(
            max_length=253,
            description="Name of a Secret in the Job's namespace; each of its keys is sent as a "
            "header.",
        ),
    ] = None
    body: Annotated[
        str | None,
        Field(
            max_length=8192,
            description="Body of the request. Absent: a JSON object with the job, the namespace, "
            "the update, the revision and the group.",
        ),
    ] = None


class BuiltinProvider(Model):
    """Compares container restarts and readiness flaps of updated with those of old instances."""


class Gate(Model):
    """One health gate. Exactly one of prometheus, http, job, webhook, builtin is given."""

    name: Annotated[
        str,
        Field(
            max_length=63,
            pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            description="Name of the gate, unique in the list; a DNS label.",
        ),
    ]
    scope: Annotated[
        Scope,
        Field(
            description="When the gate is asked: `Batch` after each group, `Continuous` all the "
            "time while the update moves, `Final` once at the end. Absent: Batch."
        ),
    ] = Scope.BATCH
    initial_delay_seconds: Annotated[
        Seconds, Field(description="Seconds to wait before the gate is first asked. Absent: 0.")
    ] = 0
    interval_seconds: Annotated[
        AtLeastOne, Field(description="Seconds between one asking and the next. Absent: 10.")
    ] = 10
    successes: Annotated[
        AtLeastOne, Field(description="Passes in a row that the gate needs. Absent: 1.")
    ] = 1
    failures: Annotated[
        AtLeastOne, Field(description="Failures in a row that fail the gate. Absent: 1.")
    ] = 1
    timeout_seconds: Annotated[
        AtLeastOne,
        Field(
            description="Seconds after which a gate without a verdict is inconclusive. Absent: 300."
        ),
    ] = 300
    on_inconclusive: Annotated[
        OnInconclusive,
        Field(
            description="What an inconclusive gate does to the update: `Pause` it, `Fail` it or "
            "let it `Pass`. Absent: Pause."
        ),
    ] = OnInconclusive.PAUSE
    dry_run: Annotated[
        bool, Field(description="Ask and record, but decide nothing. Absent: false.")
    ] = False
    prometheus: Annotated[
        PrometheusProvider | None, Field(description="Ask a Prometheus server.")
    ] = None
    http: Annotated[HttpProvider | None, Field(description="Ask an HTTP server.")] = None
    job: Annotated[
        JobProvider | None, Field(description="Run a batch/v1 Job, which must complete.")
    ] = None
    webhook: Annotated[
        WebhookProvider | None, Field(description="Ask a service of yours for a verdict.")
    ] = None
    builtin: Annotated[
        BuiltinProvider | None,
        Field(
            description="Compare restarts and readiness flaps of the updated instances with "
            "those of the others. Takes no settings: `builtin: {}`."
        ),
    ] = None

    @property
    def provider(self) -> str:
        """The name of the one that it asks; "" for none, which the schema forbids."""
        return next((name for name in PROVIDERS if getattr(self, name) is not None), "")
