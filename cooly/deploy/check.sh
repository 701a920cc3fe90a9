#!/bin/sh
# Checks the packages without a cluster: lints the image's recipe and the chart, renders the chart in its variants against
# Kubernetes' schemas, and runs the alert rules over series that they must and must not speak of.
# Needs hadolint, helm, kubernetes-validate and promtool.
set -eu
cd "$(dirname "$0")"
rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT

for tool in hadolint helm kubernetes-validate promtool; do
    command -v "$tool" >/dev/null || { echo "$tool was not found" >&2; exit 1; }
done

# DL3008: packages of a pinned Debian are taken as they are, with their security updates.
hadolint --ignore DL3008 Dockerfile

helm lint chart --strict --quiet --set outputs.url=s3://bucket/prefix
render() {
    name=$1
    shift
    helm template cooly chart "$@" >"$rendered/$name.yaml"
    # Kinds of the Prometheus operator are no part of Kubernetes' own schemas.
    kubernetes-validate --strict --kubernetes-version 1.37 "$rendered/$name.yaml"
}
render smallest --set outputs.url=s3://bucket/prefix
render published --set outputs.url=s3://bucket/prefix --set jwtJwksUrl=https://login.example/keys
render everything --set-file catalog=../../docs/catalog.toml --set jwtPublicKey=pem \
    --set outputs.existingClaim=outputs --set publicUrl=https://cooly.example --set seal.enabled=true \
    --set api.autoscaling.enabled=true --set worker.autoscaling.enabled=true \
    --set api.ingress.enabled=true --set 'api.ingress.hosts[0]=cooly.example' \
    --set 'providerSecrets[0]=providers' --set 'webhookSecrets[0]=webhooks' \
    --set monitoring.podMonitor=true --set monitoring.rules=true --set monitoring.dashboard=true

# What must be refused: no place for outputs, a folder of one machine, a misspelt name.
refused() {
    if helm template cooly chart "$@" >/dev/null 2>&1; then
        echo "the chart takes $*" >&2
        exit 1
    fi
}
refused
refused --set outputs.url=/srv/outputs
refused --set outputs.url=s3://bucket/prefix --set wroker.replicas=2

promtool check rules chart/files/alerts.yaml
promtool test rules chart/files/alerts_test.yaml
echo "the packages are in order"
