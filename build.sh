#!/bin/sh
# ./build.sh <target> [--arg value ...] [-- arguments for the program that the target starts]
# Restores the build tool and runs build.cake. Without a target, lists the targets.
set -eu

cd -- "$(dirname -- "$0")"

if ! command -v dotnet >/dev/null 2>&1; then
    echo "build.sh: no 'dotnet' on the PATH. Install the .NET SDK 10 (https://dotnet.microsoft.com/download) and try again." >&2
    exit 127
fi

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

# Disables colour codes if the output is a file or a log.
[ -t 1 ] || export NO_COLOR=1

# Fails early if global.json does not accept the SDK, or if the SDK lacks a library.
if ! version=$(dotnet --version 2>&1); then
    case "$version" in
        *ICU*)
            echo "build.sh: the ICU libraries are not installed, using .NET's invariant globalization." >&2
            # Without the second variable, the SDK warns about every culture for which a package contains resources.
            export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_SYSTEM_GLOBALIZATION_PREDEFINED_CULTURES_ONLY=false
            version=$(dotnet --version 2>&1) && status=0 || status=$?
            ;;
        *) status=1 ;;
    esac
    if [ "$status" -ne 0 ]; then
        printf '%s\n' "$version" >&2
        echo "build.sh: 'dotnet --version' failed. Install the .NET SDK that global.json requires, with the libraries that it needs." >&2
        exit 1
    fi
fi

target=list
case "${1-}" in
    "" | --list | --help | -h) [ $# -eq 0 ] || shift ;;
    -*) echo "build.sh: the target comes first: ./build.sh <target> [--arg value ...]; ./build.sh --list names them." >&2; exit 2 ;;
    *) target=$1; shift ;;
esac

# Converts `--name value` to `--name=value`, because Cake reads only this form. Arguments after `--` are passed to the program, one per line.
unset ZCRX_PASSTHROUGH || true
n=$#
while [ "$n" -gt 0 ]; do
    arg=$1; shift; n=$((n - 1))
    case "$arg" in
        --)
            passthrough=
            while [ "$n" -gt 0 ]; do
                passthrough="$passthrough$1
"
                shift; n=$((n - 1))
            done
            export ZCRX_PASSTHROUGH="$passthrough"
            ;;
        --*=*) set -- "$@" "$arg" ;;
        --*)
            if [ "$n" -gt 0 ] && [ "${1#--}" = "$1" ]; then
                set -- "$@" "$arg=$1"; shift; n=$((n - 1))
            else
                set -- "$@" "$arg=true"
            fi
            ;;
        *) echo "build.sh: '$arg' is neither --name nor the value of one. Arguments for the program that the target starts come after '--'." >&2; exit 2 ;;
    esac
done

dotnet tool restore --verbosity quiet >/dev/null || { dotnet tool restore >&2; exit 1; }
# Passes the arguments after `--`, so that Cake does not interpret them: `--version` or `--dryrun` would run nothing and return 0.
exec dotnet cake build.cake --target="$target" --verbosity=quiet -- "$@"
