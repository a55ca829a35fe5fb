"""Health gates: checks that must pass before an update goes on.

A gate names exactly one provider, which answers the check. The schema has no defaults here, because
gates are list items; the descriptions say what an absent field means.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from controller.api.meta import MAX_INT32, SpecModel

Seconds = Annotated[int, Field(ge=0, le=MAX_INT32)]
PROVIDERS: Final = ("prometheus", "http", "job", "webhook", "builtin")
#: Maximum seconds for asking a gate once, however long its interval is.
LONGEST_ASK: Final = 10.0

AtLeastOne = Annotated[int, Field(ge=1, le=MAX_INT32)]
Url = Annotated[str, Field(min_length=1, max_length=2048)]


class Scope(StrEnum):
    """When a gate is asked."""

    BATCH = "Batch"
    CONTINUOUS = "Continuous"
    FINAL = "Final"


class OnInconclusive(StrEnum):
    """What an update does when a gate gives no verdict."""

    PAUSE = "Pause"
    FAIL = "Fail"
    PASS = "Pass"


class MinSamples(SpecModel):
    """How many samples there must be before the result of a query counts."""

    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=8192,
            description="Instant PromQL query whose result is the number of samples.",
        ),
    ]
    at_least: Annotated[
        float,
        Field(
            ge=0,
            description="Number of samples that is needed; with fewer the gate is inconclusive.",
        ),
    ]


class PrometheusProvider(SpecModel):
    """Asks a Prometheus server."""

    address: Annotated[
        Url, Field(description="URL of the Prometheus server, such as http://prometheus:9090.")
    ]
    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=8192,
            description="Instant PromQL query. Placeholders in it are replaced: "
            "{{echelon.revision}} (name of the revision), {{echelon.digest}} (value of the label "
            "echelon.dev/revision), {{echelon.job}}, {{echelon.namespace}}, {{echelon.updated}} "
            "and {{echelon.baseline}} (regular expressions for the names of the pods of updated "
            "and of not yet updated instances). If the result is a vector, every sample must "
            "pass; an empty result or NaN is inconclusive.",
        ),
    ]
    condition: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1024,
            description="CEL expression that is true when the gate passes. It uses either `result`"
            ", as in `result < 0.01`, or `updated` and `baseline`, as in `updated < baseline * 1.5 "
            "+ 0.01`. With `updated` and `baseline`, the query must contain {{echelon.updated}} "
            "and is sent twice: for the updated instances and for those that are not updated yet.",
        ),
    ]
    min_samples: Annotated[
        MinSamples | None,
        Field(
            description="Number of samples that is needed for the result to count. Absent: any "
            "result counts."
        ),
    ] = None


class HttpProvider(SpecModel):
    """Sends GET requests to an HTTP server."""

    url: Annotated[
        Url,
        Field(
            description="URL to which a GET request is sent. If it contains {{echelon.podIP}}, one "
            "request is sent to each updated instance, and all must pass."
        ),
    ]
    expect_status: Annotated[
        tuple[Annotated[int, Field(ge=100, le=599)], ...] | None,
        Field(max_length=50, description="HTTP status codes that pass. Absent: 200."),
    ] = None


class JobProvider(SpecModel):
    """Runs a batch/v1 Job, which must complete."""

    template: Annotated[
        dict[str, Any],
        Field(
            description="JobTemplateSpec of the batch/v1 Job to run. The gate passes when that Job "
            "completes and fails when it fails.",
            json_schema_extra={"x-kubernetes-preserve-unknown-fields": True},
        ),
    ]


class WebhookProvider(SpecModel):
    """Sends POST requests to a service of the user, which answers with a verdict."""

    url: Annotated[
        Url,
        Field(
            description="URL to which a POST request is sent. It must answer with status 200 and "
            'the body `{"verdict": "Pass" | "Fail" | "Wait", "message": ""}`.'
        ),
    ]
    headers_from: Annotated[
        str | None,
        Field(
            max_length=253,
            description="Name of a Secret in the Job's namespace. Each of its keys is sent as a "
            "header of the request. Absent: no additional headers.",
        ),
    ] = None
    body: Annotated[
        str | None,
        Field(
            max_length=8192,
            description="Body of the request. Absent: a JSON object with the Job, the namespace, "
            "the Update, the revision and the group.",
        ),
    ] = None


class BuiltinProvider(SpecModel):
    """Compares interruptions of updated instances with those of instances not updated yet."""


class Gate(SpecModel):
    """One health gate. Exactly one of prometheus, http, job, webhook, builtin must be given."""

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
            description="When the gate is asked. `Batch`: after each group, before the next group "
            "starts. `Continuous`: all the time while the Update moves. `Final`: once, after the "
            "last group. Absent: Batch."
        ),
    ] = Scope.BATCH
    initial_delay_seconds: Annotated[
        Seconds, Field(description="Seconds to wait before the gate is first asked. Absent: 0.")
    ] = 0
    interval_seconds: Annotated[
        AtLeastOne, Field(description="Seconds between two requests to the provider. Absent: 10.")
    ] = 10
    successes: Annotated[
        AtLeastOne,
        Field(description="Number of passes in a row after which the gate passes. Absent: 1."),
    ] = 1
    failures: Annotated[
        AtLeastOne,
        Field(description="Number of failures in a row after which the gate fails. Absent: 1."),
    ] = 1
    timeout_seconds: Annotated[
        AtLeastOne,
        Field(
            description="Seconds after the first request at which a gate without a verdict is "
            "inconclusive. Absent: 300."
        ),
    ] = 300
    on_inconclusive: Annotated[
        OnInconclusive,
        Field(
            description="What the Update does when the gate is inconclusive. `Pause`: it pauses "
            "until its `resumeToken` is changed. `Fail`: it fails. `Pass`: it goes on. Absent: "
            "Pause."
        ),
    ] = OnInconclusive.PAUSE
    dry_run: Annotated[
        bool,
        Field(
            description="true: the gate is asked and its answers are recorded, but its verdict has "
            "no effect. Absent: false."
        ),
    ] = False
    prometheus: Annotated[
        PrometheusProvider | None,
        Field(description="Provider that sends a query to a Prometheus server."),
    ] = None
    http: Annotated[
        HttpProvider | None, Field(description="Provider that sends GET requests to a URL.")
    ] = None
    job: Annotated[
        JobProvider | None,
        Field(description="Provider that runs a batch/v1 Job, which must complete."),
    ] = None
    webhook: Annotated[
        WebhookProvider | None,
        Field(
            description="Provider that sends a POST request to your service, which answers with a "
            "verdict."
        ),
    ] = None
    builtin: Annotated[
        BuiltinProvider | None,
        Field(
            description="Provider that compares the interruptions (container restarts and lost "
            "readiness) of the updated instances with those of the instances that are not updated "
            "yet. It has no settings: `builtin: {}`."
        ),
    ] = None

    @property
    def provider(self) -> str:
        """Name of the field that holds the provider; "" if none does, which the schema refuses."""
        return next((name for name in PROVIDERS if getattr(self, name) is not None), "")

    @property
    def ask_timeout(self) -> float:
        """Seconds that asking this gate once may take."""
        return min(float(self.interval_seconds), LONGEST_ASK)
