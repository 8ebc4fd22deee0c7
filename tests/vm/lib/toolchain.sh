# shellcheck shell=bash
# Provides a root directory for chroot with Debian's compiler and the tools of the guest. Packages are unpacked, not installed or configured.

# gcc-14 is the compiler of the kernels. The host programs in the header packages need the libraries.
readonly toolchain_packages=(base-files bash binutils coreutils dash diffutils ethtool findutils gcc-14 grep iproute2 libelf1t64 libssl3t64 make mawk sed zlib1g)

# Prints the cached directory. On failure prints the reason on standard output instead.
toolchain() {
    local key directory
    key=$(printf '%s\n' "${toolchain_packages[@]}" "$tool_suite" | sha256sum | cut -c1-16)
    directory=${cache:?}/toolchain/$key
    lock_cache toolchain
    if [ ! -e "$directory" ]; then
        refresh_indexes 1440 "$tool_suite"
        have_index "$tool_suite" || { echo "the compiler for kernel modules is not cached, and suite $tool_suite has no package index: $(index_failure "$tool_suite")"; return 1; }
        mkdir -p "$cache/toolchain"
        log "fetching a compiler for kernel modules"
        fetch_toolchain "$directory" || return 1
    fi
    printf '%s\n' "$directory"
}

fetch_toolchain() {
    local target=$1 work
    work=$(mktemp -d "$cache/toolchain/.new.XXXXXX")
    if ! unpack_packages "$work" "the compiler for kernel modules" "${toolchain_packages[@]}"; then
        rm -rf "$work"
        return 1
    fi

    # Does the required work of the packages' installation scripts, which do not run.
    ln -s mawk "$work/root/usr/bin/awk"
    mkdir -p "$work/root/proc" "$work/root/build"
    mv "$work/root" "$target"
    rm -rf "$work"
}

# Copies programs of the toolchain into a directory, each with its libraries and a wrapper script. The wrapper is necessary, because all other
# programs of the guest use another C library.
copy_tools() {
    local toolchain=$1 target=$2 tool program library
    mkdir -p "$target/bin" "$target/lib"
    cp -L -- "$toolchain/usr/lib64/ld-linux-x86-64.so.2" "$target/lib/"
    for tool in "${@:3}"; do
        program=$(find "$toolchain"/usr/{bin,sbin} -name "$tool" | head -n 1)
        cp -L -- "$program" "$target/lib/$tool"
        while IFS= read -r library; do
            cp -L -- "$library" "$target/lib/"
        done < <("$toolchain/usr/lib64/ld-linux-x86-64.so.2" --library-path "$toolchain/usr/lib/x86_64-linux-gnu" --list "$program" |
            sed -nE "s|.* => ($toolchain/[^ ]+) \(0x.*|\1|p")
        printf '#!/bin/sh\nexec /zcrx/nic/lib/ld-linux-x86-64.so.2 --library-path /zcrx/nic/lib /zcrx/nic/lib/%s "$@"\n' "$tool" >"$target/bin/$tool"
        chmod +x "$target/bin/$tool"
    done
}
