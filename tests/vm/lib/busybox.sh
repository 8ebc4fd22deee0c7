# shellcheck shell=bash
# The shell of the guest must be statically linked, because the base of the guest contains no libraries.

static_busybox() {
    local candidate
    for candidate in "$(command -v busybox || true)" /bin/busybox /usr/bin/busybox; do
        if [ -x "$candidate" ] && ! ldd "$candidate" >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}
