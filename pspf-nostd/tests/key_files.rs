//! Key files: the variants that are read, and what is said about the others.

use proptest::prelude::*;
use pspf_nostd::digest::unhex;
use pspf_nostd::key::{Fingerprint, FoundFormat, KeyError, KeyRole, PemFault, PublicKey, SigningKey};
use pspf_nostd::limits::KEY_FILE_MAX;
use pspf_nostd::signature::SignatureError;

use base64ct::{Base64, Encoding};

fn key() -> SigningKey {
    SigningKey::from_seed_text("test123").expect("a key")
}

fn pem(label: &str, content: &[u8], width: usize, newline: &str) -> String {
    let body = Base64::encode_string(content);
    let lines: Vec<_> = body.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN {label}-----{newline}{}{newline}-----END {label}-----{newline}", lines.join(newline))
}

fn pkcs8(seed: &[u8; 32]) -> Vec<u8> {
    [&unhex::<16>("302e020100300506032b657004220420").expect("hex")[..], seed].concat()
}

fn pkcs8_v2(seed: &[u8; 32], public: &[u8; 32]) -> Vec<u8> {
    let head = unhex::<16>("3051020101300506032b657004220420").expect("hex");
    [&head[..], seed, &[0x81, 0x21, 0], public].concat()
}

fn spki(public: &[u8; 32]) -> Vec<u8> {
    [&unhex::<12>("302a300506032b6570032100").expect("hex")[..], public].concat()
}

#[test]
fn private_keys_are_read_in_every_variant_that_a_published_builder_takes() {
    let (seed, public) = (*key().private_seed(), key().public_key().0);
    let v1 = pkcs8(&seed);
    let accepted = [
        pem("PRIVATE KEY", &v1, 64, "\n"),
        pem("PRIVATE KEY", &v1, 64, "\r\n"),
        pem("PRIVATE KEY", &v1, 40, "\n"),
        pem("ED25519 PRIVATE KEY", &v1, 64, "\n"),
        pem("PRIVATE KEY", &v1, 64, "\n").trim_end().to_owned(),
        pem("PRIVATE KEY", &pkcs8_v2(&seed, &public), 64, "\n"),
        pem("PRIVATE KEY", &seed, 64, "\n"),
        pem("ED25519 PRIVATE KEY", &seed, 64, "\n"),
        pem("PRIVATE KEY", &[seed, public].concat(), 64, "\n"),
        pem("ED25519 PRIVATE KEY", &[seed, public].concat(), 64, "\r\n"),
        format!("# Name: x\n{}# more\n", pem("PRIVATE KEY", &v1, 64, "\n")),
    ];
    for file in accepted {
        let read = SigningKey::from_pem(file.as_bytes()).map(|key| key.public_key());
        assert_eq!(read, Ok(key().public_key()), "{file}");
    }
}

#[test]
fn public_keys_are_read_with_lines_around_them() {
    let public = key().public_key();
    let plain = pem("PUBLIC KEY", &spki(&public.0), 64, "\n");
    let other = SigningKey::from_seed_text("other").expect("a key").public_key().to_pem();
    let accepted = [
        plain.clone(),
        plain.replace('\n', "\r\n"),
        format!("# Name: x\n# Added: today\n\n{plain}\n# end\n"),
        format!("{plain}{other}"),
        pem("PUBLIC KEY", &public.0, 64, "\n"),
        pem("ED25519 PUBLIC KEY", &public.0, 64, "\n"),
    ];
    for file in accepted {
        assert_eq!(PublicKey::from_pem(file.as_bytes()), Ok(public), "{file}");
    }
}

#[test]
fn a_public_key_that_belongs_to_another_private_key_is_refused() {
    let seed = *key().private_seed();
    let other = SigningKey::from_seed_text("other").expect("a key").public_key().0;
    for content in [pkcs8_v2(&seed, &other), [seed, other].concat()] {
        let read = SigningKey::from_pem(pem("PRIVATE KEY", &content, 64, "\n").as_bytes());
        assert_eq!(read.map(|_| ()), Err(KeyError::PublicKeyMismatch));
    }
}

