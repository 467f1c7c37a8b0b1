//! What signs, and what opens an index, stays with `flavor`: no program that it starts is given a seed, and no output shows a password.

use super::process::{Folder, Run};
use std::{io::Write as _, process::Stdio};

const PROJECT: &str = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n\
    [project]\nname = 'quiet'\nversion = '1'\n[tool.setuptools]\npy-modules = ['quiet']\n[tool.flavor]\nentry_point = 'quiet:main'\n\
    runtime.compile_bytecode = false\n";

/// Hooks, the build backend and the test command write down their environment.
#[test]
fn no_program_that_packing_starts_is_given_a_seed() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let note = |name: &str| format!("env > {}", folder.path(name).display());
    let keys = format!(
        "build.compression_level = 1\nsecurity.key_seed = '${{MY_SEED}}'\nbuild.pre_build = [\"{}\"]\nbuild.post_build = [\"{}\"]\n",
        note("pre.env"),
        note("post.env")
    );
    folder.write("pyproject.toml", format!("{PROJECT}{keys}"));
    folder.write("quiet.py", "def main():\n    print('quiet')\n");
    folder.write(
        "setup.py",
        format!(
            "import os\nfrom setuptools import setup\nopen({:?}, 'w').write(repr(os.environ))\nsetup()\n",
            folder.path("backend.env")
        ),
    );
    let test = format!("sh -c '{}; quiet'", note("test.env"));
    let mut command = folder.command();
    command.args(["pack", "--output", "quiet.psp", "--quiet", "--test-command", &test]);
    command.envs([("MY_SEED", "hush-1"), ("FLAVOR_SEED", "hush-2"), ("FLAVOR_KEY_SEED", "hush-3"), ("KEPT", "kept")]);
    Run::of(&mut command).succeeds();
    for name in ["pre.env", "backend.env", "test.env", "post.env"] {
        let text = String::from_utf8(folder.bytes(name)).unwrap();
        assert!(text.contains("KEPT") && !text.contains("hush"), "{name}: {text}");
    }
}

/// All of them are made in one module.
#[test]
fn programs_are_started_in_one_way() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = std::fs::read_dir(folder.join("crates")).unwrap().map(|entry| entry.unwrap().path().join("src"));
    let sources: Vec<_> = crates.chain([folder.join("src")]).collect();
    assert!(sources.len() > 1);
    let files = sources.into_iter().flat_map(walkdir::WalkDir::new).map(|entry| entry.unwrap().into_path());
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "rs")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let program = text.split("#[cfg(test)]").next().unwrap();
        let made = program.matches("Command::new(").count();
        assert_eq!(made, usize::from(file.ends_with("python/src/process.rs")), "{}", file.display());
    }
}

#[test]
fn a_seed_can_come_from_a_file_or_standard_input() {
    let folder = Folder::new().with_app();
    folder.write("seed", "the seed\n");
    folder.write("dos", "the seed\r\n");
    let pack = |words: &[&str], input: &[u8]| {
        let mut command = folder.command();
        command.args(["pack", "--manifest", "app/app.json", "--output", "app.psp", "--json"]).args(words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // One that reads nothing closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input);
        let done = child.wait_with_output().unwrap();
        let document: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        (done.status.code(), document)
    };
    let (_, expected) = pack(&["--key-seed", "the seed"], b"");
    for (words, input) in [
        (&["--key-seed", "-"][..], &b"the seed"[..]),
        (&["--key-seed", "-"], b"the seed\n"),
        (&["--key-seed-file", "seed"], b""),
        (&["--key-seed-file", "dos"], b""),
    ] {
        let (code, document) = pack(words, input);
        assert_eq!((code, &document["fingerprint"]), (Some(0), &expected["fingerprint"]), "{words:?} {document}");
        assert_eq!(document["key"], "seed");
    }
    let (code, document) = pack(&["--key-seed", "-"], b"the seed\n\n");
    assert_eq!(code, Some(0));
    assert_ne!(document["fingerprint"], expected["fingerprint"]);
    for (words, input) in [
        (&["--key-seed", "-"][..], &b""[..]),
        (&["--key-seed", "-"], b"\n"),
        (&["--key-seed", "-"], b"\xff"),
        (&["--key-seed", "-"], &[b'x'; 5000]),
        (&["--key-seed-file", "no-such-file"], b""),
        (&["--key-seed-file", "app"], b""),
    ] {
        let (code, document) = pack(words, input);
        assert!(code == Some(1) || code == Some(2), "{words:?} {document}");
        assert_eq!(document["ok"], false);
    }
    folder.flavor(&["pack", "--key-seed", "a", "--key-seed-file", "seed"]).fails(2, &["cannot be used with"]);
}

/// uv itself runs, behind a script that writes down with which words.
#[test]
fn passwords_of_indexes_are_in_no_command_line_and_no_message() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let uv = pspf_test_support::uv().expect("uv was looked for above").display().to_string();
    folder.write_executable(
        "uv.sh",
        &format!("#!/bin/sh\necho \"$@\" >> {}\nexec {uv} \"$@\"\n", folder.path("words").display()),
    );
    for (use_pip, further) in [(false, "extra_index_urls = ['http://hush-2@127.0.0.1:9/two/']"), (true, "")] {
        let keys = format!(
            "[tool.flavor.build]\ncompression_level = 1\nuse_pip = {use_pip}\nindex_url = 'http://me:hush-1@127.0.0.1:9/one/'\n{further}\n\
             extra_packages = ['flavor-no-such-package-1a2b3c']\n"
        );
        folder.write("pyproject.toml", format!("{PROJECT}{keys}"));
        folder.write("quiet.py", "def main(): pass\n");
        for words in [&["pack", "--verbose"][..], &["pack", "--json"], &["doctor"]] {
            let mut command = folder.command();
            command.args(words).env("FLAVOR_UV", folder.path("uv.sh")).env("UV_HTTP_RETRIES", "0");
            for name in [
                "UV_DEFAULT_INDEX",
                "UV_INDEX",
                "UV_INDEX_URL",
                "PIP_INDEX_URL",
                "HTTP_PROXY",
                "HTTPS_PROXY",
                "ALL_PROXY",
            ] {
                command.env_remove(name);
            }
            let run = Run::of(&mut command);
            assert!(!run.stdout.contains("hush") && !run.stderr.contains("hush"), "{run:#?}");
            let is_named = run.stdout.contains("127.0.0.1:9") || run.stderr.contains("127.0.0.1:9");
            assert!(is_named || use_pip && words[0] == "pack", "{run:#?}");
        }
    }
    let words = String::from_utf8(folder.bytes("words")).unwrap();
    assert!(words.contains("pip") && !words.contains("hush"), "{words}");
}
