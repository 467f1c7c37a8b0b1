//! Programs and libraries that a project brings: what they ask of glibc, and what is stripped of them. Needs a C compiler.

use super::process::{Folder, Run, launcher};
use std::{fs, process::Command};

const PROJECT: &str = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n\
    [project]\nname = 'native'\nversion = '1'\n[tool.setuptools]\npackages = ['native']\npackage-data.native = ['*.so']\n\
    [tool.flavor]\nentry_point = 'native:main'\nruntime.compile_bytecode = false\nbuild.compression_level = 0\n";

/// A project with a library that needs the glibc that is given, with debugging symbols.
fn project(glibc: &str) -> Folder {
    let folder = Folder::new();
    folder.write("pyproject.toml", PROJECT);
    folder.write("native/__init__.py", "def main():\n    pass\n");
    folder.write("c/future.c", "int future(void) { return 1; }\n");
    folder.write("c/future.map", format!("GLIBC_{glibc} {{ global: future; local: *; }};\n"));
    folder.write("c/native.c", "int future(void);\nint native(void) { return future(); }\n");
    for words in [
        "-shared -nostdlib -o libc.so.6 future.c -Wl,-soname,libc.so.6 -Wl,--version-script=future.map",
        "-shared -nostdlib -g -o ../native/native.so native.c libc.so.6",
    ] {
        Run::of(Command::new("cc").current_dir(folder.path("c")).args(words.split(' '))).succeeds();
    }
    folder
}

fn has_symbols(folder: &Folder) -> bool {
    folder.flavor(&["extract", "dist/native.psp", "app", "app.tar", "--force"]).succeeds();
    folder.bytes("app.tar").windows(11).any(|bytes| bytes == b".debug_info")
}

#[test]
fn the_glibc_that_a_library_needs_is_named_and_symbols_go_when_asked_for() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["cc"]) {
        return;
    }
    let folder = project("2.99");
    let document = folder.flavor(&["pack", "--json", "--key-seed", "k"]).succeeds().json();
    let notices = document["notices"].to_string();
    assert!(notices.contains("the package needs a Linux with glibc 2.99 or newer"), "{notices}");
    assert!(has_symbols(&folder));
    // With the launcher that the manifest names for this platform; none is in the program that is tested.
    let processor = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let launchers = format!("[[tool.flavor.launchers]]\nplatform = 'linux_{processor}'\nbinary = 'own-launcher'\n");
    folder.write("pyproject.toml", format!("{PROJECT}{launchers}"));
    fs::copy(launcher(), folder.path("own-launcher")).unwrap();
    let mut pack = folder.command();
    pack.args(["pack", "--quiet", "--strip"]).env_remove("FLAVOR_LAUNCHER_BIN");
    Run::of(&mut pack).succeeds();
    assert!(folder.bytes("dist/native.psp").starts_with(&folder.bytes("own-launcher")));
    assert!(!has_symbols(&folder));
}

#[test]
fn a_library_that_is_too_new_for_the_bundled_glibc_is_refused() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["cc"]) {
        return;
    }
    if !pspf_test_support::has_debian_keys() {
        return;
    }
    let folder = project("2.99");
    let run = folder.flavor(&["pack", "--quiet", "--python", "debian:3.11"]);
    let run = run.fails(1, &["cannot be bundled: its glibc is 2.36", "something installed needs 2.99"]);
    assert_eq!(run.errors(), 1, "{run:#?}");
    assert!(!folder.path("dist/native.psp").exists());
}
