# shellcheck shell=bash
# Copies this machine's .NET runtimes into the guest, as far as the programs require them. All programs share one copy. Self-contained
# programs require no runtime.

# Prints `name major` of each framework in the runtimeconfig.json files of the given directories.
frameworks_wanted() {
    local directory
    for directory in "$@"; do
        find "$directory" -maxdepth 1 -name '*.runtimeconfig.json' -exec cat {} + | tr -d '\r' | tr '\n' ' ' |
            sed -E 's/"includedFrameworks"[^]]*\]//g' |
            grep -oE '"name": *"[^"]+", *"version": *"[0-9]+' |
            sed -E 's/"name": *"([^"]+)", *"version": *"([0-9]+)/\1 \2/' || true
    done | sort -u
}

# Prints the newest installed patch level of each framework on standard input, as `dotnet root|framework|version`.
frameworks_installed() {
    local name major line
    while read -r name major; do
        line=$(dotnet --list-runtimes | grep -F "$name $major." | tail -n 1) ||
            fail "a program needs $name $major, which is not installed here: dotnet --list-runtimes"
        sed -E 's/^([^ ]+) ([^ ]+) \[(.*)\/shared\/[^/]*\]$/\3|\1|\2/' <<<"$line"
    done
}

# Copies one framework into a guest, with the host programs that start it.
copy_framework() {
    local root=$1 dotnet name version
    IFS='|' read -r dotnet name version <<<"$2"
    mkdir -p "$root/dotnet/shared/$name" "$root/dotnet/host/fxr"
    cp -a -- "$dotnet/shared/$name/$version" "$root/dotnet/shared/$name/"
    cp -L -- "$dotnet/dotnet" "$root/dotnet/dotnet"
    cp -a -- "$(find "$dotnet/host/fxr" -mindepth 1 -maxdepth 1 | sort -V | tail -n 1)" "$root/dotnet/host/fxr/"
    copy_libraries_of "$dotnet/shared/$name/$version" "$root"
    copy_libraries_of "$(dirname -- "$(readlink -f -- "$dotnet/dotnet")")/host" "$root"
}