macro_rules! key_file {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/vectors/keys/", $name)).as_slice()
    };
}

#[test]
fn other_kinds_of_key_are_named() {
    use FoundFormat::{
        Age, Base64, Binary, Der, Empty, EncryptedPrivateKey, Hex, Json, Minisign, OpenSshPrivateKey, OpenSshPublicKey,
        OtherAlgorithm, OtherPem, Pgp, Text,
    };
    let (seed, der) = (*key().private_seed(), pkcs8(&key().private_seed()));
    let base64 = base64ct::Base64::encode_string(&seed);
    let binary = [&[0xffu8][..], &[7; 31]].concat();
    let ecdsa = || OtherAlgorithm("elliptic-curve (ECDSA)");
    let private = [
        (key_file!("rsa-pkcs8.pem"), OtherAlgorithm("RSA")),
        (key_file!("rsa-pkcs1.pem"), OtherAlgorithm("RSA")),
        (key_file!("rsa-pkcs1-encrypted.pem"), OtherAlgorithm("RSA")),
        (key_file!("ec-pkcs8.pem"), ecdsa()),
        (key_file!("ec-sec1.pem"), ecdsa()),
        (key_file!("x25519-pkcs8.pem"), OtherAlgorithm("X25519 (key exchange, it cannot sign)")),
        (key_file!("ed448-pkcs8.pem"), OtherAlgorithm("Ed448")),
        (key_file!("ed25519-encrypted.pem"), EncryptedPrivateKey),
        (key_file!("openssh-private"), OpenSshPrivateKey),
        (key_file!("openssh-public"), OpenSshPublicKey),
        (key_file!("certificate.pem"), OtherPem("CERTIFICATE".to_owned())),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n", Pgp),
        (b" \r\n\t\n", Empty),
        (b"", Empty),
        (b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF\n", Hex(32)),
        (base64.as_bytes(), Base64(32)),
        (&der, Der),
        (&binary, Binary(32)),
        (b"{\"kty\":\"OKP\"}", Json),
        (b"untrusted comment: minisign\nRWQ\n", Minisign),
        (b"AGE-SECRET-KEY-1ABC", Age),
        (b"hello", Text),
    ];
    for (file, found) in private {
        let error = SigningKey::from_pem(file).map(|_| ());
        assert_eq!(error, Err(KeyError::Unexpected { expected: KeyRole::Private, found }));
    }
    let public = [
        (key_file!("rsa-public.pem"), OtherAlgorithm("RSA")),
        (key_file!("ec-public.pem"), ecdsa()),
        (key_file!("certificate.pem"), OtherPem("CERTIFICATE".to_owned())),
        (key_file!("openssh-public"), OpenSshPublicKey),
    ];
    for (file, found) in public {
        assert_eq!(PublicKey::from_pem(file), Err(KeyError::Unexpected { expected: KeyRole::Public, found }));
    }
}

#[test]
fn the_wrong_half_is_named() {
    let (private, public) = (key().to_pem(), key().public_key().to_pem());
    let error = PublicKey::from_pem(private.as_bytes()).expect_err("a private key");
    assert_eq!(
        error.to_string(),
        "expected an Ed25519 public key in PEM (`-----BEGIN PUBLIC KEY-----`), found a private key"
    );
    let error = SigningKey::from_pem(public.as_bytes()).expect_err("a public key");
    assert_eq!(error, KeyError::Unexpected { expected: KeyRole::Private, found: FoundFormat::PublicKey });
}

#[test]
fn every_kind_of_file_and_every_error_has_its_words() {
    use KeyError::{Content, Pem, PublicKeyMismatch, TooLarge, Unexpected, Unusable, ZeroSeed};
    let (private, public) = (
        "an Ed25519 private key in PEM (`-----BEGIN PRIVATE KEY-----`)",
        "an Ed25519 public key in PEM (`-----BEGIN PUBLIC KEY-----`)",
    );
    let found = [
        (FoundFormat::Empty, "an empty file"),
        (FoundFormat::PrivateKey, "a private key"),
        (FoundFormat::PublicKey, "a public key"),
        (FoundFormat::EncryptedPrivateKey, "a private key protected by a password"),
        (FoundFormat::OpenSshPrivateKey, "an OpenSSH private key"),
        (FoundFormat::OpenSshPublicKey, "an OpenSSH public key"),
        (FoundFormat::OtherAlgorithm("RSA"), "a key of another algorithm: RSA"),
        (FoundFormat::UnknownAlgorithm("1.2".to_owned()), "a key of another algorithm: object identifier 1.2"),
        (FoundFormat::OtherPem("A\u{202e}".to_owned()), "PEM of another kind: \"A\\u{202e}\""),
        (FoundFormat::Pgp, "a PGP key"),
        (FoundFormat::Minisign, "a minisign key"),
        (FoundFormat::Age, "an age key"),
        (FoundFormat::Json, "JSON"),
        (FoundFormat::Hex(32), "32 bytes as hex digits"),
        (FoundFormat::Base64(44), "44 bytes as base64 without PEM lines"),
        (FoundFormat::Der, "DER without PEM lines"),
        (FoundFormat::Binary(7), "7 binary bytes"),
        (FoundFormat::Text, "text without a PEM block"),
    ];
    for (found, words) in found {
        assert_eq!(found.to_string(), words);
        let error = Unexpected { expected: KeyRole::Private, found };
        assert_eq!((error.code(), error.to_string()), ("key.unexpected", format!("expected {private}, found {words}")));
    }
    let no_end = PemFault::NoEnd;
    let errors = [
        (
            TooLarge { found: 99_999 },
            "key.too_large",
            "the key file has 99999 bytes; at most 16384 are read".to_owned(),
        ),
        (
            Pem { line: 3, fault: no_end },
            "key.pem",
            "line 3 of the key file: this PEM block has no END line".to_owned(),
        ),
        (
            Content { expected: KeyRole::Public, found: 31 },
            "key.content",
            format!("expected {public}; the 31 bytes in its PEM block are no such key"),
        ),
        (
            PublicKeyMismatch,
            "key.public_mismatch",
            "the public key stored beside the private key does not belong to it".to_owned(),
        ),
        (ZeroSeed, "key.zero_seed", "the private key is all zeros".to_owned()),
        (
            Unusable(SignatureError::KeyNotAPoint),
            "key.unusable",
            "the key cannot verify signatures: the public key is not an Ed25519 curve point".to_owned(),
        ),
    ];
    for (error, code, sentence) in errors {
        assert_eq!((error.code(), error.to_string()), (code, sentence));
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let expected = matches!(error, Unusable(_)).then(|| SignatureError::KeyNotAPoint.to_string());
        assert_eq!(cause, expected);
    }
    for (fault, words) in [
        (PemFault::WrongBoundary, "this line does not end the PEM block that it is in"),
        (PemFault::Header, "header lines inside the PEM block (a password-protected key?) are not supported"),
        (PemFault::Base64, "the PEM block that starts here is not valid base64"),
    ] {
        assert_eq!(fault.to_string(), words);
    }
}

#[test]
fn a_fingerprint_is_read_as_it_is_written() {
    let fingerprint = key().public_key().fingerprint();
    let text = fingerprint.to_string();
    assert_eq!(text, pspf_nostd::digest::sha256(&key().public_key().0).to_string());
    assert_eq!(text.parse(), Ok(fingerprint));
    assert_eq!(fingerprint.short(), text[..16]);
    assert_eq!(format!("{fingerprint:?}"), format!("Fingerprint({text})"));
    for wrong in ["", &text[1..], &text.to_ascii_uppercase(), &format!("{text}0"), &format!("g{}", &text[1..])] {
        assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
    }
    let public = key().public_key();
    assert_eq!(format!("{public:?}"), format!("PublicKey({})", pspf_nostd::digest::hex(&public.0)));
}

#[test]
fn damaged_pem_is_located() {
    let file = key().to_pem();
    let fault = |text: &str| match SigningKey::from_pem(text.as_bytes()) {
        Err(KeyError::Pem { line, fault }) => (line, fault),
        other => panic!("{other:?} for {text}"),
    };
    let body = file.lines().nth(1).expect("a body");
    assert_eq!(fault(&file.replace("-----END PRIVATE KEY-----", "")), (1, PemFault::NoEnd));
    assert_eq!(fault(&format!("\n# x\n{}", file.replace(body, &body[1..]))), (3, PemFault::Base64));
    assert_eq!(fault(&file.replace(body, "MC4CAQAw*")), (1, PemFault::Base64));
    assert_eq!(fault(&file.replace("END PRIVATE", "END PUBLIC")), (3, PemFault::WrongBoundary));
    assert_eq!(fault(&file.replace(body, &format!("Proc-Type: 4,ENCRYPTED\n\n{body}"))), (2, PemFault::Header));
}

#[test]
fn unusable_contents_are_refused() {
    let seed = *key().private_seed();
    for content in [&[1; 31][..], &[1; 33], &[1; 63], &[1; 65], &pkcs8(&seed)[..47], b""] {
        let file = pem("PRIVATE KEY", content, 64, "\n");
        let error = SigningKey::from_pem(file.as_bytes()).map(|_| ());
        assert_eq!(error, Err(KeyError::Content { expected: KeyRole::Private, found: content.len() }), "{file}");
    }
    for content in [&[1; 31][..], &[1; 33], b""] {
        let error = PublicKey::from_pem(pem("PUBLIC KEY", content, 64, "\n").as_bytes());
        assert_eq!(error, Err(KeyError::Content { expected: KeyRole::Public, found: content.len() }));
    }
    let zero = pem("PRIVATE KEY", &[0; 32], 64, "\n");
    assert_eq!(SigningKey::from_pem(zero.as_bytes()).map(|_| ()), Err(KeyError::ZeroSeed));
    let mut identity = [0; 32];
    identity[0] = 1;
    let weak = pem("PUBLIC KEY", &spki(&identity), 64, "\n");
    assert_eq!(PublicKey::from_pem(weak.as_bytes()), Err(KeyError::Unusable(SignatureError::KeySmallOrder)));
    let large = vec![b'#'; KEY_FILE_MAX + 1];
    assert_eq!(PublicKey::from_pem(&large), Err(KeyError::TooLarge { found: KEY_FILE_MAX + 1 }));
}

/// One DER value: tag, length below 128, content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).expect("short")], content].concat()
}

