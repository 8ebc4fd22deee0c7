#!/usr/bin/env bash
# Runs the example with an emulated interface, and Prometheus with the ready-made alert rules, until it is interrupted.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
if ! command -v prometheus >/dev/null; then
    echo "prometheus is missing. Run as root: apt-get install prometheus" >&2
    exit 1
fi

state=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$state"' EXIT
cat >"$state/prometheus.yml" <<CONFIG
global: { scrape_interval: 5s, evaluation_interval: 5s }
rule_files: ["$root/docs/observability/zcrx.rules.yml"]
scrape_configs:
  - job_name: zcrx
    static_configs: [{ targets: ["127.0.0.1:8080"] }]
CONFIG
prometheus --config.file="$state/prometheus.yml" --storage.tsdb.path="$state/data" --web.listen-address=127.0.0.1:9090 --log.level=warn &
dotnet run --project "$root/examples/Telemetry" -c Release -- --DemoNic=true --Zcrx:Listeners:0:EndPoint=127.0.0.1:9000 &
echo "dashboard http://127.0.0.1:8080/zcrx   alerts http://127.0.0.1:9090/alerts   Ctrl+C ends both"
wait
