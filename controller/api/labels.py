"""Every label, annotation and name that Echelon puts on objects, in the one place for them."""

from typing import Final

GROUP: Final = "echelon.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

# On pods, ControllerRevisions and Updates alike.
JOB: Final = "echelon.dev/job"
INSTANCE: Final = "echelon.dev/instance"
#: As a label the revision's digest, as an annotation the ControllerRevision's name.
REVISION: Final = "echelon.dev/revision"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
MANAGER: Final = "echelon"

# Annotations of pods.
UPDATE: Final = "echelon.dev/update"
FAILURES: Final = "echelon.dev/failures"
RESTART_BASE: Final = "echelon.dev/restart-base"
#: The revision a resize goes to, from its first patch to its last: meanwhile a pod is at none.
CHANGING_TO: Final = "echelon.dev/changing-to"
#: The images that a change in place found, of containers that restart for it: ``{name: image}``.
CHANGED_FROM: Final = "echelon.dev/changed-from"
#: The pod's generation after our last resize: a higher one is a change by others.
RESIZED: Final = "echelon.dev/resized"
#: How often in a row this instance's pod ended and was made again (the back-off's memory).
REMADE: Final = "echelon.dev/remade"

#: Read by the cluster-autoscaler: without it a node is never removed while it runs a pod whose
#: controller is of a kind that the cluster-autoscaler does not know.
SAFE_TO_EVICT: Final = "cluster-autoscaler.kubernetes.io/safe-to-evict"

# Annotations of Updates.
ADMITTED: Final = "echelon.dev/admitted"
PULSED_AT: Final = "echelon.dev/pulsed-at"
#: Who changed the spec last; stamped by the chart's MutatingAdmissionPolicy, if that is on.
CHANGED_BY: Final = "echelon.dev/changed-by"
#: Who made the pause that an Update of the operator's inherited from the one it superseded.
PAUSED_BY: Final = "echelon.dev/paused-by"
#: The name under which the API server notes the fields that the operator writes.
FIELD_MANAGER: Final = "echelon-controller"

# Labels of the batch/v1 Jobs that gates run, besides JOB and UPDATE; the group is an annotation.
GATE: Final = "echelon.dev/gate"
GROUP_NUMBER: Final = "echelon.dev/group"

ENV_INSTANCE: Final = "ECHELON_INSTANCE"
