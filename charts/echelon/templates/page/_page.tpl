{{/* Names, labels, checks and flags of the page. */}}

{{- define "echelon.page.name" -}}
{{- printf "%s-page" (include "echelon.fullname" . | trunc 58 | trimSuffix "-") }}
{{- end }}

{{/* As echelon.metricsName: the rules of a Service's name are stricter. */}}
{{- define "echelon.page.serviceName" -}}
{{- printf "%s-page" (include "echelon.metricsName" . | trimSuffix "-metrics" | trunc 50 | trimSuffix "-") }}
{{- end }}

{{- define "echelon.page.selectorLabels" -}}
{{- merge (dict "app.kubernetes.io/component" "page") (include "echelon.selectorLabels" . | fromYaml) | toYaml }}
{{- end }}

{{- define "echelon.page.labels" -}}
{{- merge (dict "app.kubernetes.io/component" "page") (include "echelon.labels" . | fromYaml) | toYaml }}
{{- end }}

{{- define "echelon.page.serviceAccountName" -}}
{{- $account := .Values.page.serviceAccount -}}
{{- default (ternary (include "echelon.page.name" .) "default" $account.create) $account.name }}
{{- end }}

{{- define "echelon.page.subjects" -}}
- kind: ServiceAccount
  name: {{ include "echelon.page.serviceAccountName" . | quote }}
  namespace: {{ include "echelon.namespace" . | quote }}
{{- end }}

{{- define "echelon.page.check" -}}
{{- $page := .Values.page -}}
{{- if and (eq $page.auth "headers") (not $page.proxy.from) -}}
{{- fail "page.auth=headers needs page.proxy.from: otherwise everybody could say who he is" -}}
{{- end -}}
{{- range $page.proxy.from -}}
{{- if and (eq $page.auth "headers") (not $page.proxy.secretName) (not (regexMatch "^(127\\.|::1(/128)?$)" .)) -}}
{{- printf "page.auth=headers with page.proxy.from %s needs page.proxy.secretName: otherwise whoever has an address there could say who he is; only a proxy in the same pod (127.0.0.1/32) needs none" . | fail -}}
{{- end -}}
{{- end -}}
{{- if and $page.proxy.secretName (ne $page.auth "headers") -}}
{{- fail "page.proxy.secretName has no effect without page.auth=headers" -}}
{{- end -}}
{{- range $page.urls -}}
{{- if and $page.tls.secretName (not (hasPrefix "https:" .)) -}}
{{- printf "page.urls: with page.tls.secretName the page is served by HTTPS; %s is not" . | fail -}}
{{- end -}}
{{- end -}}
{{- $ports := list (int $page.port) (int .Values.health.port) -}}
{{- if .Values.metrics.enabled -}}
{{- $ports = append $ports (int .Values.metrics.port) -}}
{{- end -}}
{{- if ne (len $ports) (len (uniq $ports)) -}}
{{- printf "page.port, health.port and metrics.port must differ; they are %s" (join ", " $ports) | fail -}}
{{- end -}}
{{- range $page.extraEnv -}}
{{- if hasPrefix "ECHELON_" .name -}}
{{- printf "page.extraEnv: use a value of the chart or page.extraArgs instead of %s: the chart sets flags, and flags override variables" .name | fail -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The flags of the page, one per line. Other flags keep the defaults. */}}
{{- define "echelon.page.args" -}}
{{- $page := .Values.page -}}
{{- range .Values.watchNamespaces | default list | uniq }}
- --namespace={{ . }}
{{- end }}
{{- with $page.place }}
- {{ printf "--place=%s" . | quote }}
{{- end }}
{{- range $page.urls | uniq }}
- {{ printf "--url=%s" . | quote }}
{{- end }}
- --address=:{{ int $page.port }}
{{- if $page.tls.secretName }}
- --tls-cert=/etc/echelon/tls/tls.crt
- --tls-key=/etc/echelon/tls/tls.key
{{- end }}
- --auth={{ $page.auth }}
- --session-seconds={{ $page.sessionSeconds }}
- --review-seconds={{ $page.reviewSeconds }}
{{- range $page.proxy.from | default list | uniq }}
- --proxy-from={{ . }}
{{- end }}
{{- if eq $page.auth "headers" }}
{{- with $page.proxy }}
{{- if .secretName }}
- --proxy-secret-file=/etc/echelon/proxy/secret
{{- end }}
- --user-header={{ .userHeader }}
- --group-header={{ .groupHeader }}
{{- with .groupSeparator }}
- {{ printf "--group-separator=%s" . | quote }}
{{- end }}
{{- with .userPrefix }}
- {{ printf "--user-prefix=%s" . | quote }}
{{- end }}
{{- with .groupPrefix }}
- {{ printf "--group-prefix=%s" . | quote }}
{{- end }}
{{- end }}
{{- end }}
- --log-format={{ .Values.logging.format }}
- --log-level={{ .Values.logging.level }}
- --health-address=:{{ int .Values.health.port }}
{{- if .Values.metrics.enabled }}
- --metrics-address=:{{ int .Values.metrics.port }}
{{- end }}
{{- with $page.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What the page reads, in the namespaces that it shows. It writes nothing: viewers act with their own tokens. */}}
{{- define "echelon.page.rules" -}}
- apiGroups: ["echelon.dev"]
  resources: ["echelonjobs", "updates"]
  verbs: ["list", "watch"]
- apiGroups: [""]
  resources: ["pods"]
  verbs: ["get", "list", "watch"]
- apiGroups: ["apps"]
  resources: ["controllerrevisions"]
  verbs: ["list"]
- apiGroups: ["events.k8s.io"]
  resources: ["events"]
  verbs: ["list"]
# The runs of Jobs of type Cron and Adhoc.
- apiGroups: ["batch"]
  resources: ["jobs"]
  verbs: ["list"]
{{- if eq .Values.page.auth "headers" }}
# Behind a proxy the page reads logs for viewers who may read them; otherwise they do so with their own tokens.
- apiGroups: [""]
  resources: ["pods/log"]
  verbs: ["get"]
{{- end }}
{{- end }}

{{/* What only a ClusterRole can grant. */}}
{{- define "echelon.page.clusterRules" -}}
- apiGroups: [""]
  resources: ["nodes"]
  verbs: ["get"]
- apiGroups: ["echelon.dev"]
  resources: ["maintenances"]
  verbs: ["list", "watch"]
# To ask what a viewer may see.
- apiGroups: ["authorization.k8s.io"]
  resources: ["subjectaccessreviews"]
  verbs: ["create"]
{{- if eq .Values.page.auth "token" }}
# To ask whose token it is.
- apiGroups: ["authentication.k8s.io"]
  resources: ["tokenreviews"]
  verbs: ["create"]
{{- end }}
{{- end }}

{{/* A number stays one: a Service takes a string for the name of a port. */}}
{{- define "echelon.page.targetPort" -}}
{{- $port := default "http" .Values.page.service.targetPort | toString -}}
{{- if regexMatch "^[0-9]+$" $port }}{{ $port }}{{ else }}{{ quote $port }}{{ end }}
{{- end }}
