"""All labels, annotations and names that Echelon puts on objects."""

from typing import Final

GROUP: Final = "echelon.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

# On pods, ControllerRevisions and Updates alike.
JOB: Final = "echelon.dev/job"
INSTANCE: Final = "echelon.dev/instance"
#: As a label: the digest of the revision. As an annotation: the name of the ControllerRevision.
REVISION: Final = "echelon.dev/revision"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
MANAGER: Final = "echelon"

# Annotations of pods.
UPDATE: Final = "echelon.dev/update"
FAILURES: Final = "echelon.dev/failures"
RESTART_BASE: Final = "echelon.dev/restart-base"
#: The requests and limits of the operator's last resize, and the marks that the pod had before. As
#: long as the resize has not been carried out, the pod is at the revision before it.
RESIZING: Final = "echelon.dev/resizing"
#: The images before a change in place, of the containers that the change restarts:
#: ``{name: image}``.
CHANGED_FROM: Final = "echelon.dev/changed-from"
#: The pod's generation after the operator's last resize, written before it. A higher generation
#: means that someone else has changed the pod since.
RESIZED: Final = "echelon.dev/resized"
#: How often in a row the pod of this instance has ended and was created again. The back-off is
#: computed from this number.
REMADE: Final = "echelon.dev/remade"

#: The cluster-autoscaler reads this annotation. Without it, it never removes a node that runs a pod
#: whose controller is of a kind it does not know.
SAFE_TO_EVICT: Final = "cluster-autoscaler.kubernetes.io/safe-to-evict"

# Annotations by which a Maintenance marks what it works on; the value is ``<name>/<uid>``.
#: On pods: the pod's Job is to move this instance to another node.
MOVE: Final = "echelon.dev/move"
#: On pods: from when on the instance is moved whatever agreements and budgets say (RFC 3339).
MOVE_DEADLINE: Final = "echelon.dev/move-deadline"
#: On pods: the Maintenance's `spec.sla` as JSON, which holds for a Job that has none.
MOVE_SLA: Final = "echelon.dev/move-sla"
#: On a pod that the Job's operator creates beside a marked one: the uid of that one.
MOVED_FROM: Final = "echelon.dev/moved-from"
MOVES: Final = (MOVE, MOVE_DEADLINE, MOVE_SLA, MOVED_FROM)
#: On nodes, as an annotation: whose turn the node is in. As the key of a taint: which Maintenance
#: names the node; the value is its name.
MAINTENANCE: Final = "echelon.dev/maintenance"
#: On nodes: when the turn began (RFC 3339).
MAINTENANCE_SINCE: Final = "echelon.dev/maintenance-since"
#: On nodes: "true" if somebody else had cordoned the node before its turn; it stays cordoned.
CORDONED_BEFORE: Final = "echelon.dev/cordoned-before-maintenance"

# Annotations of ControllerRevisions; SOURCE is one of Jobs, too, from which it is copied.
#: The Job's ``currentRevision`` when the revision was made or used again.
PARENT: Final = "echelon.dev/parent"
#: What the template was built from, such as a commit.
SOURCE: Final = "echelon.dev/source"
#: The field manager that wrote the template.
MADE_BY: Final = "echelon.dev/made-by"

# Annotations of Jobs.
#: A changed template waits until this revision is the Job's ``currentRevision``.
EXPECTED_PARENT: Final = "echelon.dev/expected-parent"
#: The token of the safety stop that a person ends with it.
SAFETY_RELEASE: Final = "echelon.dev/safety-release"

# Annotations of Updates.
ADMITTED: Final = "echelon.dev/admitted"
PULSED_AT: Final = "echelon.dev/pulsed-at"
#: Who changed the spec last. The chart's MutatingAdmissionPolicy sets it, if that is enabled.
CHANGED_BY: Final = "echelon.dev/changed-by"
#: Who paused the superseded Update from which this operator-made Update took over the pause.
PAUSED_BY: Final = "echelon.dev/paused-by"
#: The name under which the API server records the fields that the operator writes.
FIELD_MANAGER: Final = "echelon-controller"

# Labels of the batch/v1 Jobs that gates run, in addition to JOB and UPDATE; GROUP_NUMBER is an
# annotation.
GATE: Final = "echelon.dev/gate"
GROUP_NUMBER: Final = "echelon.dev/group"

#: Annotation of CronJobs: digest of the template of their runs, as the operator wrote it.
MADE_FROM: Final = "echelon.dev/made-from"

ENV_INSTANCE: Final = "ECHELON_INSTANCE"
