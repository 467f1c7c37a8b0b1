#!/bin/sh
# Make Debian's Rust (packages: xtask/src/toolchain.rs) compile for TARGET as for an ordinary target: its standard library
# is compiled once (about a minute) and put where rustc looks for it; rustup, if there, gets it as the toolchain `debian`.
# Idempotent; needs root. Usage: debian-target.sh TARGET
set -eu
target=$1

lib=/usr/lib/rustlib/$target/lib
version=$(/usr/bin/rustc --version)
if [ "$(cat "$lib/built-by" 2>/dev/null)" != "$version" ]; then
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    mkdir "$dir/src"
    : >"$dir/src/lib.rs"
    printf '[package]\nname = "std-build"\nversion = "0.0.0"\nedition = "2021"\n' >"$dir/Cargo.toml"
    # As in rustc's own build, panic_abort alone is compiled to abort.
    printf '#!/bin/sh\ncase "$*" in *"--crate-name panic_abort "*) set -- "$@" -Cpanic=abort ;; esac\nexec "$@"\n' \
        >"$dir/rustc"
    chmod +x "$dir/rustc"
    # embed-bitcode: without it a crate with lto = true cannot link this std.
    (cd "$dir" && env -u RUSTUP_TOOLCHAIN -u CARGO_TARGET_DIR RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc \
        RUSTC_WRAPPER="$dir/rustc" RUSTFLAGS=-Cembed-bitcode=yes /usr/bin/cargo build --quiet --release \
        --target "$target" -Zbuild-std=std,panic_abort,proc_macro,test)
    # Complete beside its place, then moved: a run that is stopped leaves nothing that looks ready.
    mkdir -p "$lib.new"
    find "$dir/target/$target/release/deps" -name '*.rlib' ! -name 'libstd_build-*' -exec cp {} "$lib.new" \;
    echo "$version" >"$lib.new/built-by"
    rm -rf "$lib"
    mv "$lib.new" "$lib"
fi

if command -v rustup >/dev/null && [ "$(readlink -f "$(rustup run debian rustc --print sysroot 2>/dev/null)")" != /usr ]; then
    rustup toolchain link debian /usr
fi