/// PKCS#8 from its fields: version, what the algorithm holds, and what is behind the seed.
fn pkcs8_of(version: u8, algorithm: &[u8], behind: &[u8]) -> Vec<u8> {
    let seed = der(0x04, &der(0x04, key().private_seed().as_ref()));
    der(0x30, &[der(0x02, &[version]), der(0x30, algorithm), seed, behind.to_vec()].concat())
}

#[test]
fn the_fields_of_pkcs8_are_those_of_its_version() {
    let ed25519 = der(0x06, &[0x2b, 0x65, 0x70]);
    let public = der(0x81, &[&[0][..], &key().public_key().0].concat());
    let (attributes, later, unknown) = (der(0xa0, &[]), der(0x82, &[7]), der(0x30, &[]));
    let read = |content: &[u8]| SigningKey::from_pem(pem("PRIVATE KEY", content, 64, "\n").as_bytes()).map(|_| ());
    for (version, behind) in [
        (0, vec![]),
        (0, vec![&attributes]),
        (0, vec![&later]),
        (1, vec![&public]),
        (1, vec![&attributes, &public]),
        (1, vec![&public, &later, &later]),
    ] {
        let behind: Vec<u8> = behind.into_iter().flatten().copied().collect();
        assert_eq!(read(&pkcs8_of(version, &ed25519, &behind)), Ok(()), "version {version}, {behind:02x?}");
    }
    for (version, behind) in [
        (0, vec![&public]),
        (0, vec![&unknown]),
        (0, vec![&later, &unknown]),
        (1, vec![]),
        (1, vec![&attributes]),
        (1, vec![&public, &unknown]),
        (2, vec![&public]),
    ] {
        let behind: Vec<u8> = behind.into_iter().flatten().copied().collect();
        let content = pkcs8_of(version, &ed25519, &behind);
        let error = Err(KeyError::Content { expected: KeyRole::Private, found: content.len() });
        assert_eq!(read(&content), error, "version {version}, {behind:02x?}");
    }
}

