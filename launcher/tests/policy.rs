//! Policies, trust and levels of validation, with launchers as processes: what is run, what is refused, and in what words.

mod support;

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::Path,
    process::{Command, Output},
};

use pspf_nostd::{
    codec::gzip_stored,
    descriptor::{DESCRIPTOR_SIZE, SlotDescriptor},
    digest::sha256,
    index::{self, END_MAGIC, IndexBlock, START_MAGIC},
    key::SigningKey,
    metadata::Metadata,
    profile::{IndexFacts, Profile, StoredSlot},
};
use support::{LAUNCHER, Place, Slot, assert_refused, key, package, stderr, stdout};

/// A machine with an `/etc/flavor` and a user's directory of its own.
struct Machine {
    place: Place,
    environment: Vec<(&'static str, String)>,
}

impl Machine {
    fn new() -> Self {
        let place = Place::new();
        fs::create_dir_all(place.path("etc/flavor")).unwrap();
        Self { place, environment: Vec::new() }
    }

    /// A file of the machine's directory; only root may write to it.
    fn system(self, name: &str, content: &str) -> Self {
        self.file(&format!("etc/flavor/{name}"), content)
    }

    /// A file of the user's directory.
    fn user(self, name: &str, content: &str) -> Self {
        self.file(&format!("config/{name}"), content)
    }

    fn file(self, name: &str, content: &str) -> Self {
        let path = self.place.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        self
    }

    fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// The program in a mount namespace where `/etc` is ours: no variable may lead a launcher to another machine policy.
    fn start(&self, program: &Path) -> Output {
        self.start_with(program, &[])
    }

    fn start_with(&self, program: &Path, variables: &[(&str, &str)]) -> Output {
        let mut command = self.place.command(Path::new("/usr/bin/unshare"));
        command.arg("-m").args(namespace_options()).args(["sh", "-c", "mount --bind \"$1\" /etc && exec \"$2\"", "sh"]);
        command.arg(self.place.path("etc")).arg(program);
        command.env("FLAVOR_CONFIG_DIR", self.place.path("config")).envs(self.environment.iter().map(|(k, v)| (k, v)));
        command.envs(variables.iter().copied()).output().unwrap()
    }

    fn run(&self, package: &[u8]) -> Output {
        let program = self.place.install("p", package);
        self.start(&program)
    }
}

fn namespace_options() -> &'static [&'static str] {
    if is_root() { &[] } else { &["-r"] }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

fn app(extra: &str) -> Vec<u8> {
    package(&[Slot::script("a", "bin/a", "echo ran")], "a", extra)
}

#[track_caller]
fn runs(machine: &Machine, package: &[u8]) {
    assert_eq!(stdout(&machine.run(package)), "ran\n");
}

fn toml(text: &str) -> String {
    format!("version = 1\n{text}\n")
}

fn platform() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "linux_amd64",
        "aarch64" => "linux_arm64",
        other => panic!("no name for {other}"),
    }
}

/// `# …` lines and a public key.
fn key_file(lines: &str) -> String {
    [lines, key().public_key().to_pem().as_str()].concat()
}

