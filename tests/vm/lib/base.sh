# shellcheck shell=bash
# Builds the part of the guest that does not depend on its programs: shell, init and .NET. The cache key is a hash of all inputs.

# Prints the path of the archive with the frameworks that standard input lists, one per line. The argument is the directory from
# foreign_root, or empty for a guest of this machine's architecture.
base_archive() {
    local foreign=$1 frameworks busybox key archive
    frameworks=$(cat)
    if [ -n "$foreign" ]; then
        [ -z "$frameworks" ] || fail "the programs of a guest of another architecture must be self-contained: dotnet publish --self-contained"
        busybox=$foreign/usr/bin/busybox
    else
        busybox=$(static_busybox) || fail 'there is no static busybox'
    fi
    key=$( (cat "${vm_directory:?}"/guest/* "$vm_directory"/lib/{base,foreign,frameworks,libraries}.sh "$busybox"; printf '%s\n' "$frameworks" "$foreign") | sha256sum | cut -c1-16)
    archive=${cache:?}/base/$key.cpio

    lock_cache base
    if [ ! -e "$archive" ]; then
        mkdir -p "$cache/base"
        log "building the base of the guest with $(tr '|\n' '  ' <<<"${frameworks:-no .NET of its own}")"
        build_base "$frameworks" "$busybox" "$archive" "$foreign"
    fi
    touch "$archive"
    find "$cache/base" -name '*.cpio' -mtime +14 -delete
    printf '%s\n' "$archive"
}

build_base() {
    local frameworks=$1 busybox=$2 archive=$3 foreign=$4 root framework
    root=$(mktemp -d "$cache/base/.new.XXXXXX")
    mkdir -p "$root"/{bin,dev,etc,proc,run,sys,tmp,zcrx}
    cp -L -- "$busybox" "$root/bin/busybox"
    cp -- "$vm_directory/guest/init" "$root/init"
    cp -- "$vm_directory/guest/environment" "$root/zcrx/environment"
    printf 'root:x:0:0:root:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
    printf '127.0.0.1 localhost guest\n::1 localhost guest\n' >"$root/etc/hosts"
    while IFS= read -r framework; do
        [ -z "$framework" ] || copy_framework "$root" "$framework"
    done <<<"$frameworks"
    [ -z "$foreign" ] || copy_foreign_libraries "$foreign" "$root"
    pack "$root" "$archive.new"
    mv "$archive.new" "$archive"
    rm -rf "$root"
}

# Packs a directory into an archive. It is not compressed, because under emulation decompression takes longer than reading. Archives can be
# concatenated, because the kernel unpacks one after the other.
pack() {
    (cd -- "$1" && find . -print0 | sort -z | cpio --quiet --null -o -H newc -R 0:0) >"$2"
}