#[test]
fn an_algorithm_has_one_identifier_and_ed25519_no_parameters() {
    let ed25519 = der(0x06, &[0x2b, 0x65, 0x70]);
    let null = der(0x05, &[]);
    let public = der(0x03, &[&[0][..], &key().public_key().0].concat());
    for more in [null.clone(), [null.clone(), null.clone()].concat()] {
        let algorithm = [ed25519.clone(), more].concat();
        let content = pkcs8_of(0, &algorithm, &[]);
        let error = SigningKey::from_pem(pem("PRIVATE KEY", &content, 64, "\n").as_bytes()).map(|_| ());
        assert_eq!(error, Err(KeyError::Content { expected: KeyRole::Private, found: content.len() }));
        let content = der(0x30, &[der(0x30, &algorithm), public.clone()].concat());
        let error = PublicKey::from_pem(pem("PUBLIC KEY", &content, 64, "\n").as_bytes());
        assert_eq!(error, Err(KeyError::Content { expected: KeyRole::Public, found: content.len() }));
    }
    let other = |oid: &[u8], bits: &[u8]| {
        let content = der(0x30, &[der(0x30, &[der(0x06, oid), null.clone()].concat()), der(0x03, bits)].concat());
        PublicKey::from_pem(pem("PUBLIC KEY", &content, 64, "\n").as_bytes())
    };
    let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    // Bits that are no whole bytes are right in keys of others; more than seven cannot be left over.
    for (bits, is_key) in
        [(&[0, 1, 2][..], true), (&[4, 0x10], true), (&[7, 0x80], true), (&[8, 0], false), (&[1], false)]
    {
        let found = FoundFormat::OtherAlgorithm("RSA");
        let named = Err(KeyError::Unexpected { expected: KeyRole::Public, found });
        assert_eq!(other(&rsa, bits) == named, is_key, "{bits:?}");
    }
    for (oid, name) in [
        (&rsa[..], "RSA"),
        (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10], "RSA-PSS"),
        (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], "elliptic-curve (ECDSA)"),
        (&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1], "DSA"),
        (&[0x2b, 0x65, 0x6e], "X25519 (key exchange, it cannot sign)"),
        (&[0x2b, 0x65, 0x6f], "X448 (key exchange, it cannot sign)"),
        (&[0x2b, 0x65, 0x71], "Ed448"),
    ] {
        let found = FoundFormat::OtherAlgorithm(name);
        assert_eq!(other(oid, &[0, 1]), Err(KeyError::Unexpected { expected: KeyRole::Public, found }));
    }
    // Two parameters, and an identifier that ends inside a number.
    let twice = [der(0x06, &rsa), null.clone(), null.clone()].concat();
    for algorithm in [twice, der(0x06, &[0x2b, 0x86])] {
        let content = der(0x30, &[der(0x30, &algorithm), der(0x03, &[0, 1])].concat());
        let error = PublicKey::from_pem(pem("PUBLIC KEY", &content, 64, "\n").as_bytes());
        assert_eq!(error, Err(KeyError::Content { expected: KeyRole::Public, found: content.len() }));
    }
    let found = FoundFormat::UnknownAlgorithm("1.3.101.114".to_owned());
    let unknown = Err(KeyError::Unexpected { expected: KeyRole::Public, found });
    assert_eq!(other(&[0x2b, 0x65, 0x72], &[0, 1]), unknown);
}