fn built(seconds_ago: i64) -> String {
    let now = i64::try_from(flavor_host::calendar::now()).unwrap();
    let time = flavor_host::calendar::text(u64::try_from(now - seconds_ago).unwrap());
    format!(r#"{{"build": {{"timestamp": "{time}"}}}}"#)
}

const DAY: i64 = 86_400;

/// Rules, the package, and what is expected.
type Row<'a> = (&'a str, &'a [u8], Result<(), &'a [&'a str]>);

/// Every rule, in the machine's policy and in the user's: `Ok`, or what the refusal says.
#[test]
fn every_rule_allows_and_refuses() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let here = format!("[execution]\nallow_platforms = [\"plan9_mips\", \"{}\"]", platform());
    let sbom = package(
        &[
            Slot::script("a", "bin/a", "echo ran"),
            Slot { lifecycle: "attestation".into(), ..Slot::new("sbom", "sbom.json", "none", b"{}".to_vec()) },
        ],
        "a",
        "{}",
    );
    let plain = app("{}");
    let rust = |digest: bool| Handmade { digest, ..Handmade::default() }.write();
    let rows: Vec<Row<'_>> = vec![
        ("", &plain, Ok(())),
        ("[execution]\nrefuse_root = false", &plain, Ok(())),
        ("[execution]\nrefuse_root = true", &plain, Err(&["as root", "policy.root_execution"])),
        (&here, &plain, Ok(())),
        ("[execution]\nallow_platforms = []", &plain, Ok(())),
        (
            "[execution]\nallow_platforms = ['plan9_mips']",
            &plain,
            Err(&["this is linux_", "plan9_mips", "policy.platform_mismatch"]),
        ),
        ("[execution]\nrequire_env = ['PATH']", &plain, Ok(())),
        ("[execution]\nrequire_env = ['PATH', 'LICENCE']", &plain, Err(&["LICENCE", "policy.missing_env"])),
        ("[attestation]\nrequire_sbom = true", &sbom, Ok(())),
        ("[attestation]\nrequire_sbom = true", &plain, Err(&["no SBOM", "policy.missing_sbom"])),
        ("[trust]\nrequire_signature = true", &plain, Ok(())),
        ("[trust]\nminimum_verdict = 'sealed'", &plain, Ok(())),
        ("[trust]\nallow_validation_lowering = false", &plain, Ok(())),
        ("[trust]\nrequire_trusted_key = true", &plain, Err(&["is not trusted", "policy.untrusted_key"])),
        ("[trust]\nuse_os_keychain = true", &plain, Err(&["not supported", "policy.os_keychain"])),
        ("[enforcement]\ndefault = 'allow'\n[execution]\nrequire_env = ['LICENCE']", &plain, Ok(())),
        ("[enforcement]\nmissing_env = 'allow'\n[execution]\nrequire_env = ['LICENCE']", &plain, Ok(())),
        ("[enforcement]\nmissing_env = 'allow'\n[execution]\nrefuse_root = true", &plain, Err(&["as root"])),
    ];
    for (rules, package, expected) in rows {
        let systemwide = Machine::new().system("policy.toml", &toml(rules));
        let users = Machine::new().user("policy.toml", &toml(rules));
        for (machine, place) in [(systemwide, "/etc/flavor/policy.toml"), (users, "config/policy.toml")] {
            let output = machine.run(package);
            match expected {
                Ok(()) => assert_eq!(stdout(&output), "ran\n", "{rules}"),
                Err(texts) => {
                    assert_refused(&output, 108, texts);
                    assert!(stderr(&output).contains(place), "{rules}: {}", stderr(&output));
                    assert!(machine.place.workenvs().is_empty(), "{rules}");
                }
            }
        }
    }
    let verdicts = [("intact", 0, 0), ("bound", 108, 0), ("sealed", 108, 108)];
    for (verdict, without_digest, with_digest) in verdicts {
        let policy = toml(&format!("[trust]\nminimum_verdict = '{verdict}'"));
        for (digest, code) in [(false, without_digest), (true, with_digest)] {
            let output = Machine::new().system("policy.toml", &policy).run(&rust(digest));
            assert_eq!(output.status.code(), Some(code), "{verdict} {digest}: {}", stderr(&output));
        }
    }
}

#[test]
fn what_is_empty_does_not_count_as_there() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let policy = toml("[execution]\nrequire_env = ['LICENCE']");
    let machine = |value: &str| Machine::new().system("policy.toml", &policy).variable("LICENCE", value);
    runs(&machine("x"), &app("{}"));
    assert_refused(&machine("").run(&app("{}")), 108, &["LICENCE", "policy.missing_env"]);

    let sbom = |content: &[u8]| {
        let sbom = Slot::new("sbom", "sbom.json", "none", content.to_vec()).living("attestation");
        package(&[Slot::script("a", "bin/a", "echo ran"), sbom], "a", "{}")
    };
    let machine = || Machine::new().system("policy.toml", &toml("[attestation]\nrequire_sbom = true"));
    runs(&machine(), &sbom(b"{}"));
    assert_refused(&machine().run(&sbom(b"")), 108, &["no SBOM", "policy.missing_sbom"]);
}

#[test]
fn warnings_are_said_and_do_not_stop() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let policy = toml("[execution]\nrefuse_root = true\nrequire_env = ['LICENCE']\n[enforcement]\ndefault = 'warn'");
    let output = Machine::new().user("policy.toml", &policy).run(&app("{}"));
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"ran\n".as_slice()));
    let said = stderr(&output);
    assert_eq!(said.lines().filter(|line| line.starts_with("flavor: warning (")).count(), 2, "{said}");
}

#[test]
fn another_user_than_root_passes_refuse_root() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let machine = Machine::new().user("policy.toml", &toml("[execution]\nrefuse_root = true"));
    let program = machine.place.install("p", &app("{}"));
    let mut command = machine.place.command(&program);
    command.env("FLAVOR_CONFIG_DIR", machine.place.path("config"));
    if is_root() {
        use std::os::unix::process::CommandExt;
        let cache = machine.place.path("cache");
        fs::create_dir(&cache).unwrap();
        chown(&cache, Some(65534), Some(65534)).unwrap();
        fs::set_permissions(machine.place.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        command.uid(65534).gid(65534);
    }
    assert_eq!(stdout(&command.output().unwrap()), "ran\n");
}

