#!/usr/bin/env bash
# Compares LogIngest with rsyslog (imptcp, ompgsql): compare.sh [seconds [connections...]]
# loggen sends at full rate to one service after the other. Both store the messages in the same PostgreSQL server. Needs loggen and rsyslogd
# with ompgsql in the PATH (eng/syslog-clients.sh provides them), psql, the PostgreSQL server, and a build of LogIngest.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
service=$here/../LogIngest/bin/Release/net10.0/LogIngest.dll
seconds=${1:-60}
shift || true
[ $# -gt 0 ] || set -- 1 50
postgres=$(find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | sort -V | tail -n 1)
postgres=${postgres%/postgres}
for program in psql loggen rsyslogd; do
    command -v "$program" >/dev/null || { echo "compare.sh: $program is not in the PATH. See the head of this file." >&2; exit 1; }
done
[ -n "$postgres" ] && [ -f "$service" ] || { echo "compare.sh: install the Debian package postgresql, and build examples/LogIngest in Release." >&2; exit 1; }

work=$(mktemp -d)
children=()
stop() {
    local child
    # The children of a script ignore SIGINT. Only the database handles it, and closes its connections.
    for child in "${children[@]}"; do
        kill "$([ "$child" = "${server-}" ] && echo -INT || echo -TERM)" "$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap stop EXIT

as_user=()
if [ "$(id -u)" -eq 0 ]; then
    # The server refuses to run as root.
    chown postgres "$work"
    as_user=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
fi
port=54330
"${as_user[@]}" "$postgres/initdb" -D "$work/data" -U logs --auth=trust --encoding=UTF8 --locale=C --no-sync >/dev/null
(cd "$work" && exec "${as_user[@]}" "$postgres/postgres" -D "$work/data" -k "$work" -p $port -c listen_addresses= -c max_wal_size=4GB >"$work/postgres.log" 2>&1) &
server=$!
children+=($server)
sql() { psql -X -q -At -h "$work" -p $port -U logs -d "${2:-logs}" -c "$1"; }
until sql "select 1" postgres >/dev/null 2>&1; do kill -0 $server || { cat "$work/postgres.log" >&2; exit 1; }; sleep 0.1; done
sql "create database logs" postgres

# This table has the columns of a message. LogIngest's table has five more (boot, connection, position, raw, flags), and an index on three columns
# instead of one.
sql "create table rsyslog (source text, received timestamptz, facility smallint, severity smallint, sent timestamptz, host text, app text, process text,
    message_id text, data text, message text); create index on rsyslog (received)"
cat >"$work/rsyslog.conf" <<CONF
global(workDirectory="$work")
module(load="imptcp")
module(load="ompgsql")
template(name="row" type="string" option.stdsql="on" string="insert into rsyslog values ('%fromhost-ip%', '%timegenerated:::date-rfc3339%', %syslogfacility%, %syslogseverity%, '%timereported:::date-rfc3339%', '%hostname%', '%app-name%', '%procid%', '%msgid%', '%structured-data%', '%msg%')")
ruleset(name="store" queue.type="LinkedList" queue.size="100000" queue.dequeueBatchSize="2000" queue.workerThreads="2" queue.timeoutEnqueue="600000") {
    action(type="ompgsql" conninfo="postgresql://logs@/logs?host=$work&port=$port" template="row")
}
input(type="imptcp" port="5516" ruleset="store")
CONF
rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid" >"$work/rsyslog.log" 2>&1 &
rsyslog=$!
children=($rsyslog "${children[@]}")
dotnet exec "$service" --connection-string "Host=$work;Port=$port;Database=logs;Username=logs" --listen 127.0.0.1:5517 --Urls http://127.0.0.1:5518 >"$work/service.log" 2>&1 &
ingest=$!
children=($ingest "${children[@]}")
until (exec 3<>/dev/tcp/127.0.0.1/5517) 2>/dev/null && (exec 3<>/dev/tcp/127.0.0.1/5516) 2>/dev/null; do
    kill -0 $ingest && kill -0 $rsyslog || { cat "$work/service.log" "$work/rsyslog.log" >&2; exit 1; }
    sleep 0.1
done

# Processor time of a process in clock ticks. For the database, the ended child processes are included.
ticks() { awk '{ sub(/^.*\) /, ""); print $12 + $13 + $14 + $15 }' "/proc/$1/stat"; }
database_ticks() { local sum=0 one; for one in $server $(pgrep -P $server); do sum=$((sum + $(ticks "$one" 2>/dev/null || echo 0))); done; echo $sum; }

measure() {
    local name=$1 process=$2 to=$3 table=$4 connections=$5
    local before after cpu database began elapsed sent stored=0 last=-1
    before=$(sql "select count(*) from $table" 2>/dev/null || echo 0)
    cpu=$(ticks "$process"); database=$(database_ticks); began=$(date +%s.%N)
    sent=$(loggen --inet --stream --rate 10000000 --interval "$seconds" --size 200 --active-connections "$connections" 127.0.0.1 "$to" 2>&1 | sed -n 's/.*count=\([0-9]*\).*/\1/p' | tail -n 1)
    # Waits until everything is stored, or until no message was stored for five seconds.
    until stored=$(($(sql "select count(*) from $table") - before)); [ "$stored" -ge "$sent" ] || [ "$stored" = "$last" ]; do last=$stored; sleep 5; done
    elapsed=$(echo "$(date +%s.%N) - $began" | bc)
    cpu=$(($(ticks "$process") - cpu)); database=$(($(database_ticks) - database))
    after=$(awk -v s="$stored" -v e="$elapsed" -v c="$cpu" -v d="$database" 'BEGIN { printf "%.0f messages/s, %.1f us CPU of the service and %.1f us CPU of the database a message", s / e, c * 10000 / s, d * 10000 / s }')
    echo "$name, $connections connections: sent $sent, stored $stored, $after"
}

for connections in "$@"; do
    measure "rsyslog  " $rsyslog 5516 rsyslog "$connections"
    measure "LogIngest" $ingest 5517 logs "$connections"
done
