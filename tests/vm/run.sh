#!/usr/bin/env bash
# tests/vm/run.sh --kernel 7.2 [--arch arm64 [--page-size 16]] [--nic yes] --program DIR --command 'name: ./Program args…' [--command …] [--timeout 600]
# Runs commands in a guest with a Debian kernel of the given version, and writes the results to artifacts/vm/<kernel>/. For another
# architecture, the directory name contains the flavour: artifacts/vm/7.2-cloud-arm64/.
# Exit codes: 0 all passed, 1 something failed, 2 wrong arguments, 77 this machine cannot run it (prints one line `SKIPPED: <reason>`).
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib/common.sh"

kernel='' arch=x64 page_size=4 nic=no timeout=600 artifacts=$repository/artifacts/vm
guest=() commands=()
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage_error "$1 needs a value"
    case "$1" in
        --kernel) kernel=$2 ;;
        --arch) arch=$2 ;;
        --page-size) page_size=$2 ;;
        --nic) nic=$2 ;;
        --program) guest+=("$1" "$2") ;;
        --command) guest+=("$1" "$2"); commands+=("$2") ;;
        --timeout) timeout=$2 ;;
        --artifacts) artifacts=$2 ;;
        *) usage_error "run.sh knows no $1; it is --kernel, --arch, --page-size, --nic, --program, --command, --timeout and --artifacts" ;;
    esac
    shift 2
done
[[ "$kernel" =~ ^[0-9]+\.[0-9]+(\.[0-9]+)*(~rc[0-9]+)?$ || "$kernel" = newest ]] || usage_error "--kernel is a version such as 7.2, or 'newest', not '$kernel'"
[[ "$arch" =~ ^(x64|arm64)$ ]] || usage_error "--arch is x64 or arm64, not '$arch'"
[[ "$page_size" =~ ^(4|16)$ ]] || usage_error "--page-size is 4 or 16, in KiB, not '$page_size'"
[ "$page_size" = 4 ] || [ "$arch" = arm64 ] || usage_error "--page-size 16 needs --arch arm64: x64 has pages of 4 KiB only"
[ "$nic" != yes ] || [ "$arch" = x64 ] || usage_error "--nic yes needs --arch x64: the virtual NIC is built for that only"
[[ "$nic" =~ ^(yes|no)$ ]] || usage_error "--nic is yes or no, not '$nic'"
[[ "$timeout" =~ ^[0-9]+$ ]] || usage_error "--timeout is a number of seconds, not '$timeout'"

# All guests of one `./build.sh test` share a run id. Within one run, a package index that could not be fetched is not fetched again.
export ZCRX_VM_RUN=${ZCRX_VM_RUN:-$$-$(date +%s)}

results=$artifacts/$kernel
case "$arch-$page_size" in
    arm64-4) export ZCRX_VM_FLAVOUR=cloud-arm64 ;;
    # Debian builds no cloud flavour with pages of 16 KiB.
    arm64-16) export ZCRX_VM_FLAVOUR=arm64-16k ;;
    *) export ZCRX_VM_FLAVOUR=cloud-amd64 ;;
esac
[ "$arch" = x64 ] || results=$results-$ZCRX_VM_FLAVOUR
rm -rf "$results"
mkdir -p "$results"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
started=$SECONDS

# Runs a step that prints its result. If the step cannot run on this machine, prints the reason, and ends with the same exit code.
ask() {
    local status=0
    "$here/$1" "${@:2}" >"$work/answer" || status=$?
    if [ "$status" -eq "$cannot_run_code" ]; then
        reason=$(tail -n 1 "$work/answer")
        printf 'skipped\t%s\t%s\n' "${1%.sh}" "$reason" >"$results/results.tsv"
        printf 'SKIPPED: kernel %s: %s\n' "$kernel" "$reason"
        exit "$cannot_run_code"
    fi
    [ "$status" -eq 0 ] || exit "$status"
}

ask host-needs.sh
ask fetch-kernel.sh "$kernel"
image=$(tail -n 1 "$work/answer")
if [ "$nic" = yes ]; then
    ask build-nic.sh "$image"
    guest+=(--nic "$(tail -n 1 "$work/answer")")
fi
ask build-guest.sh --output "$work/initrd" "${guest[@]}"

for command in "${commands[@]}"; do
    printf '%s\t%s\n' "${command%%:*}" "${command#*: }"
done >"$results/commands.tsv"

# A kernel patches its own code while it boots, and an emulated processor sometimes executes the temporary breakpoint ("Oops: int3",
# QEMU 7.2). So a guest that dies before its first command is retried once. None of our programs has run by then.
for try in 1 2; do
    log "booting $(sed -n 's/^release=//p' "$image/info"), at most $timeout s"
    ask run-guest.sh "$image/vmlinuz" "$work/initrd" "$results/console.log" "$timeout"
    read -r accelerator end <"$work/answer"
    if [ "$try" = 2 ] || [ "$end" = deadline ] || grep -q '^ZCRX-READY' "$results/console.log"; then
        break
    fi
    log "the guest died while it booted: $(grep -m 1 -E 'Oops|BUG|panic' "$results/console.log" | tr -d '\r' || echo 'no reason given'); trying once more"
    mv "$results/console.log" "$results/console-died.log"
done

awk -v commands="$results/commands.tsv" -v hung="${end/#ended/}" -f "$here/lib/results.awk" \
    "$results/console.log" >"$results/results.tsv"
printf 'run\t%s\t%s\t%s\t%s\n' "$kernel" "$(sed -n 's/^version=//p' "$image/info")" "$accelerator" "$((SECONDS - started))" >>"$results/results.tsv"

status=0
awk -f "$here/lib/summary.awk" "$results/results.tsv" || status=$?
if [ "$end" = deadline ] || ! grep -q '^guest.*ended$' "$results/results.tsv"; then
    printf -- '-- the last lines of %s:\n' "${results#"$repository/"}/console.log"
    tail -n 40 "$results/console.log" | tr -d '\r'
fi
exit "$status"
