#!/bin/sh
# AWS CLI: a message by HTTPS, with credentials from the environment. It goes by HTTPS_PROXY, in clear or with TLS to the proxy.
set -eu

[ -z "${PROXY:-}" ] || export HTTPS_PROXY="$PROXY"
export AWS_DEFAULT_REGION="$REGION" AWS_EC2_METADATA_DISABLED=true
# Also for the proxy's certificate: it has no other setting for that. Without it, the public roots.
[ -z "${CA:-}" ] || export AWS_CA_BUNDLE="$CA"
# One try: it would come back five times, even for a refusal that stands.
export AWS_MAX_ATTEMPTS=1

# From a file, which the versions 1 and 2 read alike.
payload=$(mktemp)
trap 'rm -f "$payload"' EXIT
printf 'hello from the AWS CLI' >"$payload"
aws iot-data publish --endpoint-url "https://$ENDPOINT" --topic "$TOPIC" --qos 1 --payload "fileb://$payload"
echo 'published'