/// The age is that of the signed time; the index has a time of its own that anybody can set (docs/launcher-table.md: S3).
#[test]
fn the_age_is_the_signed_one() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let policy = toml("[execution]\nmax_age_days = 30");
    let machine = || Machine::new().system("policy.toml", &policy);
    runs(&machine(), &app(&built(29 * DAY)));
    runs(&machine(), &app(&built(-DAY / 2)));
    assert_refused(&machine().run(&app(&built(32 * DAY))), 108, &["32 days ago", "30", "policy.expired_package"]);
    assert_refused(&machine().run(&app(&built(-3 * DAY))), 108, &["in the future"]);
    assert_refused(&machine().run(&app("{}")), 108, &["do not say when it was built"]);
    for (time, code) in [(0, 108), (4_000_000_000_u64, 107)] {
        let mut bytes = Handmade::default().write();
        change_index(&mut bytes, |block| block.set(index::BUILD_TIMESTAMP, &time.to_le_bytes()));
        let output = machine().run(&bytes);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    }
    // S4: neither can the digests of policy and SBOM be taken away.
    let mut bytes = app(r#"{"policy": {"refuse_root": true}}"#);
    change_index(&mut bytes, |block| block.set(index::POLICY_HASH, &[0; 64]));
    assert_refused(&machine().run(&bytes), 107, &["attestation_policy_hash"]);
}

#[test]
fn trust_is_in_the_key_and_the_machine_chooses_its_own() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let required = toml("[trust]\nrequire_trusted_key = true");
    let lenient = toml("[trust]\nrequire_trusted_key = true\nallow_user_keys = true");
    let fresh = key_file("# Name: us\n# Expires: 2999-12-31\n");
    let stale = key_file("# Expires: 2020-01-01\n");
    let other = SigningKey::from_seed_text("other").unwrap().public_key().to_pem();
    let machine = |policy: &str| Machine::new().system("policy.toml", policy);
    runs(&machine(&required).system("trusted-keys/us.pub", &fresh), &app("{}"));
    runs(&machine(&lenient).user("trusted-keys/us.pub", &fresh), &app("{}"));
    runs(&Machine::new().user("policy.toml", &required).user("trusted-keys/us.pub", &fresh), &app("{}"));
    let own = app(r#"{"policy": {"require_trusted_key": true}}"#);
    runs(&Machine::new().user("trusted-keys/us.pub", &fresh), &own);
    runs(&Machine::new().system("trusted-keys/us.pub", &fresh), &own);
    for (machine, words) in [
        (machine(&required).user("trusted-keys/us.pub", &fresh), "by the user only"),
        (machine(&required).system("trusted-keys/us.pub", &stale), "has expired"),
        (machine(&required).system("trusted-keys/us.pub", &other), "is not trusted"),
        (machine(&required).system("trusted-keys/us.txt", &fresh), "is not trusted"),
        (
            machine(&required).system("trusted-keys/us.pub", "junk"),
            "a key file is refused: /etc/flavor/trusted-keys/us.pub",
        ),
    ] {
        assert_refused(&machine.run(&app("{}")), 108, &[words, "policy.untrusted_key"]);
    }
}

#[test]
fn a_revoked_key_is_refused_whatever_the_policies_say() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let list = format!("# lost\n{} the laptop was stolen\n", key().public_key().fingerprint());
    let trusted = || Machine::new().system("trusted-keys/us.pub", &key_file(""));
    for machine in [trusted().system("revoked-keys", &list), trusted().user("revoked-keys", &list)] {
        let machine = machine.system("policy.toml", &toml("[enforcement]\ndefault = 'allow'"));
        for level in ["strict", "none"] {
            let program = machine.place.install(level, &app("{}"));
            let output = machine.start_with(&program, &[("FLAVOR_VALIDATION", level)]);
            assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(108), b"".as_slice()));
            for words in ["is revoked", "laptop", "revoked-keys", "policy.revoked_key"] {
                assert!(stderr(&output).contains(words), "{}", stderr(&output));
            }
        }
    }
    let broken = Machine::new().user("revoked-keys", "\nnot a fingerprint\n");
    assert_refused(&broken.run(&app("{}")), 109, &["revoked-keys:2:1", "64 hexadecimal"]);
}

/// S10: no file of the user's takes a rule of the machine away; published `policy.json` files are read.
#[test]
fn the_machines_rules_only_tighten() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let json = r#"{"version": 1, "trust": {"require_trusted_key": false, "use_os_keychain": false},
        "execution": {"refuse_root": false, "allow_platforms": [], "max_age_days": null}, "attestation": {"require_sbom": false},
        "enforcement": {"default": "allow", "root_execution": "allow"}}"#;
    let strict = json.replace("\"refuse_root\": false", "\"refuse_root\": true").replace("allow\"", "deny\"");
    runs(&Machine::new().user("policy.json", json), &app("{}"));
    for machine in [
        Machine::new().system("policy.json", &strict).user("policy.json", json),
        Machine::new().system("policy.json", json).user("policy.json", &strict),
        Machine::new().system("policy.toml", &toml("[execution]\nrefuse_root = true")).system("policy.json", json),
        Machine::new()
            .system("policy.toml", &toml("[execution]\nrefuse_root = true"))
            .variable("FLAVOR_VALIDATION", "none"),
    ] {
        let output = machine.run(&app("{}"));
        assert_eq!(output.status.code(), Some(108), "{}", stderr(&output));
        assert!(stderr(&output).contains("as root") && output.stdout.is_empty(), "{}", stderr(&output));
    }
}