#[test]
fn what_is_no_key_is_named_by_its_label_or_its_bytes() {
    use FoundFormat::{Base64, Binary, Der, Hex, OpenSshPublicKey, OtherAlgorithm, OtherPem, Pgp, Text};
    let found = |file: &[u8]| match PublicKey::from_pem(file) {
        Err(KeyError::Unexpected { expected: KeyRole::Public, found }) => found,
        other => panic!("{other:?}"),
    };
    for (label, format) in [
        ("RSA PRIVATE KEY", OtherAlgorithm("RSA")),
        ("RSA PUBLIC KEY", OtherAlgorithm("RSA")),
        ("EC PARAMETERS", OtherAlgorithm("elliptic-curve (ECDSA)")),
        ("DSA PRIVATE KEY", OtherAlgorithm("DSA")),
        ("DSA PARAMETERS", OtherAlgorithm("DSA")),
        ("PGP MESSAGE", Pgp),
        ("X", OtherPem("X".to_owned())),
    ] {
        assert_eq!(found(pem(label, b"x", 64, "\n").as_bytes()), format, "{label}");
    }
    for first in [0x30, 0x31] {
        for length in [31, 32, 33, 63, 64, 65] {
            let file = [&[first][..], &vec![0xff; length - 1]].concat();
            let raw = first != 0x30 || matches!(length, 32 | 64);
            assert_eq!(found(&file), if raw { Binary(length) } else { Der }, "{first:#x}, {length} bytes");
        }
    }
    for (text, format) in [
        ("hello\nworld\t!\r\n", Text),
        ("he\x01llo", Binary(6)),
        ("abcdef", Text),
        ("ab", Text),
        (&"f".repeat(64), Hex(32)),
        (&"f".repeat(128), Hex(64)),
        (&"f".repeat(66), Text),
        (&"z".repeat(64), Base64(48)),
        ("ecdsa-sha2-nistp256 AAAA", OpenSshPublicKey),
        ("sk-ssh-ed25519 AAAA", OpenSshPublicKey),
        ("age1abc", FoundFormat::Age),
    ] {
        assert_eq!(found(text.as_bytes()), format, "{text:?}");
    }
}

