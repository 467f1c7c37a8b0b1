use super::process::{Folder, Run};

const POLICY: &str = ".config/flavor/policy.toml";

#[test]
fn init_writes_a_policy_that_asks_for_nothing_and_never_overwrites() {
    let folder = Folder::new().with_package();
    folder.flavor(&["policy", "show"]).succeeds().says(&["no policies"]);
    folder.flavor(&["policy", "init"]).succeeds().says(&[POLICY, "written"]);
    folder.flavor(&["policy", "show"]).succeeds().says(&[POLICY, "asks for nothing"]);
    let written = String::from_utf8(folder.bytes(POLICY)).unwrap();
    folder.flavor(&["policy", "init"]).succeeds().says(&["left as it is"]);
    assert_eq!(folder.bytes(POLICY), written.as_bytes());
    // Every line that is commented out means what it says.
    let all: String = written
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rule) if rule.contains(" = ") => format!("{rule}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert_ne!(all, written);
    folder.write(POLICY, all);
    let shown = folder.flavor(&["policy", "show", "--json"]).succeeds().json();
    let rules = shown["files"][0]["rules"].as_object().unwrap();
    let uncommented = written.lines().filter(|line| line.starts_with("# ") && line.contains(" = "));
    // `default = "deny"` is what holds anyway.
    assert_eq!(rules.len(), uncommented.count() - 1, "{rules:#?}");
}

/// What `check` says is what the launcher does.
#[test]
fn check_decides_as_the_launcher_does() {
    let folder = Folder::new().with_package();
    let pack = ["pack", "--manifest", "app/app.json", "--output", "bare.psp", "--key-seed", "test", "--no-attestation"];
    folder.flavor(&pack).succeeds();
    for (rules, code) in [
        ("", None),
        ("[execution]\nrefuse_root = false", None),
        ("[execution]\nallow_platforms = ['plan9_mips']", Some("policy.platform_mismatch")),
        ("[execution]\nrequire_env = ['LICENCE']", Some("policy.missing_env")),
        ("[execution]\nmax_age_days = 1", Some("policy.expired_package")),
        ("[attestation]\nrequire_sbom = true", Some("policy.missing_sbom")),
        ("[trust]\nrequire_trusted_key = true", Some("policy.untrusted_key")),
        ("[trust]\nminimum_verdict = 'sealed'", None),
        ("[enforcement]\ndefault = 'warn'\n[execution]\nrequire_env = ['LICENCE']", None),
    ] {
        folder.write(POLICY, format!("version = 1\n{rules}\n"));
        let check = folder.flavor(&["policy", "check", "bare.psp", "--json"]);
        let ran = Run::of(folder.package("bare.psp", &[]).env("HOME", folder.path("")));
        let refused = ran.code == Some(108);
        assert_eq!(check.code, Some(i32::from(refused)), "{rules}: {check:#?} {ran:#?}");
        assert_eq!(code.is_some(), refused, "{rules}: {ran:#?}");
        let document = check.json();
        let denied = document["violations"].as_array().unwrap().iter().find(|found| found["enforcement"] == "deny");
        assert_eq!(denied.and_then(|found| found["code"].as_str()), code, "{rules}");
        if let Some(code) = code {
            assert!(ran.stderr.contains(code), "{rules}: {ran:#?}");
            folder.flavor(&["policy", "check", "bare.psp"]).fails(1, &[]).says(&["would not be run", code, POLICY]);
        } else {
            folder.flavor(&["policy", "check", "bare.psp"]).succeeds().says(&["would be run here"]);
        }
    }
    folder.write(POLICY, "version = 1\n[attestation]\nrequire_sbom = true\n");
    folder.flavor(&["policy", "check", "app.psp"]).succeeds();
}

#[test]
fn a_malformed_policy_is_one_error_with_its_place() {
    let folder = Folder::new().with_package();
    folder.write(POLICY, "version = 1\n[trust]\nrequire_trusted_keys = true\n");
    for command in [&["policy", "show"][..], &["policy", "check", "app.psp"]] {
        let run =
            folder.flavor(command).fails(1, &["policy.toml:3:1: error:", "did you mean `trust.require_trusted_key`?"]);
        assert_eq!(run.errors(), 1);
    }
    let run = folder.flavor(&["policy", "show", "--json"]);
    let error = &run.json()["errors"][0];
    assert_eq!((&error["line"], &error["column"], &error["code"]), (&3.into(), &1.into(), &"config.unusable".into()));
}

#[test]
fn a_malformed_policy_json_is_one_error_with_its_place() {
    let folder = Folder::new().with_package();
    for (text, place) in [
        ("", ":1:1"),
        ("nonsense", ":1:2"),
        ("{\"version\": 1,\n \"trust\": {,}}", ":2:12"),
        ("{\"version\": 1,\n \"trust\": 3}", "policy.json"),
        ("{\"version\": 1,\n \"trust\": {\"require_sgnature\": true}}", "require_sgnature"),
    ] {
        folder.write(".config/flavor/policy.json", text);
        for command in [&["policy", "show"][..], &["policy", "check", "app.psp"]] {
            let run = folder.flavor(command).fails(1, &["policy.json", place]);
            assert_eq!((run.errors(), run.stdout.as_str()), (1, ""), "{text:?} {run:#?}");
            assert!(run.stderr.lines().count() < 6, "{run:#?}");
        }
        let run = Run::of(folder.package("app.psp", &[]).env("HOME", folder.path("")));
        assert_eq!(run.fails(109, &["policy.json"]).stdout, "", "{text:?}");
    }
}

#[test]
fn a_broken_package_is_not_judged() {
    let folder = Folder::new().with_package();
    folder.write("junk", "x".repeat(50_000));
    folder.write("empty", "");
    for (name, words) in [("junk", "not a PSPF/2025 package"), ("empty", "0 bytes")] {
        let run = folder.flavor(&["policy", "check", name]).fails(1, &[name, words]);
        assert_eq!((run.errors(), run.stdout.as_str()), (1, ""), "{run:#?}");
    }
    let mut bytes = folder.bytes("app.psp");
    bytes[100] ^= 1;
    folder.write("broken.psp", bytes);
    folder.flavor(&["policy", "check", "broken.psp"]).fails(1, &["broken.psp: error: launcher", "it is not used"]);
}
