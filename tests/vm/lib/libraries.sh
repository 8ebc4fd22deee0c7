# shellcheck shell=bash
# Copies the shared libraries that the dynamic linker would load for a directory of programs to the same paths in the guest.

copy_libraries_of() {
    local directory=$1 root=$2 library
    while IFS= read -r library; do
        # Libraries in the program's own directory are copied with the program.
        case "$library" in "$directory"/*) continue ;; esac
        [ ! -e "$root$library" ] || continue
        mkdir -p "$root$(dirname -- "$library")"
        cp -L -- "$library" "$root$library"
    done < <(elf_files "$directory" | xargs -r -d '\n' ldd 2>/dev/null | sed -nE 's/^[[:space:]]+(.* => )?(\/[^ ]+) \(0x.*/\2/p' | sort -u)
}

# Copies OpenSSL. .NET loads it by name at its first use, so `ldd` does not list it.
copy_openssl() {
    local root=$1 library
    while IFS= read -r library; do
        mkdir -p "$root$(dirname -- "$library")"
        cp -L -- "$library" "$root$library"
    done < <(PATH=$PATH:/usr/sbin:/sbin ldconfig -p | sed -nE 's/^[[:space:]]+lib(ssl|crypto)\.so\.[0-9.]+ .* => (\/.*)$/\2/p' | sort -u)
}

elf_files() {
    local file
    find "$1" -type f \( -perm -u+x -o -name '*.so' -o -name '*.so.*' \) | while IFS= read -r file; do
        if [ "$(head -c 4 -- "$file" | tr -d '\0')" = $'\x7fELF' ]; then
            printf '%s\n' "$file"
        fi
    done
}
