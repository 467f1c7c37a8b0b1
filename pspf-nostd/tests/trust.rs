//! What a revoked key is worth, and how key files of trust stores and lists of revoked keys are read.

mod package;

use package::{codes, key, sealed};
use pspf_nostd::{
    key::{KeyError, LineFault, SigningKey, TrustedKeyError, TrustedKeyFile, read_revoked},
    report::{Integrity, Severity, Trust},
    verify::{Level, Scope, TrustedKeys, verify_slice},
};

#[test]
fn a_revoked_key_outweighs_every_trust() {
    let (file, _) = sealed();
    let own = vec![key().public_key().fingerprint()];
    let other = vec![SigningKey::from_seed_text("other").unwrap().public_key().fingerprint()];
    for (pinned, store) in [(vec![], vec![]), (own.clone(), vec![]), (vec![], own.clone()), (own.clone(), own.clone())]
    {
        for scope in [Scope::Head, Scope::Content] {
            let trusted = TrustedKeys { pinned: pinned.clone(), store: store.clone(), revoked: own.clone() };
            let outcome = verify_slice(&file, scope, trusted);
            let report = &outcome.report;
            assert_eq!((report.trust, report.ok), (Trust::Revoked, false));
            assert_eq!((codes(report), report.findings[0].severity), (vec!["key.revoked"], Severity::Error));
            assert!(Integrity::Sealed == report.state || scope == Scope::Head, "the bytes are what they are");
            assert!(
                ![Integrity::Broken, Integrity::Intact, Integrity::Sealed].iter().any(|least| report.proves(*least))
            );
            assert!(outcome.authenticated.is_none() && outcome.checked.is_none());
            for (_, level) in Level::WORDS {
                let trusted = TrustedKeys { pinned: pinned.clone(), store: store.clone(), revoked: own.clone() };
                assert!(verify_slice(&file, scope, trusted).accept(level).is_err(), "{level:?}");
            }
        }
        // The revocation of another key changes nothing.
        let trusted = TrustedKeys { pinned: pinned.clone(), store: store.clone(), revoked: other.clone() };
        let outcome = verify_slice(&file, Scope::Content, trusted);
        assert!(outcome.report.ok && outcome.checked.is_some());
    }
}

#[test]
fn an_unsigned_package_is_not_called_revoked() {
    let (mut file, _) = sealed();
    let end = file.len();
    file[end - 8196 + pspf_nostd::index::SIGNATURE.offset..][..64].fill(0);
    package::fix_adler(&mut file);
    let revoked = vec![key().public_key().fingerprint()];
    let report = verify_slice(&file, Scope::Content, TrustedKeys { revoked, ..TrustedKeys::default() }).report;
    assert_eq!((report.trust, report.ok, report.proves(Integrity::Intact)), (Trust::Unsigned, false, false));
}

fn pem() -> String {
    key().public_key().to_pem()
}

fn read(file: &str) -> Result<TrustedKeyFile, TrustedKeyError> {
    TrustedKeyFile::read(file.as_bytes())
}

#[test]
fn name_and_day_are_read_in_their_one_form() {
    let found = |name: &str, expires: Option<&str>| {
        let (name, expires) = (name.to_owned(), expires.map(str::to_owned));
        Ok(TrustedKeyFile { key: key().public_key(), name, expires })
    };
    let pem = pem();
    for (file, name, expires) in [
        (pem.clone(), "", None),
        (format!("# Name: Build farm: 2\n# Expires: 2028-02-29\n{pem}"), "Build farm: 2", Some("2028-02-29")),
        (
            format!("# Expires: 2027-01-31\r\n\r\n# Name:  Équipe 2026 \r\n{}", pem.replace('\n', "\r\n")),
            "Équipe 2026",
            Some("2027-01-31"),
        ),
        (format!("# ask Ann before you remove this\n#\n\n# Name: v1.2.3\n{pem}\n# thanks\n"), "v1.2.3", None),
        (format!("# Name: \n{pem}"), "", None),
    ] {
        assert_eq!(read(&file), found(name, expires), "{file}");
    }
    assert_eq!(read("junk").unwrap_err().code(), "key.unexpected");
}

