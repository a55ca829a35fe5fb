{{/* Checks of values that the schema cannot express. Without them the pods would fail at their start. */}}

{{- define "echelon.check" -}}
{{- with .Values.leaderElection -}}
{{- $times := list .leaseDurationSeconds .renewDeadlineSeconds .retryPeriodSeconds -}}
{{- if not (and (gt (float64 (index $times 0)) (float64 (index $times 1))) (gt (float64 (index $times 1)) (float64 (index $times 2)))) -}}
{{- printf "leaderElection: leaseDurationSeconds must be greater than renewDeadlineSeconds, and that greater than retryPeriodSeconds; they are %v, %v and %v" (index $times 0) (index $times 1) (index $times 2) | fail -}}
{{- end -}}
{{- end -}}
{{- if and .Values.metrics.enabled (eq (int .Values.health.port) (int .Values.metrics.port)) -}}
{{- printf "health.port and metrics.port must differ; both are %d" (int .Values.health.port) | fail -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if hasPrefix "ECHELON_" .name -}}
{{- printf "extraEnv: use a value of the chart or extraArgs instead of %s: the chart sets flags, and flags override variables" .name | fail -}}
{{- else if has .name (list "POD_NAME" "POD_UID" "NODE_NAME") -}}
{{- printf "extraEnv: %s is set by the chart" .name | fail -}}
{{- end -}}
{{- end -}}
{{- end }}
