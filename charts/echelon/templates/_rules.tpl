{{/*
What the operator asks of the API server, and nothing else: in a ClusterRole, or in a Role of each
namespace it serves. It writes no spec: of Jobs it patches only the status.
*/}}
{{- define "echelon.rules" -}}
- apiGroups: ["echelon.dev"]
  resources: ["echelonjobs"]
  verbs: ["get", "list", "watch"]
- apiGroups: ["echelon.dev"]
  resources: ["echelonjobs/status", "updates/status"]
  verbs: ["patch"]
# Pods, Updates and revisions name their Job as an owner that blocks its deletion.
- apiGroups: ["echelon.dev"]
  resources: ["echelonjobs/finalizers"]
  verbs: ["update"]
- apiGroups: ["echelon.dev"]
  resources: ["updates"]
  verbs: ["get", "list", "watch", "create", "patch", "delete"]
- apiGroups: [""]
  resources: ["pods"]
  verbs: ["get", "list", "watch", "create", "patch", "delete"]
# Resources of a running pod can be changed in no other way.
- apiGroups: [""]
  resources: ["pods/resize"]
  verbs: ["patch"]
# Update: those of an older version of the operator cannot all be patched.
- apiGroups: ["apps"]
  resources: ["controllerrevisions"]
  verbs: ["get", "list", "watch", "create", "patch", "update", "delete"]
- apiGroups: ["events.k8s.io"]
  resources: ["events"]
  verbs: ["create", "patch"]
# Job gates: the Job they run, and why it failed.
- apiGroups: ["batch"]
  resources: ["jobs"]
  verbs: ["create", "get"]
- apiGroups: [""]
  resources: ["pods/log"]
  verbs: ["get"]
{{- with .Values.rbac.secrets }}
# Headers of webhook gates.
- apiGroups: [""]
  resources: ["secrets"]
  {{- if not (has "*" .) }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: ["get"]
{{- end }}
{{- end }}
{{/*
What only a ClusterRole can grant. An operator of some namespaces does without.
*/}}
{{- define "echelon.clusterRules" -}}
# Whether a node is lost, before a pod on it that is late counts as a failure.
- apiGroups: [""]
  resources: ["nodes"]
  verbs: ["get"]
{{- end }}