#[test]
fn a_key_file_may_be_as_long_as_the_limit() {
    let key = key().public_key();
    let file = key.to_pem() + &"#".repeat(KEY_FILE_MAX);
    assert_eq!(PublicKey::from_pem(&file.as_bytes()[..KEY_FILE_MAX]), Ok(key));
    let longer = &file.as_bytes()[..=KEY_FILE_MAX];
    assert_eq!(PublicKey::from_pem(longer), Err(KeyError::TooLarge { found: KEY_FILE_MAX + 1 }));
}

#[test]
fn secrets_are_not_printed() {
    let printed = format!("{:?}", key());
    assert!(printed.contains("d27367ba"), "{printed}");
    assert!(!printed.contains("ecd71870") && !printed.contains("236"), "{printed}");
}

proptest! {
    #[test]
    fn keys_survive_the_round_trip_through_pem(seed: [u8; 32], message: Vec<u8>) {
        prop_assume!(seed != [0; 32]);
        let key = SigningKey::from_private_seed(seed).expect("a key");
        let read = SigningKey::from_pem(key.to_pem().as_bytes()).expect("our own PEM");
        prop_assert_eq!(*read.private_seed(), seed);
        prop_assert_eq!(PublicKey::from_pem(key.public_key().to_pem().as_bytes()), Ok(key.public_key()));
        prop_assert_eq!(read.sign(&message), key.sign(&message));
        pspf_nostd::signature::verify_strict(&key.public_key(), &message, &key.sign(&message)).expect("our signature");
    }

    #[test]
    fn no_file_makes_reading_panic(noise: Vec<u8>, at in 0usize..160, byte: u8, content: Vec<u8>) {
        let _ = SigningKey::from_pem(&noise);
        let _ = PublicKey::from_pem(&noise);
        for label in ["PRIVATE KEY", "PUBLIC KEY"] {
            let mut file = pem(label, &content, 64, "\n").into_bytes();
            let _ = SigningKey::from_pem(&file);
            let _ = PublicKey::from_pem(&file);
            if let Some(place) = file.get_mut(at) {
                *place = byte;
            }
            let _ = SigningKey::from_pem(&file);
            let _ = PublicKey::from_pem(&file);
        }
    }

    #[test]
    fn damaged_pkcs8_never_gives_another_key_silently(at in 0usize..16, byte: u8) {
        let mut der = pkcs8(&key().private_seed());
        prop_assume!(der[at] != byte);
        der[at] = byte;
        let read = SigningKey::from_pem(pem("PRIVATE KEY", &der, 64, "\n").as_bytes());
        prop_assert!(read.is_err(), "{:02x?}", der);
    }
}
