//! What callers say of keys: trusted, revoked, and the files that say it.
#![cfg(not(target_arch = "wasm32"))]

use pspf_nostd::{key::SigningKey, offsets::position, verify::TrustedKeys};
use pspf_tests::base::{Base, LAUNCHER, key};
use pspf_wasm::{
    failure::Failure,
    inspection::Inspection,
    policy::Policy,
    public_key,
    scan::Scan,
    slot_reading::{Request, SlotReading, WINDOW_DEFAULT, Wanted},
    task::Task,
    verification::{FullVerification, known_keys, revoked_from_list},
};
use serde_json::{Value, json};

fn result(bytes: &[u8], mut task: Box<dyn Task>) -> Result<Value, Failure> {
    while let Some(range) = task.wants() {
        task.supply(&bytes[position(range.start)..position(range.end)], &mut |_| ())?;
    }
    Ok(serde_json::from_str(&task.finish()?).expect("JSON"))
}

#[test]
fn a_revoked_key_passes_nowhere() {
    let bytes = Base::Sealed.package(LAUNCHER).bytes;
    let size = u64::try_from(bytes.len()).expect("a length");
    let own = format!("sha256:{}", key().public_key().fingerprint());
    let known =
        |revoked: bool| known_keys(std::slice::from_ref(&own), if revoked { std::slice::from_ref(&own) } else { &[] });
    for revoked in [false, true] {
        let known: TrustedKeys = known(revoked).expect("fingerprints");
        let trust = if revoked { "revoked" } else { "pinned" };
        let report =
            result(&bytes, Box::new(FullVerification::new(size, known.clone(), Some(u64::MAX)))).expect("a report");
        assert_eq!(
            (&report["ok"], &report["trust"], &report["state"]),
            (&json!(!revoked), &json!(trust), &json!("sealed"))
        );
        let inspection = result(&bytes, Box::new(Inspection::new(size, known.clone()))).expect("a head");
        assert_eq!((&inspection["authenticated"], &inspection["report"]["trust"]), (&json!(!revoked), &json!(trust)));
        for policy in [
            r#"{"version":1}"#.to_owned(),
            format!(r#"{{"version":1,"trust":{{"fingerprints":["{own}"],"minimum":"intact"}}}}"#),
            r#"{"version":1,"trust":{"allowUnsigned":true}}"#.to_owned(),
        ] {
            let policy = Policy::parse(&policy).expect("a policy");
            let scan = result(&bytes, Box::new(Scan::new(size, policy, known.revoked.clone()))).expect("a scan");
            assert_eq!(scan["verdict"], if revoked { "reject" } else { "accept" });
            assert_eq!(scan["findings"][0]["code"] == "key.revoked", revoked);
        }
        for allow_unverified in [false, true] {
            let request = Request { slot: 0, wanted: Wanted::Bytes, window_max: WINDOW_DEFAULT, allow_unverified };
            let read = SlotReading::new(size, request, known.clone());
            let given = result(&bytes, Box::new(read));
            assert_eq!(given.is_ok(), !revoked || allow_unverified);
            if let Err(failure) = given {
                assert!(failure.code == "package.unverified" && failure.message.contains("key.revoked"));
            }
        }
    }
    assert_eq!(known_keys(&[], &["ab"]).expect_err("no fingerprint").code, "key.fingerprint");
}

#[test]
fn key_files_and_lists_are_understood_or_refused() {
    let key = SigningKey::from_seed_text("a").expect("a key").public_key();
    let file = |lines: &str| public_key::read(format!("{lines}{}", key.to_pem()).as_bytes());
    let read: Value =
        serde_json::from_str(&file("# Name: Farm\n# Expires: 2027-01-31\n").expect("a key")).expect("JSON");
    let fingerprint = key.fingerprint().to_string();
    let expected =
        json!({"fingerprint": fingerprint, "public_key": key.to_string(), "name": "Farm", "expires": "2027-01-31"});
    assert_eq!(read, expected);
    assert_eq!(file("# expires: 2027-01-31\n").expect_err("a day that is not understood").code, "key.notes");
    assert_eq!(public_key::read(b"junk").expect_err("no key").code, "key.unexpected");
    let list = format!("# lost\n{fingerprint} laptop\n");
    assert_eq!(revoked_from_list(list.as_bytes()).expect("a list"), format!("[\"{fingerprint}\"]"));
    let failure = revoked_from_list(b"\nlaptop\n").expect_err("no fingerprint");
    assert!(failure.code == "key.revocations" && failure.message.starts_with("line 2:"), "{}", failure.message);
}