/// An unknown table or name is a rule that is not understood: nothing runs, wherever it is.
#[test]
fn what_a_policy_file_says_is_known_or_nothing_runs() {
    for (text, words) in [
        (r#"{"version": 1, "signatures": {}}"#, "[signatures] is not known"),
        (r#"{"version": 1, "signatures": {"require": true}}"#, "[signatures] is not known"),
        (r#"{"version": 1, "enforcement": {"untrusted": "deny"}}"#, "`enforcement.untrusted` is not known"),
        (r#"{"version": 1, "trust": true}"#, "expected a table"),
        (r#"{"version": 1, "trust": {}, "trust": {}}"#, "appears twice"),
        (r#"{"version": null}"#, "`version` is missing"),
    ] {
        for machine in [Machine::new().system("policy.json", text), Machine::new().user("policy.json", text)] {
            assert_refused(&machine.run(&app("{}")), 109, &["policy.json", words]);
        }
    }
    for text in ["[signatures]", "[trust]\n[trust]", "[enforcement]\nuntrusted = 'deny'", "[trust.keys]"] {
        assert_refused(&Machine::new().user("policy.toml", &toml(text)).run(&app("{}")), 109, &["policy.toml:"]);
    }
}

/// A day that is not understood ends no trust, so that there must be none.
#[test]
fn a_key_whose_end_is_not_understood_is_not_trusted() {
    let required = toml("[trust]\nrequire_trusted_key = true");
    for lines in ["# expires: 2999-12-31\n", "#Expires: 2999-12-31\n", "# Expires: 2999-02-30\n", "\u{feff}"] {
        let machine = Machine::new().system("policy.toml", &required).system("trusted-keys/us.pub", &key_file(lines));
        let refused =
            ["is not trusted", "a key file is refused: /etc/flavor/trusted-keys/us.pub", "policy.untrusted_key"];
        assert_refused(&machine.run(&app("{}")), 108, &refused);
    }
}

/// S11 and S12.
#[test]
fn the_packages_own_policy_holds() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    for (policy, expected) in [
        (r#"{"refuse_root": false, "platforms": [], "max_age_days": null, "require_env": []}"#, None),
        (r#"{"refuse_root": true}"#, Some("as root")),
        (r#"{"platforms": ["plan9_mips"]}"#, Some("plan9_mips")),
        (r#"{"max_age_days": 3}"#, Some("do not say when")),
        (r#"{"require_env": ["LICENCE"]}"#, Some("LICENCE")),
        (r#"{"require_trusted_key": true}"#, Some("not trusted")),
        (r#"{"require_sbom": true}"#, Some("no SBOM")),
        (r#"{"minimum_verdict": "sealed"}"#, None),
        (r#"{"refuse_roots": true}"#, Some("did you mean `refuse_root`?")),
        (r#"{"refuse_root": "yes"}"#, Some("expected true or false")),
        (r#"{"platforms": [1]}"#, Some("wrong type")),
        // Nothing of a package reaches a terminal as it is.
        (r#"{"platforms": ["\u001b[2J"]}"#, Some("allowed is \\u{1b}[2J")),
        (r#"{"require_signature": true}"#, Some("`policy.require_signature` is not known")),
    ] {
        let output = Machine::new().run(&app(&format!(r#"{{"policy": {policy}}}"#)));
        match expected {
            None => assert_eq!(stdout(&output), "ran\n", "{policy}"),
            Some(words) => assert_refused(&output, 108, &[words, "the package"]),
        }
    }
    let only = |name: &str| format!(r#"{{"policy": {{"platforms": ["{name}"]}}}}"#);
    let operator = |name: &str| toml(&format!("[execution]\nallow_platforms = ['{name}']"));
    runs(&Machine::new().system("policy.toml", &operator(platform())), &app(&only(platform())));
    for (theirs, ours) in [(platform(), "plan9_mips"), ("plan9_mips", platform())] {
        let output = Machine::new().system("policy.toml", &operator(ours)).run(&app(&only(theirs)));
        assert_refused(&output, 108, &["policy.platform_mismatch"]);
    }
}

#[test]
fn a_policy_that_is_not_understood_runs_nothing() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    for (name, text, words) in [
        (
            "policy.toml",
            "version = 1\n[trust]\nrequire_trusted_keys = true\n",
            "policy.toml:3:1: `trust.require_trusted_keys`",
        ),
        ("policy.toml", "version = 1\n[execution]\n\trefuse_root = yes\n", "policy.toml:3:16: this is not valid TOML"),
        ("policy.toml", "version = 1\n[execution\n", "policy.toml:2:11: this is not valid TOML"),
        ("policy.toml", "[execution]\nrefuse_root = true\n", "policy.toml:1:1: `version` is missing"),
        (
            "policy.json",
            "{\"version\": 1,\n \"execution\": {\"refuse_root\": 1}}",
            "policy.json:2:31: `execution.refuse_root`",
        ),
        (
            "policy.json",
            "{\"version\": 1,\n \"executions\": {\"refuse_root\": true}}",
            "policy.json:2:2: the table [executions] is not known",
        ),
        ("policy.json", "", "policy.json:1:1: this is not valid JSON"),
    ] {
        for machine in [Machine::new().system(name, text), Machine::new().user(name, text)] {
            assert_refused(&machine.run(&app("{}")), 109, &[words]);
            assert!(machine.place.workenvs().is_empty());
        }
    }
    let directory = Machine::new().user("policy.toml/x", "");
    assert_refused(&directory.run(&app("{}")), 109, &["policy.toml", "not a regular file"]);
    for (name, owner) in [("policy.toml", "etc/flavor"), ("policy.json", "config"), ("revoked-keys", "config")] {
        // Who keeps a file elsewhere does not mean that there is none while that place is away.
        let linked = Machine::new().user("other", "");
        let place = linked.place.path(format!("{owner}/{name}"));
        symlink("elsewhere", &place).unwrap();
        assert_refused(&linked.run(&app("{}")), 109, &[name, "No such file"]);
        fs::remove_file(&place).unwrap();
        runs(&linked, &app("{}"));
        // Nobody writes to this one, and the start does not wait for it.
        rustix::fs::mkfifoat(rustix::fs::CWD, &place, rustix::fs::Mode::RUSR).unwrap();
        assert_refused(&linked.run(&app("{}")), 109, &[name, "not a regular file"]);
    }
}

#[test]
fn what_others_can_write_is_no_policy_of_the_machine() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let set = |machine: &Machine, name: &str, mode: u32| {
        fs::set_permissions(machine.place.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    for (name, mode) in [
        ("etc/flavor/policy.toml", 0o666),
        ("etc/flavor/policy.toml", 0o664),
        ("etc/flavor/policy.toml", 0o646),
        ("etc/flavor", 0o777),
        ("etc/flavor", 0o775),
        ("etc/flavor", 0o757),
    ] {
        let machine = Machine::new().system("policy.toml", &toml(""));
        set(&machine, name, mode);
        assert_refused(&machine.run(&app("{}")), 109, &["only root", "/etc/flavor"]);
    }
    if is_root() {
        let machine = Machine::new().system("policy.toml", &toml(""));
        chown(machine.place.path("etc/flavor/policy.toml"), Some(65534), None).unwrap();
        assert_refused(&machine.run(&app("{}")), 109, &["only root", "uid 65534"]);
    }
    let required = toml("[trust]\nrequire_trusted_key = true");
    let trusting = || Machine::new().system("policy.toml", &required).system("trusted-keys/us.pub", &key_file(""));
    for (name, mode) in [("trusted-keys", 0o775), ("trusted-keys", 0o757), ("trusted-keys/us.pub", 0o646)] {
        let machine = trusting();
        set(&machine, &format!("etc/flavor/{name}"), mode);
        assert_refused(&machine.run(&app("{}")), 108, &["is not trusted", "only root", name]);
    }
    if is_root() {
        let machine = trusting();
        runs(&machine, &app("{}"));
        chown(machine.place.path("etc/flavor/trusted-keys"), Some(65534), None).unwrap();
        assert_refused(&machine.run(&app("{}")), 108, &["is not trusted", "only root", "uid 65534"]);
    }
    let machine = Machine::new().user("policy.toml", &required).user("trusted-keys/us.pub", &key_file(""));
    set(&machine, "config/trusted-keys/us.pub", 0o666);
    assert_refused(&machine.run(&app("{}")), 108, &["is not trusted", "others may write"]);
}

/// What is behind the link may be a policy that is away for the moment.
#[test]
fn a_directory_of_the_machine_that_leads_nowhere_is_not_taken_for_none() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let machine = Machine::new();
    fs::remove_dir(machine.place.path("etc/flavor")).unwrap();
    runs(&machine, &app("{}"));
    symlink("elsewhere", machine.place.path("etc/flavor")).unwrap();
    assert_refused(&machine.run(&app("{}")), 109, &["/etc/flavor", "No such file"]);
}

/// Who can change a folder can take a policy or a list of revoked keys away, or add a key.
#[test]
fn what_others_can_write_is_no_configuration_of_the_user() {
    if !is_root() {
        eprintln!("SKIPPED: not root, so nothing can be given to another user");
        return;
    }
    let required = toml("[trust]\nrequire_trusted_key = true");
    for (owner, mode) in [(65_534, 0o755), (0, 0o777), (65_534, 0o1777)] {
        let spoil = |machine: &Machine, name: &str| {
            let path = machine.place.path(name);
            chown(&path, Some(owner), Some(owner)).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        for (name, text) in [("policy.toml", toml("")), ("revoked-keys", String::new())] {
            let machine = Machine::new().user(name, &text);
            runs(&machine, &app("{}"));
            spoil(&machine, "config");
            assert_refused(&machine.run(&app("{}")), 109, &["others may write to this", "/config"]);
        }
        // It may have held a policy before.
        let machine = Machine::new().user("nothing", "");
        runs(&machine, &app("{}"));
        spoil(&machine, "config");
        assert_refused(&machine.run(&app("{}")), 109, &["others may write to this", "/config"]);
        let machine = Machine::new().user("policy.toml", &required).user("trusted-keys/us.pub", &key_file(""));
        runs(&machine, &app("{}"));
        spoil(&machine, "config/trusted-keys");
        assert_refused(&machine.run(&app("{}")), 108, &["is not trusted", "others may write", "trusted-keys"]);
    }
}

/// A package as the published Rust builder writes them, with whatever is wanted in its signed text.
struct Handmade {
    /// The signed metadata carry the launcher's digest.
    digest: bool,
    /// JSON for the end of the metadata, beginning with a comma.
    extra: String,
}

impl Default for Handmade {
    fn default() -> Self {
        Self { digest: true, extra: String::new() }
    }
}

impl Handmade {
    fn write(&self) -> Vec<u8> {
        let launcher = fs::read(LAUNCHER).unwrap();
        let slot = b"#!/bin/sh\necho ran\n";
        let digest = if self.digest { format!("sha256:{}", sha256(&launcher)) } else { String::new() };
        let text = format!(
            r#"{{"format":"PSPF/2025","package":{{"name":"hand","version":"1"}},"slots":[{{"slot":0,"id":"a","source":"a",
            "target":"bin/a","size":{},"checksum":"sha256:{}","operations":"none","purpose":"code","lifecycle":"runtime",
            "permissions":"0755"}}],"execution":{{"command":"a"}},"build":{{"tool":"flavor-rs","tool_version":"0"}},
            "launcher":{{"tool":"x","size":{},"checksum":"{digest}"}}{}}}"#,
            slot.len(),
            sha256(slot),
            launcher.len(),
            self.extra
        );
        let blob = gzip_stored(text.as_bytes());
        let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap();
        let placement = Profile::Rust.place(length(&launcher), length(&blob), &[(length(slot), false)]).unwrap();
        // The metadata are read back to describe the slot; a text that cannot be read has the same slot.
        let plain = text.replace(&self.extra, "");
        let metadata = Metadata::parse(plain.into_bytes()).unwrap();
        let facts = IndexFacts {
            public_key: key().public_key(),
            signature: key().sign(text.as_bytes()),
            metadata_blob: &blob,
            attestation: None,
        };
        let stored =
            StoredSlot { range: placement.slots[0], original_size: length(slot), checksum: sha256(slot).trunc64() };
        let mut file = launcher;
        let parts: [(u64, &[u8]); 3] = [
            (placement.metadata.start, &blob),
            (placement.table.start, &Profile::Rust.descriptor(0, &metadata.slots[0], &stored).to_bytes()),
            (placement.slots[0].start, slot),
        ];
        for (at, bytes) in parts {
            file.resize(usize::try_from(at).unwrap(), 0);
            file.extend(bytes);
        }
        let block = Profile::Rust.index(&metadata, &placement, &facts);
        file.extend([&START_MAGIC[..], block.as_bytes(), &END_MAGIC].concat());
        file
    }
}

/// S13: what one reader shows and another runs.
#[test]
fn keys_that_readers_could_take_for_each_other_are_refused() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    assert_eq!(stdout(&Machine::new().run(&Handmade::default().write())), "ran\n");
    for (extra, code) in [
        (r#","policy":{"refuse_root":true},"policy":{}"#, 107),
        (r#","execution":{"command":"b"}"#, 107),
        (r#","Execution":{"command":"b"}"#, 107),
        (r#","runtime":{"env":{"Set":{"A":"b"}}}"#, 107),
        (r#","policy":{"Refuse_Root":true}"#, 107),
        // What is not understood is refused of packages of the published builders, too.
        (r#","policy":{"refuse_roots":true}"#, 108),
        (r#","policy":{"x":null}"#, 108),
        (r#","policy":["refuse_root"]"#, 107),
        (r#","policy":"refuse_root""#, 107),
        (r#","policy":[]"#, 107),
        (r#","policy":true"#, 107),
    ] {
        let output = Machine::new().run(&Handmade { extra: extra.into(), ..Handmade::default() }.write());
        assert_eq!(output.status.code(), Some(code), "{extra}: {}", stderr(&output));
        assert_eq!(output.stdout, b"", "{extra}");
    }
}

/// A change to a package.
type Mutation = (&'static str, fn(&mut Vec<u8>));

fn index_of(bytes: &[u8]) -> IndexBlock {
    let end = bytes.len();
    IndexBlock::from_bytes(&bytes[end - 8196..end - 4]).unwrap()
}

fn change_index(bytes: &mut [u8], change: impl Fn(&mut IndexBlock)) {
    let end = bytes.len();
    let mut block = index_of(bytes);
    change(&mut block);
    block.seal_checksum();
    bytes[end - 8196..end - 4].copy_from_slice(block.as_bytes());
}

fn first_slot(bytes: &[u8]) -> (usize, SlotDescriptor) {
    let table = usize::try_from(index_of(bytes).u64(index::SLOT_TABLE_OFFSET)).unwrap();
    (table, SlotDescriptor::from_bytes(bytes[table..][..DESCRIPTOR_SIZE].try_into().unwrap()))
}

const MUTATIONS: [Mutation; 11] = [
    ("nothing", |_| {}),
    ("stale Adler-32", |bytes| {
        let end = bytes.len();
        let mut block = index_of(bytes);
        let sum = block.u32(index::CHECKSUM) ^ 1;
        block.set(index::CHECKSUM, &sum.to_le_bytes());
        bytes[end - 8196..end - 4].copy_from_slice(block.as_bytes());
    }),
    ("bytes in padding", |bytes| {
        // Behind the launcher the Rust builder leaves a gap.
        let gap = usize::try_from(index_of(bytes).u64(index::LAUNCHER_SIZE)).unwrap() + 1;
        assert_eq!(bytes[gap], 0);
        bytes[gap] = 1;
    }),
    ("signature zeroed", |bytes| change_index(bytes, |block| block.set(index::SIGNATURE, &[0; 64]))),
    ("byte of the launcher", |bytes| bytes[7] ^= 1),
    ("byte of the signature", |bytes| {
        change_index(bytes, |block| {
            let mut signature: [u8; 64] = block.array(index::SIGNATURE);
            signature[0] ^= 1;
            block.set(index::SIGNATURE, &signature);
        });
    }),
    ("byte of a slot", |bytes| {
        let (_, slot) = first_slot(bytes);
        bytes[usize::try_from(slot.offset + slot.size).unwrap() - 2] ^= 1;
    }),
    ("mode in the slot table", |bytes| {
        let (table, slot) = first_slot(bytes);
        bytes[table..][..DESCRIPTOR_SIZE].copy_from_slice(&SlotDescriptor { permissions: 0o6777, ..slot }.to_bytes());
    }),
    ("package_size", |bytes| {
        change_index(bytes, |block| {
            let size = block.u64(index::PACKAGE_SIZE) + 1;
            block.set(index::PACKAGE_SIZE, &size.to_le_bytes());
        });
    }),
    ("byte of the metadata", |bytes| {
        let at = index_of(bytes).u64(index::METADATA_OFFSET);
        bytes[usize::try_from(at).unwrap() + 100] ^= 1;
    }),
    ("fingerprint of another key", |bytes| change_index(bytes, |block| block.set(index::KEY_FINGERPRINT, &[b'a'; 64]))),
];

const LEVELS: [&str; 5] = ["strict", "standard", "relaxed", "minimal", "none"];

/// The table of docs/launcher.md: the first level that runs the package, if any does.
#[test]
fn levels_tolerate_what_is_listed_and_nothing_else() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let tolerated = [Some(0), Some(1), Some(1), Some(2), Some(3), Some(4), None, None, None, None, None];
    let required = toml("[trust]\nrequire_trusted_key = true");
    let forbidden = toml("[trust]\nallow_validation_lowering = false");
    for ((name, mutate), from) in MUTATIONS.into_iter().zip(tolerated) {
        let mut bytes = Handmade::default().write();
        mutate(&mut bytes);
        for (number, level) in LEVELS.into_iter().enumerate() {
            let run = |machine: Machine| machine.variable("FLAVOR_VALIDATION", &level.to_uppercase()).run(&bytes);
            let output = run(Machine::new());
            let expected = from.is_some_and(|from| number >= from);
            assert_eq!(output.status.success(), expected, "{name} at {level}: {}", stderr(&output));
            let said = stderr(&output);
            if expected {
                assert_eq!(output.stdout, b"ran\n");
                let lines = usize::from(number > 0) + usize::from(from != Some(0));
                assert_eq!(said.lines().count(), lines, "{name} at {level}: {said}");
                assert_eq!(said.contains("run in spite of"), from != Some(0), "{said}");
            } else {
                assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(107), b"".as_slice()), "{said}");
            }
            // S9: a rule that asks for a signer, or forbids lowering, makes validation strict, whatever the environment says.
            for policy in [&required, &forbidden] {
                let machine = Machine::new().system("policy.toml", policy);
                let output = run(machine.system("trusted-keys/us.pub", &key_file("")));
                assert_eq!(output.status.success(), from == Some(0), "{name} at {level}: {}", stderr(&output));
                assert_eq!(stderr(&output).contains("is not allowed by /etc/flavor/policy.toml"), number > 0);
            }
            let own =
                Handmade { extra: r#","policy":{"allow_validation_lowering":false}"#.into(), ..Handmade::default() };
            let mut own = own.write();
            mutate(&mut own);
            let output = Machine::new().variable("FLAVOR_VALIDATION", level).run(&own);
            assert_eq!(output.status.success(), from == Some(0), "{name} at {level}: {}", stderr(&output));
        }
    }
}

#[test]
fn an_unknown_level_is_strict_and_said() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let machine = || Machine::new().variable("FLAVOR_VALIDATION", "lax");
    let output = machine().run(&app("{}"));
    assert_eq!(output.stdout, b"ran\n");
    assert!(stderr(&output).contains("FLAVOR_VALIDATION=lax is not one of strict, standard"), "{}", stderr(&output));
    assert_eq!(stderr(&output).lines().count(), 1);
    let mut bytes = Handmade::default().write();
    MUTATIONS[1].1(&mut bytes);
    assert_eq!(machine().run(&bytes).status.code(), Some(107));
}

/// What was extracted without a signature must not be what a signed package of the same content starts.
#[test]
fn an_unsigned_start_leaves_nothing_to_a_signed_one() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let machine = Machine::new().variable("FLAVOR_VALIDATION", "none");
    let mut bytes = Handmade::default().write();
    MUTATIONS[5].1(&mut bytes);
    assert_eq!(machine.run(&bytes).stdout, b"ran\n");
    let unsigned = machine.place.workenv();
    fs::write(unsigned.join("bin/a"), "#!/bin/sh\necho evil\n").unwrap();
    let machine = Machine { environment: Vec::new(), ..machine };
    runs(&machine, &Handmade::default().write());
    assert_eq!(machine.place.workenvs().len(), 2);
}

/// What every start looks at does not see a change that keeps size and time; a policy can ask for every byte, the machine's, the user's
/// or the package's.
#[test]
fn verify_cache_sees_a_changed_file() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    // The package's, the machine's, the user's; of several the closest look is taken.
    for (own, systems, users, seen) in [
        ("off", "off", "off", false),
        ("quick", "quick", "quick", false),
        ("full", "off", "off", true),
        ("off", "full", "off", true),
        ("off", "off", "full", true),
    ] {
        let bytes = app(&format!(r#"{{"policy":{{"verify_cache":"{own}"}}}}"#));
        let rule = |mode: &str| toml(&format!("[execution]\nverify_cache = '{mode}'"));
        let machine = Machine::new();
        runs(&machine, &bytes);
        let path = machine.place.workenv().join("bin/a");
        let (content, found) = (fs::read_to_string(&path).unwrap(), fs::metadata(&path).unwrap());
        fs::write(&path, content.replace("ran", "bad")).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(found.modified().unwrap()).unwrap();
        let machine = machine.system("policy.toml", &rule(systems)).user("policy.toml", &rule(users));
        let expected = if seen { "ran\n" } else { "bad\n" };
        assert_eq!(stdout(&machine.run(&bytes)), expected, "{own}, {systems}, {users}");
    }
}

/// Nothing but what is asked for, and then where it is asked for.
#[test]
fn logs_come_where_and_as_they_are_asked_for() {
    if !pspf_test_support::has_namespaces(namespace_options()) {
        return;
    }
    let machine = Machine::new();
    let program = machine.place.install("p", &app("{}"));
    let log = machine.place.path("log");
    let path = log.to_str().unwrap();
    for level in ["off", "OFF", ""] {
        assert_eq!(stdout(&machine.start_with(&program, &[("FLAVOR_LOG_LEVEL", level)])), "ran\n");
    }
    let output = machine.start_with(&program, &[("FLAVOR_LOG_LEVEL", "Debug")]);
    assert!(stderr(&output).contains(" flavor debug: unpacked before workenv="), "{}", stderr(&output));
    assert_eq!(output.stdout, b"ran\n");
    let output = machine.start_with(&program, &[("FLAVOR_LOG_LEVEL", "trace"), ("FLAVOR_LAUNCHER_LOG_LEVEL", "error")]);
    assert_eq!(stdout(&output), "ran\n");

    let variables = [("FLAVOR_LOG_LEVEL", "info"), ("FLAVOR_JSON_LOG", "1"), ("FLAVOR_LOG_PATH", path)];
    assert_eq!(stdout(&machine.start_with(&program, &variables)), "ran\n");
    assert_eq!(stdout(&machine.start_with(&program, &variables)), "ran\n");
    let text = fs::read_to_string(&log).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages = lines.iter().map(|line| line["message"].as_str().unwrap());
    // Said as long as the file was changed a moment ago.
    let messages: Vec<&str> = messages.filter(|message| *message != "verify the whole file").collect();
    assert_eq!(messages, ["authenticated", "execute", "authenticated", "execute"]);
    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);

    let output = machine.start_with(&program, &[("FLAVOR_LOG_LEVEL", "loud")]);
    assert!(stderr(&output).contains("log level loud is not one of trace"), "{}", stderr(&output));
    assert_eq!(output.stdout, b"ran\n");
    let output = machine.start_with(&program, &[("FLAVOR_LOG_LEVEL", "error"), ("FLAVOR_LOG_PATH", "/")]);
    assert!(stderr(&output).contains("the log / cannot be written"), "{}", stderr(&output));
}
