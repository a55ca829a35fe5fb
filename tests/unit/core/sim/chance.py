"""What may come to pass in a test that plays at random: policies, Updates by hand, verbs, nodes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from controller.core.verdicts.answer import Verdict
from tests.unit.core.sim.kubelet import Behaviour

IDS = st.integers(0, 6)
IMAGES = st.sampled_from(["app:1", "app:2", "app:3", "app:4"])
CPUS = st.sampled_from([None, None, "1", "2"])
NOTES = st.sampled_from([None, None, None, "a", "b"])
FROZEN = st.sampled_from([None, None, "", "0", "1-2", "0,3-4", "0-6", "x"])
SIZES = st.sampled_from([1, 2, 3, "30%", "100%"])
#: After which groups an Update pauses. ``seconds``: how long; absent: until it gets a token.
_PAUSES = st.lists(
    st.fixed_dictionaries(
        {"after": st.sampled_from([1, 1, 2, 3])},
        optional={"seconds": st.sampled_from([1, 5, 40])},
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda pause: pause["after"],
)
STOPS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.just({"autoPause": True}),
    _PAUSES.map(lambda pauses: {"pauses": pauses}),
    _PAUSES.map(lambda pauses: {"pauses": pauses}),
)
STRATEGIES = st.one_of(
    st.builds(lambda n: {"type": "Queue", "size": n}, SIZES),
    st.builds(lambda n, stops: {"type": "Batch", "size": n, **stops}, SIZES, STOPS),
    st.builds(
        lambda n, stops: {"type": "VariableBatch", "sizes": n, **stops},
        st.lists(SIZES, min_size=1, max_size=3),
        STOPS,
    ),
)
#: Of a Job that is created and scaled.
ORDERINGS = st.sampled_from([None, None, "Parallel", "Ordered", "Ordered"])
_SPEC = {"accessModes": ["ReadWriteMany"]}
_TEMPLATES = [{"metadata": {"name": name}, "spec": _SPEC} for name in ("data", "logs")]
_KEPT = st.sampled_from([None, "Retain", "Delete", "Delete"])
#: Claims of a Job, as fields of its spec.
CLAIMS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.builds(
        lambda count, scaled, deleted: {
            "volumeClaimTemplates": _TEMPLATES[:count],
            "persistentVolumeClaimRetentionPolicy": {"whenScaled": scaled, "whenDeleted": deleted},
        },
        st.integers(0, 2),
        _KEPT,
        _KEPT,
    ),
)
CLAIM_HARMS = st.sampled_from(["delete", "delete", "unbind", "bind", "control"])
_GATE: dict[str, Any] = {"http": {"url": "http://gate"}, "intervalSeconds": 3, "timeoutSeconds": 20}
#: Called after what they are asked by: `SAYING`.
GATES = st.sampled_from(
    [
        [],
        [],
        [{"name": "group", **_GATE}],
        [{"name": "all", "scope": "Continuous", "failures": 2, **_GATE}],
        [
            {"name": "group", "successes": 2, **_GATE},
            {"name": "end", "scope": "Final", "onInconclusive": "Pass", **_GATE},
            {"name": "dry", "dryRun": True, **_GATE},
        ],
    ]
)
SAYING = st.fixed_dictionaries(
    {name: st.sampled_from(list(Verdict)) for name in ("group", "all", "end", "dry")}
)
#: What a policy and its override in an Update have in common.
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "strategy": STRATEGIES,
    "replacement": st.sampled_from(["Recreate", "InPlace", "Surge"]),
    "maxFailuresPerInstance": st.integers(0, 2),
    "maxFailedInstances": st.sampled_from([0, 0, 1, "50%"]),
    "rollbackOnFailure": st.sampled_from([True, True, True, False]),
    "maxUnavailable": st.sampled_from([None, None, 1, 2, "50%"]),
    "readyTimeoutSeconds": st.sampled_from([60, 60, 60, 15, 0]),
    "terminationTimeoutSeconds": st.sampled_from([0, 0, 10]),
    "watchAfterSeconds": st.sampled_from([0, 0, 0, 5, 30]),
    "pulseIntervalSeconds": st.sampled_from([None, None, None, 4, 30]),
    "gates": GATES,
}
#: What a Maintenance asks for, where the Job does not.
SLAS = st.sampled_from(
    [None, None, {"minAvailable": 0}, {"minAvailable": "50%", "durationSeconds": 10}]
)
MODES = st.sampled_from(["Automatic", "Automatic", "Manual"])
POLICIES = st.fixed_dictionaries({**FIELDS, "mode": MODES})
TOKENS = st.sampled_from([{"retryToken": "a"}, {"retryToken": "b"}, {"retryToken": None}])
EDITS = st.one_of(
    POLICIES,
    TOKENS,
    st.builds(lambda mode: {"mode": mode}, MODES),
    st.builds(lambda how: {"replacement": how}, FIELDS["replacement"]),
)

#: ``revision`` is a number here: which of the revisions that are kept; -1: one that is not.
UPDATES = st.fixed_dictionaries(
    {
        "instances": st.sampled_from([None, None, None, "0", "1-2", "0,3-4", "2-6", "x", "9"]),
        "revision": st.sampled_from([None, None, 0, 1, 2, -1]),
        "restart": st.sampled_from([False, False, True]),
        "force": st.booleans(),
        "paused": st.sampled_from([False, False, False, True]),
        "dry_run": st.sampled_from([False, False, False, False, True]),
        "parent": st.sampled_from([None, None, None, "current", "other"]),
    },
)
PATCHES = st.one_of(
    st.none(),
    st.none(),
    st.fixed_dictionaries({}, optional=FIELDS),
)
NAMES = st.sampled_from(["mine", "yours", "canary", "web-g3", "web-g4", "web-g6"])
#: ``resume`` and ``say`` are numbers that make a token or a message new.
VERBS = st.sampled_from(
    ["pause", "pause", "go on", "go on", "resume", "resume", "Rollback", "Rollback", "Abort", "say"]
)

BEHAVIOURS = st.sampled_from(
    [
        Behaviour(),
        Behaviour(ready=0.0, stop=0.0, enact=0.0),
        Behaviour(ready=None),
        Behaviour(crash=1.0),
        Behaviour(crash=2.0, crashes=99),
        Behaviour(ready=None, end=1.0),
        Behaviour(end=6.0),
        Behaviour(ready=None, end=0.5, ran=False),
        Behaviour(stop=90.0),
        Behaviour(stop=None),
        Behaviour(ready=25.0),
        Behaviour(enact=20.0),
        Behaviour(enact=None),
        Behaviour(infeasible=True),
    ]
)
HARMS = st.sampled_from(
    ["kill", "kill", "vanish", "labels", "owner", "crash", "flap", "end", "disrupt", "retouch"]
)
KINDS = st.sampled_from(["job", "update", "revision", "pod", "claim"])
