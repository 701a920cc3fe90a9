{{- define "cooly.name" -}}
{{- if contains "cooly" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-cooly" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "cooly.selector" -}}
app.kubernetes.io/name: cooly
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "cooly.labels" -}}
{{ include "cooly.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "cooly.account" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "cooly.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{- define "cooly.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* A setting that comes from the secret. */}}
{{- define "cooly.secret" -}}
- name: {{ .name }}
  valueFrom: { secretKeyRef: { name: {{ .root.Values.existingSecret }}, key: {{ .key | default .name }}, optional: {{ .optional | default false }} } }
{{- end }}

{{/* Settings that all roles that serve have. */}}
{{- define "cooly.common" -}}
{{ include "cooly.secret" (dict "root" . "name" "DATABASE_URL") }}
- { name: COOLY_LOG_FORMAT, value: json }
{{- range $name, $value := .Values.environment }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}

{{- define "cooly.outputs" -}}
- { name: COOLY_OUTPUTS, value: {{ .Values.outputs.url | default "/var/lib/cooly-outputs" | quote }} }
- { name: AWS_REGION, value: {{ .Values.queue.region | quote }} }
{{- with .Values.outputs.keep }}
- { name: COOLY_KEEP_OUTPUTS, value: {{ . | quote }} }
{{- end }}
{{- with .Values.catalog }}
- { name: COOLY_CATALOG, value: /etc/cooly/catalog.toml }
{{- end }}
{{- with .Values.publicUrl }}
- { name: COOLY_PUBLIC_URL, value: {{ . | quote }} }
{{ include "cooly.secret" (dict "root" $ "name" "COOLY_WEBHOOK_KEY") }}
{{- end }}
{{- end }}

{{/* What a pod may do: nothing but write to its own small folder. */}}
{{- define "cooly.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "cooly.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "cooly.mounts" -}}
- { name: data, mountPath: /var/lib/cooly }
- { name: tmp, mountPath: /tmp }
{{- if .outputs }}
{{- if not .root.Values.outputs.url }}
- { name: outputs, mountPath: /var/lib/cooly-outputs }
{{- end }}
- { name: config, mountPath: /etc/cooly, readOnly: true }
{{- end }}
{{- end }}

{{- define "cooly.volumes" -}}
- { name: data, emptyDir: { sizeLimit: 1Gi } }
- { name: tmp, emptyDir: { sizeLimit: 1Gi } }
{{- if .outputs }}
{{- if not .root.Values.outputs.url }}
- { name: outputs, persistentVolumeClaim: { claimName: {{ required "set outputs.url to s3://bucket/prefix, or outputs.existingClaim to a claim that all nodes can mount" .root.Values.outputs.existingClaim }} } }
{{- end }}
- { name: config, configMap: { name: {{ include "cooly.name" .root }} } }
{{- end }}
{{- end }}

{{- define "cooly.probes" -}}
startupProbe: { httpGet: { path: /health/live, port: {{ . }} }, periodSeconds: 2, failureThreshold: 60 }
livenessProbe: { httpGet: { path: /health/live, port: {{ . }} }, periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 }
readinessProbe: { httpGet: { path: /health/ready, port: {{ . }} }, periodSeconds: 5, failureThreshold: 2, timeoutSeconds: 5 }
{{- end }}

{{- define "cooly.placing" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - { name: {{ . }} }
{{- end }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "cooly.selector" . | nindent 8 }}
{{- end }}
