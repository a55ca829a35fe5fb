{{/*
Exactly the permissions that the operator needs, for a ClusterRole or for a Role in each namespace that
it serves. The operator never writes the spec of a Job, only its status.
*/}}
{{- define "echelon.rules" -}}
- apiGroups: ["echelon.dev"]
  resources: ["echelonjobs"]
  verbs: ["get", "list", "watch"]
- apiGroups: ["echelon.dev"]
  resources: ["echelonjobs/status", "updates/status"]
  verbs: ["patch"]
# Pods, Updates and revisions have an owner reference to their Job that blocks its deletion.
- apiGroups: ["echelon.dev"]
  resources: ["echelonjobs/finalizers"]
  verbs: ["update"]
- apiGroups: ["echelon.dev"]
  resources: ["updates"]
  verbs: ["get", "list", "watch", "create", "patch", "delete"]
- apiGroups: [""]
  resources: ["pods"]
  verbs: ["get", "list", "watch", "create", "patch", "delete"]
# To change resources of a running pod.
- apiGroups: [""]
  resources: ["pods/resize"]
  verbs: ["patch"]
# Updates with slaAware evict pods, so that disruption budgets are obeyed.
- apiGroups: [""]
  resources: ["pods/eviction"]
  verbs: ["create"]
# The budget of a Job with sla.minAvailable, and those that others have made for its pods.
- apiGroups: ["policy"]
  resources: ["poddisruptionbudgets"]
  verbs: ["get", "list", "watch", "create", "patch", "delete"]
# update: some revisions made by an older version of the operator cannot be patched.
- apiGroups: ["apps"]
  resources: ["controllerrevisions"]
  verbs: ["get", "list", "watch", "create", "patch", "update", "delete"]
- apiGroups: ["events.k8s.io"]
  resources: ["events"]
  verbs: ["create", "patch"]
# Job gates: to create a Job and to read why it failed. Jobs of type Cron and Adhoc: their runs.
- apiGroups: ["batch"]
  resources: ["jobs"]
  verbs: ["get", "list", "watch", "create", "patch", "delete"]
# The CronJob of a Job of type Cron.
- apiGroups: ["batch"]
  resources: ["cronjobs"]
  verbs: ["get", "list", "watch", "create", "update"]
# The claims of Jobs with volumeClaimTemplates. The operator deletes none: it writes their owners, and some
# clusters allow that only to who may delete.
- apiGroups: [""]
  resources: ["persistentvolumeclaims"]
  verbs: ["get", "list", "watch", "create", "patch", "delete"]
- apiGroups: [""]
  resources: ["pods/log"]
  verbs: ["get"]
{{- with .Values.rbac.secrets }}
# Headers for webhook gates and coordinators.
- apiGroups: [""]
  resources: ["secrets"]
  {{- if not (has "*" .) }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: ["get"]
{{- end }}
{{- end }}
{{/*
Permissions that only a ClusterRole can grant. With watchNamespaces the operator does not have them.
*/}}
{{- define "echelon.clusterRules" -}}
# To check whether a node is lost before a late pod on it counts as a failure, and whether all nodes are lost.
- apiGroups: [""]
  resources: ["nodes"]
  verbs: ["get", "list"]
# To say in a Maintenance whether anybody serves it.
- apiGroups: ["echelon.dev"]
  resources: ["maintenances"]
  verbs: ["get", "list", "watch"]
- apiGroups: ["echelon.dev"]
  resources: ["maintenances/status"]
  verbs: ["patch"]
{{- end }}
{{/*
Permissions for Maintenances, which only a ClusterRole can grant: to taint and cordon nodes, and to mark the
pods on them. The operator patches no other field of a node.
*/}}
{{- define "echelon.maintenanceRules" -}}
- apiGroups: ["echelon.dev"]
  resources: ["maintenances"]
  verbs: ["get", "list", "watch"]
- apiGroups: ["echelon.dev"]
  resources: ["maintenances/status"]
  verbs: ["patch"]
- apiGroups: [""]
  resources: ["nodes"]
  verbs: ["get", "list", "watch", "patch"]
- apiGroups: [""]
  resources: ["pods"]
  verbs: ["get", "list", "watch", "patch"]
# To say why a Job does not move its instances.
- apiGroups: ["echelon.dev"]
  resources: ["echelonjobs"]
  verbs: ["get"]
{{- if .Values.maintenance.evictOthers }}
# To evict pods that belong to no Job.
- apiGroups: [""]
  resources: ["pods/eviction"]
  verbs: ["create"]
{{- end }}
{{- end }}
{{/*
Permissions for Events about Maintenances: Kubernetes keeps those about objects of the cluster in namespace default.
*/}}
{{- define "echelon.maintenanceEventRules" -}}
- apiGroups: ["events.k8s.io"]
  resources: ["events"]
  verbs: ["create", "patch"]
{{- end }}
