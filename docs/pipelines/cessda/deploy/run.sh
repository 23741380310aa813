#!/usr/bin/env bash
# The product's own deployment script. It gets IMAGE_<COMPONENT>=image@digest, NAMESPACE, VERSION and KUBECONFIG, and may be run twice:
# applying what is already there changes nothing.
set -euo pipefail
cd "$(dirname "$0")/production"

rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT
for component in searcher indexer aggregator; do
  variable=IMAGE_$(echo "$component" | tr '[:lower:]' '[:upper:]')
  image=${!variable:?is not set: this script deploys digests, never tags}
  echo "$component: $image"
  sed "s|image: registry.example.org/cdc/$component\$|image: $image|" "$component.yml" > "$rendered/$component.yml"
done
# A lost answer does not tell whether the cluster has it: apply it again.
for attempt in 1 2 3; do
  kubectl apply --server-side --field-manager=cdc-deploy --namespace "$NAMESPACE" --request-timeout=10s --filename "$rendered" && break
  [ "$attempt" -lt 3 ]
done
for component in searcher indexer aggregator; do
  kubectl rollout status "deployment/$component" --namespace "$NAMESPACE" --timeout=120s
done
