#!/usr/bin/env bash
# Holds the OpenAPI document against those who use it: two generators of clients, and schemathesis, which sends what the
# document allows and compares every answer with it. Needs their programs on the PATH (`openapi-typescript`, `tsc`,
# `openapi-python-client`, `st`) and the program in COOLY_BIN.
set -euo pipefail

cd "$(dirname "$0")/../.."
document=$PWD/api/tests/openapi.json
work=$(mktemp -d)
chmod 755 "$work"
server=
trap '[[ -z $server ]] || { kill "$server"; wait "$server"; } 2>/dev/null; rm -rf "$work"' EXIT

echo "--- openapi-typescript"
openapi-typescript "$document" --output "$work/api.d.ts"
tsc --noEmit --strict "$work/api.d.ts"

echo "--- openapi-python-client"
# What is a stream of lines or a table is bytes to it; it must know everything else.
cat >"$work/generator.yaml" <<'TYPES'
content_type_overrides:
  application/x-ndjson: application/octet-stream
  text/csv: application/octet-stream
TYPES
openapi-python-client generate --path "$document" --output-path "$work/client" --config "$work/generator.yaml" \
    >"$work/generated.log" 2>&1
if grep -q WARNING "$work/generated.log"; then
    cat "$work/generated.log"
    exit 1
fi
python3 -m compileall -q "$work/client"
for schema in statement generation credit_command problem; do
    [[ -s $work/client/cooly_client/models/$schema.py ]] || { echo "$schema is missing"; exit 1; }
done

echo "--- schemathesis"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$COOLY_BIN" up --data-dir "$work/data" --listen "127.0.0.1:$port" >"$work/up.log" 2>&1 &
server=$!
for _ in $(seq 120); do
    python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/health/ready')" 2>/dev/null && break
    sleep 0.5
done
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance
outcome=0
while read -r role sub paths; do
    token=$("$COOLY_BIN" token --role "$role" --sub "$sub" --data-dir "$work/data")
    # Streams do not end, and nothing writes lines of NDJSON for it.
    st run "http://127.0.0.1:$port/openapi.json" --header "Authorization: Bearer $token" \
        --include-path-regex "$paths" --exclude-path /v1/events --exclude-path /audit/export \
        --exclude-path /admin/grants/bulk --phases examples,coverage --checks "$checks" --request-timeout 20 \
        --no-color || outcome=1
done <<'ROLES'
user demo ^/v1/
admin ops ^/admin/
auditor ann ^/audit/
ROLES
exit "$outcome"
