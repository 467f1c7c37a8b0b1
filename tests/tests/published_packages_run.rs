//! Packages of the published builders run with our launcher in front as with their own: same output, exit code and
//! environment, but for differences that are decided and named here.

use pspf_tests::{
    own,
    peer::{Language, Peer},
    published_builders::Builder,
};
use std::{collections::BTreeMap, path::Path, process::Output};

/// Shows everything that a program can see of its start.
const PROGRAM: &[u8] =
    b"#!/bin/sh\nprintf 'ran:'; printf ' <%s>' \"$@\"; echo\npwd\ncat text 2>/dev/null\nenv -0\nexit 7\n";

/// Variables that only our launcher sets (docs/launcher.md, "The environment"): the union of what the three published
/// launchers set or document, and the state directory.
const ONLY_OURS: [&str; 8] = [
    "FLAVOR_LAUNCHER",
    "FLAVOR_STATE_DIR",
    "FLAVOR_PACKAGE",
    "FLAVOR_VERSION",
    "FLAVOR_OS",
    "FLAVOR_ARCH",
    "FLAVOR_PLATFORM",
    "FLAVOR_CACHE_DIR",
];

/// Packages that the published launchers do not run: codecs that only the Python builder has (docs/format.md §4).
const REFUSED: [(Builder, Language); 2] =
    [(Builder::PythonCodecs, Language::Rust), (Builder::PythonCodecs, Language::Go)];

type Environment = BTreeMap<String, String>;

/// What was printed before the environment, and the environment. The work environment, whose name is a decided difference,
/// and the package's folder are put in braces.
fn seen(output: &Output, folder: &Path) -> (String, Environment) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let start = text.find('\0').map_or(text.len(), |first| text[..first].rfind('\n').map_or(0, |line| line + 1));
    let (printed, variables) = text.split_at(start);
    let raw: Vec<(&str, &str)> = variables.split('\0').filter_map(|pair| pair.split_once('=')).collect();
    let workenv = raw.iter().find(|(name, _)| *name == "FLAVOR_WORKENV").map_or("", |(_, value)| *value);
    assert!(workenv.starts_with('/'), "{} {text} {}", output.status, String::from_utf8_lossy(&output.stderr));
    let folder = folder.to_str().unwrap();
    let neutral = |value: &str| value.replace(workenv, "{workenv}").replace(folder, "{folder}");
    (neutral(printed), raw.into_iter().map(|(name, value)| (name.to_owned(), neutral(value))).collect())
}

#[test]
fn packages_of_the_published_builders_see_the_same_with_our_launcher() {
    let Some(peer) = Peer::for_test() else { return };
    let ours = own::launcher();
    for builder in Builder::ALL {
        let run = |launcher: &Path, folder: &Path| {
            let package = builder.build_around(PROGRAM, &peer, launcher, folder).unwrap();
            let mut last = None;
            for _start in ["first", "next"] {
                let mut command = peer.command(&package, folder);
                last = Some(command.env("KEPT", "as it is").args(["a", "b c", ""]).output().unwrap());
            }
            last.unwrap()
        };
        let our_folder = tempfile::tempdir().unwrap();
        let output = run(&ours, our_folder.path());
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), message.as_ref()), (Some(7), ""), "{builder:?}");
        let (our_text, our_variables) = seen(&output, our_folder.path());
        assert_eq!(our_text, "ran: <a> <b c> <>\n{folder}\n", "{builder:?}");
        for language in [Language::Rust, Language::Go] {
            let folder = tempfile::tempdir().unwrap();
            let output = run(&peer.launcher(language).unwrap(), folder.path());
            if REFUSED.contains(&(builder, language)) {
                assert_ne!(output.status.code(), Some(7), "{builder:?} {language:?}");
                continue;
            }
            let (text, mut variables) = seen(&output, folder.path());
            assert_eq!((output.status.code(), text.as_str()), (Some(7), our_text.as_str()), "{builder:?} {language:?}");
            let mut expected = our_variables.clone();
            for name in ONLY_OURS {
                assert!(expected.remove(name).is_some(), "{name}");
            }
            // Theirs is one level too deep, and not where XDG_CACHE_HOME says (docs/launcher.md, "The environment").
            let theirs = variables.remove("FLAVOR_CACHE_DIR");
            let wrong = (language == Language::Rust).then_some("{folder}/.cache/flavor/workenv");
            assert_eq!(theirs.as_deref(), wrong, "{builder:?}");
            assert_eq!(variables, expected, "{builder:?} {language:?}");
        }
        println!(
            "{builder:?}: {} variables, output and exit code as with the published launchers",
            our_variables.len()
        );
    }
}
