#!/usr/bin/env bash
# newest-kernel.sh <pattern>...: fetches the newest kernel of Debian's suites, and prints its version. Also prints the first pattern for
# which fetch-kernel.sh would fetch the same kernel, if there is one. Ends with exit code 77 and a reason if no kernel is available.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/index.sh"

answer=$("$here/fetch-kernel.sh" newest) || { status=$?; printf '%s\n' "$answer"; exit "$status"; }
newest=$(sed -n 's/^upstream=//p' "$(tail -n 1 <<<"$answer")/info")
# The newest kernel of all is also the newest kernel of each pattern that it matches.
for pattern in "$@"; do
    if kernel_matches "$newest" "$pattern"; then
        printf '%s %s\n' "$newest" "$pattern"
        exit 0
    fi
done
printf '%s\n' "$newest"
