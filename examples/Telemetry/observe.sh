#!/usr/bin/env bash
# Runs the example with an emulated interface, and Prometheus with the ready-made alert rules, until it is interrupted or one of the
# two ends.
# The variables HTTP, INGEST and PROMETHEUS change the addresses. TELEMETRY is a command that starts the example, for one that is built already.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
if ! command -v prometheus >/dev/null; then
    echo "prometheus is missing. Run as root: apt-get install prometheus" >&2
    exit 1
fi

http=${HTTP:-127.0.0.1:8080}
ingest=${INGEST:-127.0.0.1:9000}
prometheus=${PROMETHEUS:-127.0.0.1:9090}
state=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$state"' EXIT
# Without these traps, the signal would end the shell before the trap above has ended the programs.
trap 'exit 130' INT
trap 'exit 143' TERM
cat >"$state/prometheus.yml" <<CONFIG
global: { scrape_interval: 5s, evaluation_interval: 5s }
rule_files: ["$root/docs/observability/zcrx.rules.yml"]
scrape_configs:
  - job_name: zcrx
    static_configs: [{ targets: ["$http"] }]
CONFIG
prometheus --config.file="$state/prometheus.yml" --storage.tsdb.path="$state/data" --web.listen-address="$prometheus" --log.level=warn &
# shellcheck disable=SC2086 # $TELEMETRY is a list of words.
${TELEMETRY:-dotnet run --project "$root/examples/Telemetry" -c Release --} --Urls="http://$http" --DemoNic=true --Zcrx:Listeners:0:EndPoint="$ingest" &
echo "dashboard http://$http/zcrx   alerts http://$prometheus/alerts   Ctrl+C ends both"
# One program is of no use without the other. The script ends with the first, and its trap ends the second.
wait -n
