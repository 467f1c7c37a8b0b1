//! What operators and publishers forbid.

use super::{
    Maker, Row,
    package::Package,
    stage::{Stage, root},
};
use crate::{base, own};
use base64ct::{Base64, Encoding};
use pspf_nostd::{
    index,
    key::{PublicKey, SigningKey},
};
use serde_json::{Value, json};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "S3",
        "Packages may be 30 days old: one whose signed build time is in 2023, then with a time of tomorrow in its index",
        "refused 108; refused 107",
        build_time,
    )
.known("ran; ran", "ran; ran"),
    Row::new(
        "S9",
        "Only trusted keys may sign: a trusted one's, but a bad signature, at the levels relaxed and none",
        "refused 107; refused 107",
        lowered,
    ).known("ran; ran", "ran; ran"),
    Row::new(
        "S10",
        "The system refuses root, the user's own file allows root; root starts it",
        "refused 108",
        user_against_system,
    )
.known("ran", "ran"),
    Row::new(
        "S11",
        "The package's own rules: not as root, other platforms, one day, a variable that is not set",
        "refused 108; refused 108; refused 108; refused 108",
        own_rules,
    )
.known("refused 1; refused 1; ran; refused 1", "refused 104; refused 104; ran; refused 104"),
    Row::new("S12", "Package for one platform, operator for another", "refused 108", disjoint_platforms).known("refused 1", "ran"),
    Row::new(
        "S14",
        "`flavor trust verify` on a package that claims a trusted key's fingerprint",
        "not trusted",
        forged_fingerprint,
    )
.known("trusted", "trusted"),
];

/// The user's directory of settings.
fn settings(stage: &Stage<'_>) -> PathBuf {
    stage.path("home/.config/flavor")
}

/// Writes a policy in the published tool's format.
fn write_policy(directory: &Path, mut rules: Value) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    rules["version"] = json!(1);
    fs::write(directory.join("policy.json"), rules.to_string())
}

/// Makes a key a trusted one.
fn trust(stage: &Stage<'_>, key: &PublicKey) -> io::Result<()> {
    // SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 §4).
    let der = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00][..], &key.0].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", Base64::encode_string(&der));
    let directory = settings(stage).join("trusted-keys");
    fs::create_dir_all(&directory)?;
    fs::write(directory.join("publisher.pub"), pem)
}

fn build_time(stage: &Stage<'_>) -> io::Result<String> {
    write_policy(&settings(stage), json!({"execution": {"max_age_days": 30}}))?;
    let honest = Package::saying("ran").around(stage.launcher);
    let mut younger = honest.clone();
    let tomorrow = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs()) + 86_400;
    younger.set_word(index::BUILD_TIMESTAMP, tomorrow);
    let mut words = Vec::new();
    for (name, sample) in [("old.psp", honest), ("younger.psp", younger)] {
        words.push(stage.run(stage.install(name, &sample.bytes)?)?);
    }
    Ok(words.join("; "))
}

fn lowered(stage: &Stage<'_>) -> io::Result<String> {
    write_policy(&settings(stage), json!({"trust": {"require_trusted_key": true}}))?;
    trust(stage, &base::key().public_key())?;
    let mut sample = Package::saying("ran").around(stage.launcher);
    sample.set(index::SIGNATURE, &[7; 64]);
    let package = stage.install("app.psp", &sample.bytes)?;
    let at = |level: &str| -> io::Result<String> {
        Ok(stage.word(&stage.command(&package).env("FLAVOR_VALIDATION", level).output()?))
    };
    Ok(format!("{}; {}", at("relaxed")?, at("none")?))
}

fn user_against_system(stage: &Stage<'_>) -> io::Result<String> {
    write_policy(&stage.path("etc/flavor"), json!({"execution": {"refuse_root": true}}))?;
    write_policy(&settings(stage), json!({"execution": {"refuse_root": false}}))?;
    let package = stage.pack("app.psp", &Package::saying("ran"))?;
    let output = stage.mounts("mount --bind \"$T/etc\" /etc && exec \"$P\"", &package)?.output()?;
    Ok(stage.word(&output))
}

fn own_rules(stage: &Stage<'_>) -> io::Result<String> {
    root()?;
    let rules: [(&str, Value); 4] = [
        ("refuse_root", json!(true)),
        ("platforms", json!(["plan9_mips"])),
        ("max_age_days", json!(1)),
        ("require_env", json!(["TABLE_NOT_SET"])),
    ];
    let mut words = Vec::new();
    for (key, value) in rules {
        // The published Rust launcher reads complete policies only.
        let mut policy = json!({"refuse_root": false, "platforms": [], "max_age_days": null, "require_env": []});
        policy[key] = value;
        let package = Package::saying("ran").extra(json!({"policy": policy}));
        words.push(stage.run(stage.pack(format!("{key}.psp"), &package)?)?);
    }
    Ok(words.join("; "))
}

fn disjoint_platforms(stage: &Stage<'_>) -> io::Result<String> {
    write_policy(&settings(stage), json!({"execution": {"allow_platforms": ["plan9_mips"]}}))?;
    let package = Package::saying("ran").extra(json!({"policy": {"platforms": ["linux_amd64"]}}));
    stage.run(stage.pack("app.psp", &package)?)
}

fn forged_fingerprint(stage: &Stage<'_>) -> io::Result<String> {
    let mut sample = Package::saying("ran").around(stage.launcher);
    let trusted = base::key().public_key();
    trust(stage, &trusted)?;
    let stranger = SigningKey::from_seed_text("a stranger").expect("a seed text gives a key");
    sample.change_key(stranger);
    let json = sample.json();
    sample.sign(&json);
    sample.set(index::KEY_FINGERPRINT, trusted.fingerprint().to_string().as_bytes());
    let package = stage.install("app.psp", &sample.bytes)?;
    let program = match stage.maker {
        Maker::Ours => own::program("flavor"),
        Maker::Theirs(_) => stage.peer.flavor(),
    };
    let output = Command::new(program)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", stage.path("home"))
        .args(["trust", "verify"])
        .arg(package)
        .output()?;
    Ok(match output.status.code() {
        Some(0) => "trusted".to_owned(),
        // Both command lines answer so to words that they do not know.
        Some(2) if stage.maker == Maker::Ours => "no such command".to_owned(),
        _ => "not trusted".to_owned(),
    })
}
