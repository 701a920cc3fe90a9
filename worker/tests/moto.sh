#!/bin/sh
# Runs the worker's pipeline tests against moto instead of the embedded SQS: another server, the same answers.
# Needs moto_server (`pip install 'moto[server]'`). Arguments go to the test binary, such as a test's name.
set -eu
cd "$(dirname "$0")/../.."

command -v moto_server >/dev/null || {
    echo "moto_server was not found: install it with: pip install 'moto[server]'" >&2
    exit 1
}
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
log=$(mktemp)
moto_server -H 127.0.0.1 -p "$port" >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; rm -f "$log"' EXIT INT TERM

tries=0
until python3 -c "import socket; socket.create_connection(('127.0.0.1', $port), 1)" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
        echo "moto_server did not start:" >&2
        cat "$log" >&2
        exit 1
    fi
    sleep 0.2
done

# moto is slow: few tests at once, so that each sees its answers in time.
COOLY_TEST_SQS_ENDPOINT="http://127.0.0.1:$port" cargo test --workspace --test pipeline -- --test-threads 2 "$@"
