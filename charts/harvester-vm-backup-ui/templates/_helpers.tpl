{{/* Labels of every object of this chart. */}}
{{- define "hvb-ui.labels" -}}
app.kubernetes.io/name: harvester-vm-backup-ui
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: harvester-vm-backup
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The image, by digest where one is given. Rancher names the registry of an air-gapped cluster in global values. */}}
{{- define "hvb-ui.image" -}}
{{- $registry := dig "cattle" "systemDefaultRegistry" "" (.Values.global | default dict) -}}
{{- $name := ternary (printf "%s/%s" $registry .Values.image.repository) .Values.image.repository (ne $registry "") -}}
{{- if .Values.image.digest -}}
{{ $name }}@{{ .Values.image.digest }}
{{- else -}}
{{ $name }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}
