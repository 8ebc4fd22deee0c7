# shellcheck shell=bash
# The guest has no libraries of its own before the program's are in it, so its shell must be a static one.

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
