#!/bin/sh
# Makes sure that the package Akka can be restored. Sources that have it: nothing to do. Otherwise it is repacked into eng/feed
# from a package that ships the same file. Why: docs/adr/0002-akka-package-source.md. May be run any number of times.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
version=$(sed -n 's:.*<AkkaVersion>\(.*\)</AkkaVersion>.*:\1:p' "$root/eng/akka/Directory.Build.props")
central=$(sed -n 's:.*Include="Akka" Version="\([^"]*\)".*:\1:p' "$root/Directory.Packages.props")
log="$root/artifacts/akka/restore.log"

if [ "$version" != "$central" ]; then
    echo "restore-akka: eng/akka/Directory.Build.props says Akka $version, Directory.Packages.props says $central; they must agree." >&2
    exit 1
fi

# Already repacked, or already in the machine's package cache (then no source is asked at all).
if [ -f "$root/eng/feed/Akka.$version.nupkg" ] ||
   [ -f "${NUGET_PACKAGES:-${HOME:-/nonexistent}/.nuget/packages}/akka/$version/.nupkg.metadata" ]; then
    exit 0
fi

mkdir -p "$root/artifacts/akka"

if dotnet restore "$root/eng/akka/Probe.csproj" >"$log" 2>&1; then
    exit 0
fi

echo "restore-akka: the configured package sources have no Akka $version; repacking it into eng/feed."
if dotnet pack "$root/eng/akka/Repack.csproj" >>"$log" 2>&1; then
    # Packed elsewhere and moved: an interrupted run leaves no half a package in the feed.
    mv "$root/artifacts/akka/packages/Akka.$version.nupkg" "$root/eng/feed/"
    exit 0
fi

sed -n 's/.*\(error [A-Z]*[0-9]*:.*\)/  \1/p' "$log" | sort -u >&2
echo "restore-akka: Akka $version could neither be restored nor repacked; the errors are above, the log is $log. Needed: a package source with Akka $version, or with neo.express 3.5.20." >&2
exit 1
