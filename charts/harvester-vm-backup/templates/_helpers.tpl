{{/* Labels of every object of this chart. */}}
{{- define "hvb.labels" -}}
app.kubernetes.io/name: harvester-vm-backup
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: harvester-vm-backup
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* What selects the server's pods; movers have the same name and another component. */}}
{{- define "hvb.selector" -}}
app.kubernetes.io/name: harvester-vm-backup
app.kubernetes.io/component: server
{{- end }}

{{/* The image, by digest where one is given. Rancher names the registry of an air-gapped cluster in global values. */}}
{{- define "hvb.image" -}}
{{- $registry := dig "cattle" "systemDefaultRegistry" "" (.Values.global | default dict) -}}
{{- $name := ternary (printf "%s/%s" $registry .Values.image.repository) .Values.image.repository (ne $registry "") -}}
{{- if .Values.image.digest -}}
{{ $name }}@{{ .Values.image.digest }}
{{- else -}}
{{ $name }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}
