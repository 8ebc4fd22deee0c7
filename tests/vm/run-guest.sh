#!/usr/bin/env bash
# run-guest.sh <vmlinuz> <initrd> <console log> <seconds>: boots a guest and waits for its end.
# Prints `<accelerator> ended`, or `<accelerator> deadline` if the guest had to be stopped. The results of its commands are in the console log.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib/common.sh"

[ $# -eq 4 ] || usage_error "usage: run-guest.sh <vmlinuz> <initrd> <console log> <seconds>"
kernel=$1 initrd=$2 console=$3 seconds=$4

emulator=qemu-system-x86_64
machine=()
terminal=ttyS0
# The existence of /dev/kvm is not sufficient: on a paravirtualised host it exists, but a stock kernel crashes with it.
if [ "$architecture" = arm64 ]; then
    emulator=qemu-system-aarch64
    machine=(-machine virt)
    terminal=ttyAMA0
    accelerator=tcg
    # pauth-impdef replaces the slow architectural algorithm of pointer authentication, which QEMU would compute for every call. With SVE,
    # QEMU 7.2 reports an illegal instruction in code that .NET compiles.
    processor=(-accel 'tcg,thread=multi' -cpu 'max,pauth-impdef=on,sve=off,sme=off')
elif grep -qwE 'vmx|svm' /proc/cpuinfo && [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
    accelerator=kvm
    processor=(-accel kvm -cpu host)
else
    accelerator=tcg
    # SMAP is off, because QEMU before 9.1 emulates IRET from user mode to user mode with kernel rights. .NET returns from a signal handler
    # by such an IRET, so the first NullReferenceException would cause a kernel oops.
    processor=(-accel 'tcg,thread=multi' -cpu 'max,smap=off')
fi

# The deadline of the guest is earlier than that of the host. It must still have time to print where it hangs, and booting takes a while.
guest_seconds=$((seconds > 120 ? seconds - 45 : seconds / 2))

# Makes a program end with its parent, so that no guest survives when this script or its caller is killed.
bound_to_parent() {
    local signal=$1
    shift
    if command -v setpriv >/dev/null; then
        exec setpriv --pdeathsig "$signal" "$@"
    fi
    exec "$@"
}
export -f bound_to_parent
if [ -z "${ZCRX_VM_BOUND:-}" ]; then
    ZCRX_VM_BOUND=yes bound_to_parent TERM "$0" "$@"
fi

# Without this, the kernel's watchdog declares the TSC unstable when the host is busy, and the kernel then patches its own code. QEMU 7.2 sometimes
# executes the temporary breakpoint of such a patch, which ends in `Oops: int3`.
clock=
if [ "$accelerator" = tcg ] && [ "$architecture" != arm64 ]; then
    clock=" tsc=reliable"
fi

emulator=("$emulator" "${machine[@]}" "${processor[@]}" -m 3072 -smp 2
    -nodefaults -display none -serial stdio -no-reboot
    -kernel "$kernel" -initrd "$initrd"
    -append "console=$terminal quiet loglevel=1 panic=-1 mitigations=off random.trust_cpu=on zcrx.deadline=$guest_seconds$clock")

status=0
bound_to_parent KILL timeout --kill-after=5 "$seconds" bash -c 'bound_to_parent KILL "$@"' - "${emulator[@]}" </dev/null >"$console" 2>&1 &
guest=$!

# Sometimes an emulated processor spins forever while the kernel boots. A guest that is not ready after this time is killed; the caller may retry.
boot_seconds=$((seconds / 3 < 180 ? seconds / 3 : 180))
(
    for ((waited = 0; waited < boot_seconds; waited++)); do
        if grep -qs '^ZCRX-READY' "$console"; then
            exit
        fi
        sleep 1
    done
    kill "$guest"
) &
watcher=$!
trap 'kill "$guest" "$watcher" 2>/dev/null || true' EXIT
wait "$guest" || status=$?
kill "$watcher" 2>/dev/null || true
trap - EXIT

case "$status" in
    124 | 137) echo "$accelerator deadline" ;;
    *) echo "$accelerator ended" ;;
esac
