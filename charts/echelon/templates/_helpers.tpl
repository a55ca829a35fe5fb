{{/* Names, labels and the image: what several templates say alike. */}}

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

{{- define "echelon.selectorLabels" -}}
app.kubernetes.io/name: {{ include "echelon.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end }}

{{/* Ours win over commonLabels: the selectors depend on them. */}}
{{- define "echelon.labels" -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service
  "app.kubernetes.io/part-of" "echelon" -}}
{{- merge (include "echelon.selectorLabels" . | fromYaml) $own .Values.commonLabels | toYaml }}
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

{{- define "echelon.subjects" -}}
- kind: ServiceAccount
  name: {{ include "echelon.serviceAccountName" . }}
  namespace: {{ include "echelon.namespace" . }}
{{- end }}

{{- define "echelon.crdAnnotations" -}}
{{- $own := ternary (dict "helm.sh/resource-policy" "keep") (dict) .Values.crds.keep }}
{{- with merge $own .Values.crds.annotations }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* The operator's flags, one a line. Those not given keep the operator's own defaults. */}}
{{- define "echelon.args" -}}
{{- range uniq .Values.watchNamespaces }}
- --namespace={{ . }}
{{- end }}
- --log-format={{ .Values.logging.format }}
- --log-level={{ .Values.logging.level }}
- --health-address=:{{ int .Values.health.port }}
{{- /* Without an address the metrics stay on the pod's loopback. */}}
{{- if .Values.metrics.enabled }}
- --metrics-address=:{{ int .Values.metrics.port }}
{{- end }}
- --lease-namespace={{ include "echelon.leaseNamespace" . }}
- --lease-name={{ include "echelon.leaseName" . }}
{{- with .Values.leaderElection }}
- --lease-duration-seconds={{ .leaseDurationSeconds }}
- --lease-renew-deadline-seconds={{ .renewDeadlineSeconds }}
- --lease-retry-seconds={{ .retryPeriodSeconds }}
{{- end }}
{{- with .Values.controller }}
- --workers={{ int .workers }}
- --connections={{ int .connections }}
- --resync-seconds={{ .resyncSeconds }}
- --stuck-seconds={{ .stuckSeconds }}
{{- end }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end }}
