{{/* Names, labels and the image, as several templates use them. */}}

{{- define "echelon.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "echelon.fullname" -}}
{{- $name := include "echelon.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "echelon.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{/* The rules of a Service's name are stricter: no dots, no digit at the start, at most 63 characters. */}}
{{- define "echelon.metricsName" -}}
{{- $name := include "echelon.fullname" . | replace "." "-" -}}
{{- if not (regexMatch "^[a-z]" $name) -}}
{{- $name = printf "%s-%s" .Chart.Name $name -}}
{{- end -}}
{{- printf "%s-metrics" ($name | trunc 55 | trimSuffix "-") }}
{{- end }}

{{/* A map of labels or annotations as YAML, without keys that a later values file set to null. */}}
{{- define "echelon.given" -}}
{{- $given := dict -}}
{{- range $key, $value := . -}}
{{- if not (kindIs "invalid" $value) -}}
{{- $_ := set $given $key $value -}}
{{- end -}}
{{- end -}}
{{- with $given -}}
{{- toYaml . }}
{{- end }}
{{- end }}

{{- define "echelon.selectorLabels" -}}
app.kubernetes.io/name: {{ include "echelon.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: controller
{{- end }}

{{/* The chart's labels override commonLabels, because the selectors depend on them. */}}
{{- define "echelon.labels" -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service
  "app.kubernetes.io/part-of" "echelon" -}}
{{- merge (include "echelon.selectorLabels" . | fromYaml) $own (include "echelon.given" .Values.commonLabels | fromYaml) | toYaml }}
{{- end }}

{{- define "echelon.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "echelon.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "echelon.image" -}}
{{- $image := .Values.image -}}
{{- with $image.registry }}{{ trimSuffix "/" . }}/{{ end }}{{ $image.repository -}}
{{- if $image.digest -}}
@{{ $image.digest }}
{{- else -}}
:{{ default .Chart.AppVersion $image.tag }}
{{- end }}
{{- end }}

{{- define "echelon.leaseName" -}}
{{- default (include "echelon.fullname" .) .Values.leaderElection.leaseName }}
{{- end }}

{{- define "echelon.leaseNamespace" -}}
{{- default (include "echelon.namespace" .) .Values.leaderElection.leaseNamespace }}
{{- end }}

{{/* The Leases by name: one, or with several shards the one that all pods hold together and one per shard;
and one per coordinator. */}}
{{- define "echelon.leaseNames" -}}
{{- $name := include "echelon.leaseName" . -}}
{{- $shards := int .Values.leaderElection.shards -}}
- {{ quote $name }}
{{- if gt $shards 1 }}
{{- range until $shards }}
- {{ printf "%s-%d" $name . | quote }}
{{- end }}
{{- end }}
- {{ printf "%s-maintenance" $name | quote }}
{{- range .Values.rbac.coordinators }}
- {{ printf "echelon-coordinator-%s" (sha256sum . | trunc 16) | quote }}
{{- end }}
{{- end }}

{{- define "echelon.subjects" -}}
- kind: ServiceAccount
  name: {{ include "echelon.serviceAccountName" . | quote }}
  namespace: {{ include "echelon.namespace" . | quote }}
{{- end }}

{{- define "echelon.crdAnnotations" -}}
{{- $own := ternary (dict "helm.sh/resource-policy" "keep") (dict) .Values.crds.keep }}
{{- with merge $own (include "echelon.given" .Values.crds.annotations | fromYaml) }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* rollingUpdate is always set, even to Kubernetes' defaults. Otherwise an upgrade to Recreate would
fail, because Helm does not remove a field that it did not set. With hostNetwork a new pod cannot use
the ports of an old pod on the same node: with as many pods as nodes it would stay Pending. */}}
{{- define "echelon.strategy" -}}
{{- $given := .Values.strategy | default dict -}}
type: {{ $given.type | default "RollingUpdate" }}
{{- if ne "Recreate" ($given.type | default "") }}
{{- $rolling := .Values.hostNetwork | ternary (dict "maxSurge" 0 "maxUnavailable" 1) (dict "maxSurge" "25%" "maxUnavailable" "25%") }}
{{- range $name, $value := $given.rollingUpdate }}
{{- $_ := set $rolling $name $value }}
{{- end }}
rollingUpdate:
  {{- toYaml $rolling | nindent 2 }}
{{- end }}
{{- end }}

{{/* The operator's flags, one per line. Other flags keep the operator's defaults. */}}
{{- define "echelon.args" -}}
{{- range .Values.watchNamespaces | default list | uniq }}
- --namespace={{ . }}
{{- end }}
{{- if .Values.maintenance.enabled }}
- --maintenance=true
{{- if .Values.maintenance.evictOthers }}
- --maintenance-evict-others=true
{{- end }}
{{- end }}
- --log-format={{ .Values.logging.format }}
- --log-level={{ .Values.logging.level }}
- --health-address=:{{ int .Values.health.port }}
{{- /* Without this flag the operator serves metrics only on the pod's loopback address. */}}
{{- if .Values.metrics.enabled }}
- --metrics-address=:{{ int .Values.metrics.port }}
{{- end }}
- --job-metrics={{ int .Values.metrics.jobs }}
- --lease-namespace={{ include "echelon.leaseNamespace" . }}
- --lease-name={{ include "echelon.leaseName" . }}
{{- with .Values.leaderElection }}
- --shards={{ int .shards }}
- --lease-duration-seconds={{ .leaseDurationSeconds }}
- --lease-renew-deadline-seconds={{ .renewDeadlineSeconds }}
- --lease-retry-seconds={{ .retryPeriodSeconds }}
{{- end }}
{{- with .Values.controller }}
- --workers={{ int .workers }}
- --connections={{ int .connections }}
- --resync-seconds={{ .resyncSeconds }}
- --report-seconds={{ .reportSeconds }}
- --max-voluntary-disruption={{ .maxVoluntaryDisruption }}
- --stuck-seconds={{ .stuckSeconds }}
{{- end }}
{{- with .Values.gates }}
{{- with .caFile }}
- --gate-ca-file={{ . }}
{{- end }}
- --gate-allow-loopback={{ .allowLoopback }}
{{- end }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The egress rules of a NetworkPolicy: DNS, the API server and what the values add. */}}
{{- define "echelon.egress" -}}
{{- $egress := .Values.networkPolicy.egress -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
- ports:
    {{- range $egress.apiServerPorts }}
    - port: {{ int . }}
    {{- end }}
  {{- with $egress.apiServerPeers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- with $egress.extra }}
{{ toYaml . }}
{{- end }}
{{- end }}
