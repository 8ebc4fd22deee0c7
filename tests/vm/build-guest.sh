#!/usr/bin/env bash
# build-guest.sh --output <initrd> [--nic <dir>] --program <dir>... --command '<name>: <command>'...
# Builds an initramfs that runs the commands in order. A command that starts with ./file runs in the program directory that contains the file.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/sources.sh"
. "$here/lib/index.sh"
. "$here/lib/packages.sh"
. "$here/lib/foreign.sh"
. "$here/lib/busybox.sh"
. "$here/lib/libraries.sh"
. "$here/lib/frameworks.sh"
. "$here/lib/base.sh"

programs=()
commands=()
nic=''
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage_error "$1 needs a value"
    case "$1" in
        --output) output=$2 ;;
        --nic) nic=$(realpath -e -- "$2") ;;
        --program) programs+=("$(realpath -e -- "$2")") ;;
        --command) commands+=("$2") ;;
        *) usage_error "build-guest.sh knows no $1" ;;
    esac
    shift 2
done
[ "${#commands[@]}" -gt 0 ] || usage_error "a guest without a --command has nothing to do"

# Prints the working directory of a command in the guest. Program directories are numbered, because most of them are named `publish`.
directory_of() {
    local file=${1%% *} i
    case "$file" in
        ./*)
            for i in "${!programs[@]}"; do
                if [ -e "${programs[i]}/$file" ]; then
                    printf '/programs/%s\n' "$i"
                    return 0
                fi
            done
            usage_error "no --program directory holds $file"
            ;;
        *) echo /tmp ;;
    esac
}

foreign=''
if [ "$architecture" != amd64 ]; then
    foreign=$(foreign_root) || cannot_run "$foreign"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/programs" "$work/root/zcrx/commands"

for i in "${!programs[@]}"; do
    cp -aL -- "${programs[i]}" "$work/root/programs/$i"
    [ -n "$foreign" ] || copy_libraries_of "${programs[i]}" "$work/root"
done
[ -n "$foreign" ] || copy_openssl "$work/root"
[ -z "$nic" ] || cp -a -- "$nic" "$work/root/zcrx/nic"

for i in "${!commands[@]}"; do
    name=${commands[i]%%:*}
    command=${commands[i]#*:}
    command=${command# }
    [[ "$name" =~ ^[A-Za-z0-9._-]+$ && -n "$command" ]] || usage_error "--command is '<name>: <command>', the name of letters, digits, '.', '_' and '-'; not '${commands[i]}'"
    directory=$(directory_of "$command")
    printf 'cd %s || exit 127\n%s\n' "$directory" "$command" >"$work/root/zcrx/commands/$(printf '%03d' "$i")-$name"
done

base=$(frameworks_wanted "${programs[@]}" | frameworks_installed | base_archive "$foreign")
pack "$work/root" "$work/programs.cpio"
cat "$base" "$work/programs.cpio" >"$output"
