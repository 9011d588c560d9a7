{{/* The name of all objects of this release. */}}
{{- define "thumbery.name" -}}
{{ contains "thumbery" .Release.Name | ternary .Release.Name (printf "%s-thumbery" .Release.Name) | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* The headless Service of the nodes, with its domain: each node is NAME-NUMBER in it. */}}
{{- define "thumbery.domain" -}}
{{ include "thumbery.name" . }}-nodes.{{ .Release.Namespace }}.svc.{{ .Values.clusterDomain }}
{{- end }}

{{/* What selects the pods of a component: (list . "node") or (list . "balancer"). */}}
{{- define "thumbery.selector" -}}
{{- $root := first . -}}
app.kubernetes.io/name: thumbery
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ last . }}
{{- end }}

{{- define "thumbery.labels" -}}
{{- $root := first . -}}
{{ include "thumbery.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The component that clients reach. */}}
{{- define "thumbery.front" -}}
{{ ternary "balancer" "node" .Values.balancer.enabled }}
{{- end }}

{{/* No privileges: see docs/security.md. Child processes need none to take rights from
themselves, but Landlock and seccomp, which RuntimeDefault allows. */}}
{{- define "thumbery.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "thumbery.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
# Not again for each file of a large cache.
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* An environment variable that is one key of a Secret. */}}
{{- define "thumbery.secretVariable" -}}
- name: {{ first . }}
  valueFrom:
    secretKeyRef: {{ last . | toJson }}
{{- end }}

{{/* The arguments of thumbery serve, as a YAML list. */}}
{{- define "thumbery.args" -}}
- --listen=:8080
- --admin=:8081
- --cache=/cache
{{- range .Values.nodes.source }}
- {{ printf "--source=%s" . | quote }}
{{- end }}
{{- with .Values.nodes.shared }}
- {{ printf "--shared=%s" . | quote }}
{{- end }}
{{- if gt (int .Values.nodes.replicas) 1 }}
- --peers=dns+http://{{ include "thumbery.domain" . }}:8081
{{- end }}
- --drain={{ int .Values.nodes.drainSeconds }}s
- --grace={{ int .Values.nodes.graceSeconds }}s
{{- range $name, $value := .Values.nodes.flags }}
{{- if kindIs "bool" $value }}
- --{{ $name }}={{ $value }}
{{- else }}
{{- range (kindIs "slice" $value | ternary $value (list $value)) }}
- {{ printf "--%s=%s" $name . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Lines of HAProxy for all nodes: (list . "node") are those with the ids 1, 2, 3 … */}}
{{- define "thumbery.servers" -}}
{{- $root := first . -}}
{{- $kind := index . 1 -}}
{{- range $number := until (int $root.Values.nodes.replicas) }}
{{ printf "    server %s%d" $kind (add1 $number) }} {{ include "thumbery.name" $root }}-{{ $number }}.{{ include "thumbery.domain" $root }}:8080 id {{ add1 $number }}
{{- end }}
{{ end }}

{{/* The configuration of HAProxy: deploy/cluster/haproxy.cfg with the nodes of this release,
each by its name. A node's place on the ring is the number of its pod, so that all HAProxys
agree, and a pod with a new address has its old pictures. */}}
{{- define "thumbery.haproxy" -}}
{{- $nodes := "(?:    server node[0-9]+ 10\\.0\\.0\\.[0-9]+:8080 id [0-9]+ .*\n)+" -}}
{{- $any := "(?:    server any[0-9]+ 10\\.0\\.0\\.[0-9]+:8080 id [0-9]+ .*\n)+" -}}
{{- $text := .Files.Get "files/haproxy.cfg" -}}
{{- if not (and (regexMatch $nodes $text) (regexMatch $any $text) (contains "bind :80 " $text) (contains "#bounded hash-balance-factor 300" $text)) }}{{ fail "files/haproxy.cfg has other lines than this chart replaces" }}{{ end -}}
{{- $text = regexReplaceAllLiteral $nodes $text (printf "    default-server resolvers cluster resolve-prefer ipv4 init-addr none%s" (include "thumbery.servers" (list . "node"))) -}}
{{- $text = regexReplaceAllLiteral $any $text (printf "    default-server resolvers cluster resolve-prefer ipv4 init-addr none%s" (include "thumbery.servers" (list . "any"))) -}}
{{- with int .Values.balancer.balanceFactor }}
{{- $text = replace "#bounded hash-balance-factor 300" (printf "hash-balance-factor %d" .) $text -}}
{{- end -}}
{{ $text | replace "bind :80 " "bind :8080 " }}
resolvers cluster
    parse-resolv-conf
    accepted_payload_size 8192
    # A pod that is started again has another address.
    hold valid 1s
    timeout resolve 1s
    timeout retry 1s
    # The name of a pod that is gone. Its address may soon be that of a stranger.
    hold nx 5s
    # While DNS is down, the nodes stay where they are.
    hold timeout 24h
    hold refused 24h
    hold other 24h
    hold obsolete 5s

global
    nbthread {{ int .Values.balancer.threads }}
    maxconn {{ int .Values.balancer.maxConnections }}
    # After SIGUSR1; terminationGracePeriodSeconds is longer.
    hard-stop-after 60s

frontend status
    bind :8404
    http-request set-log-level silent
    monitor-uri /healthz
    http-request use-service prometheus-exporter if { path /metrics }
    # A new pod gets requests when it has found nodes.
    http-request return status 503 if { path /readyz } { nbsrv(nodes) eq 0 }
    http-request return status 200 if { path /readyz }
    http-request deny deny_status 404
{{- end }}