/// Where a person wrote that the trust ends, it ends or the file is refused.
#[test]
fn what_may_be_a_day_and_is_not_understood_refuses_the_file() {
    let pem = pem();
    let ahead = |line: &str| read(&format!("# Name: x\n{line}\n{pem}"));
    let expected = |fault| TrustedKeyError::Line { line: 2, fault };
    for (line, fault) in [
        ("# expires: 2027-01-31", LineFault::Comment),
        ("# EXPIRES: 2027-01-31", LineFault::Comment),
        ("#Expires: 2027-01-31", LineFault::Comment),
        ("# Expires:2027-01-31", LineFault::Comment),
        ("#  Expires: 2027-01-31", LineFault::Comment),
        ("#\tExpires: 2027-01-31", LineFault::Comment),
        ("# Expires : 2027-01-31", LineFault::Comment),
        (" # Expires: 2027-01-31", LineFault::Comment),
        ("## Expires: 2027-01-31", LineFault::Comment),
        ("# Expires= 2027-01-31", LineFault::Comment),
        ("# Expires 2027-01-31", LineFault::Comment),
        ("# expiry soon", LineFault::Comment),
        ("# Expires", LineFault::Comment),
        ("# Expires:", LineFault::Comment),
        ("# Expiration date", LineFault::Comment),
        ("# Valid until 31 January 2027", LineFault::Comment),
        ("# Not-After: tomorrow", LineFault::Comment),
        ("# until = tomorrow", LineFault::Comment),
        ("# until\u{ff1a} tomorrow", LineFault::Comment),
        ("# in the year 2027", LineFault::Comment),
        ("# 2027-01-31", LineFault::Comment),
        // Cyrillic, full-width and Arabic-Indic look-alikes, and a colon of another script.
        ("# \u{415}xpires: 2027-01-31", LineFault::Comment),
        ("# Expire\u{455}\u{ff1a} soon", LineFault::Comment),
        ("# \u{ff25}\u{ff58}\u{ff50}\u{ff49}\u{ff52}\u{ff45}\u{ff53}", LineFault::Comment),
        ("# Expires: \u{662}\u{660}\u{662}\u{667}-01-31", LineFault::Expires),
        ("# Expires: 2027\u{2011}01\u{2011}31", LineFault::Expires),
        ("# Expires:\u{a0}2027-01-31", LineFault::Comment),
        ("# Expires: soon", LineFault::Expires),
        ("# Expires: 2027-02-29", LineFault::Expires),
        ("# Expires: 2027-00-10", LineFault::Expires),
        ("# Expires: 2027-13-01", LineFault::Expires),
        ("# Expires: 2027-04-31", LineFault::Expires),
        ("# Expires: 1969-12-31", LineFault::Expires),
        ("# Expires: 2027-1-31", LineFault::Expires),
        ("# Expires: 27-01-31", LineFault::Expires),
        ("# Expires: 31.01.2027", LineFault::Expires),
        ("# Expires: 2027-01-31T00:00:00Z", LineFault::Expires),
        ("# Expires: 2027-01-31 ", LineFault::Expires),
        ("# Expires:  2027-01-31", LineFault::Expires),
        ("# Expires: 2027-01-31 2028-01-31", LineFault::Expires),
        ("Expires: 2027-01-31", LineFault::Text),
        ("; Expires: 2027-01-31", LineFault::Text),
        ("-----BEGIN NOTE", LineFault::Text),
        ("# Name: y", LineFault::Twice),
        ("# ok\r# Expires: 2027-01-31", LineFault::Control),
        ("# ok\u{85}# Expires: 2027-01-31", LineFault::Control),
        ("# ok\u{2028}# Expires: 2027-01-31", LineFault::Control),
        ("# ok\u{2029}# Expires: 2027-01-31", LineFault::Control),
        ("\u{feff}# Expires: 2027-01-31", LineFault::ByteOrderMark),
    ] {
        assert_eq!(ahead(line), Err(expected(fault)), "{line:?}");
    }
    for name in ["x, Expires: 2027-01-31", "x EXPIRY", "rotated 2026-01-31", "31/01/2027", "1.2.2027"] {
        let fault = LineFault::Name;
        assert_eq!(read(&format!("# Name: {name}\n{pem}")), Err(TrustedKeyError::Line { line: 1, fault }), "{name}");
    }
    let first = |text: &str| match read(text).unwrap_err() {
        TrustedKeyError::Line { line, fault } => (line, fault),
        TrustedKeyError::Key(error) => panic!("{error}"),
    };
    assert_eq!(first(&format!("\u{feff}# Expires: 2027-01-31\n{pem}")), (1, LineFault::ByteOrderMark));
    assert_eq!(first(&format!("# Expires: 2027-01-31\n# Expires: 2028-01-31\n{pem}")), (2, LineFault::Twice));
    // Behind the block: PEM of a public key has three lines.
    for (behind, fault) in [
        ("# Expires: 2027-01-31", LineFault::Comment),
        ("# Name: x", LineFault::Comment),
        ("Expires: 2027-01-31", LineFault::Text),
    ] {
        assert_eq!(first(&format!("{pem}{behind}\n")), (4, fault), "{behind}");
    }
    // Two keys: which of them would the day be of?
    let other = SigningKey::from_seed_text("other").unwrap().public_key().to_pem();
    assert_eq!(first(&[&*pem, "# Expires: 2027-01-31\n", &other].concat()), (4, LineFault::Comment));
    assert_eq!(first(&[&*pem, &other].concat()), (4, LineFault::Text));
    // In the block.
    let inside = pem.replacen('\n', "\n# Expires: 2027-01-31\n", 1);
    assert!(matches!(read(&inside), Err(TrustedKeyError::Key(KeyError::Pem { line: 2, .. }))), "{inside}");
    // In another encoding.
    let wide: Vec<u8> = format!("\u{feff}{pem}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(TrustedKeyFile::read(&wide), Err(TrustedKeyError::Key(_))));
    let latin = [b"# Expir\xe9\n", pem.as_bytes()].concat();
    assert!(matches!(TrustedKeyFile::read(&latin), Err(TrustedKeyError::Key(_))));
}

/// Whoever reads the message has to find the line and to know what to write instead.
#[test]
fn refusals_name_the_line_and_what_is_wrong_with_it() {
    for (fault, words) in [
        (LineFault::ByteOrderMark, "byte order mark"),
        (LineFault::Control, "control character"),
        (LineFault::Expires, "exactly as in `# Expires: 2027-01-31`"),
        (LineFault::Twice, "duplicate line"),
        (LineFault::Name, "a name that seems to say when the trust ends"),
        (LineFault::Comment, "this comment may be meant to say when the trust ends"),
        (LineFault::Text, "nothing but comments and one public key"),
    ] {
        let error = TrustedKeyError::Line { line: 7, fault };
        let (line, why) = error.place().unwrap();
        assert!(line == 7 && why.contains(words), "{fault:?}: {why}");
        assert_eq!((error.to_string(), error.code()), (format!("line 7: {why}"), "key.notes"));
    }
    let error = read("junk").unwrap_err();
    let TrustedKeyError::Key(of_key) = &error else { panic!("{error}") };
    assert_eq!((error.place(), error.to_string()), (None, of_key.to_string()));
    assert!(error.to_string().contains("public key"), "{error}");
    let error = read_revoked(b"\nx\n").unwrap_err();
    assert_eq!(error.to_string(), "line 2: expected the 64 hexadecimal digits of a key's fingerprint");
}

#[test]
fn lists_of_revoked_keys_are_understood_whole_or_refused() {
    let keys = ["a", "b"].map(|seed| SigningKey::from_seed_text(seed).unwrap().public_key().fingerprint());
    let [a, b] = keys.map(|key| key.to_string());
    let text = format!("# lost: 2026-01-01\n\n sha256:{} stolen laptop\t\r\n{b}", a.to_uppercase());
    let found = read_revoked(text.as_bytes()).unwrap();
    let found: Vec<_> = found.iter().map(|key| (key.fingerprint, key.reason.as_str())).collect();
    assert_eq!(found, [(keys[0], "stolen laptop"), (keys[1], "")]);
    assert_eq!(read_revoked(b""), Ok(Vec::new()));
    for line in [
        a[..63].to_owned(),
        format!("{a}0"),
        format!("{a},{b}"),
        format!("{a} {b}"),
        format!("{a} and sha256:{b}"),
        format!("{a} and\t{b}"),
        format!("{a} x,{b},y"),
        format!("{a} x;{b}"),
        format!("{a}\r{b}"),
        format!("# old\r{b}"),
        format!("{a} x\u{2028}{b}"),
        format!("{a} x\u{2029}{b}"),
        format!("{a} x\u{b}{b}"),
        format!("\u{feff}{a}"),
        format!("{a}#reason"),
        format!("0x{a}"),
        "reason only".to_owned(),
    ] {
        assert_eq!(read_revoked(format!("\n{line}\n").as_bytes()).unwrap_err().line, 2, "{line:?}");
    }
    assert_eq!(read_revoked(&[a.as_bytes(), b" \xff\n"].concat()).unwrap_err().line, 1);
}
