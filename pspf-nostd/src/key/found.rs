//! What a key file holds, for error messages that name it.

use alloc::string::String;
use core::fmt;

use crate::quoted::quoted;
use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

/// Which half of a key pair was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRole {
    /// The signing half.
    Private,
    /// The verifying half.
    Public,
}

impl fmt::Display for KeyRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Private => "an Ed25519 private key in PEM (`-----BEGIN PRIVATE KEY-----`)",
            Self::Public => "an Ed25519 public key in PEM (`-----BEGIN PUBLIC KEY-----`)",
        })
    }
}

/// What was found in place of the expected key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundFormat {
    /// Nothing but blanks.
    Empty,
    /// A private key where a public one was expected.
    PrivateKey,
    /// A public key where a private one was expected.
    PublicKey,
    /// PKCS#8 protected by a password.
    EncryptedPrivateKey,
    /// An OpenSSH private key file.
    OpenSshPrivateKey,
    /// A line such as `ssh-ed25519 AAAA...`.
    OpenSshPublicKey,
    /// A key of another algorithm.
    OtherAlgorithm(&'static str),
    /// A key of an algorithm known by object identifier only.
    UnknownAlgorithm(String),
    /// PEM of another kind, by its label.
    OtherPem(String),
    /// A PGP key.
    Pgp,
    /// A minisign or signify key.
    Minisign,
    /// An age key.
    Age,
    /// A JSON web key, or other JSON.
    Json,
    /// Hex digits of so many bytes.
    Hex(usize),
    /// Base64 of so many bytes, without PEM lines.
    Base64(usize),
    /// DER without PEM lines.
    Der,
    /// So many binary bytes.
    Binary(usize),
    /// Text without a PEM block.
    Text,
}

impl FoundFormat {
    /// Names the content of a PEM block that is not a plain key, by its label.
    pub(super) fn of_label(label: &str) -> Self {
        match label {
            "ENCRYPTED PRIVATE KEY" => Self::EncryptedPrivateKey,
            "OPENSSH PRIVATE KEY" => Self::OpenSshPrivateKey,
            "RSA PRIVATE KEY" | "RSA PUBLIC KEY" => Self::OtherAlgorithm("RSA"),
            "EC PRIVATE KEY" | "EC PARAMETERS" => Self::OtherAlgorithm("elliptic-curve (ECDSA)"),
            "DSA PRIVATE KEY" | "DSA PARAMETERS" => Self::OtherAlgorithm("DSA"),
            _ if label.starts_with("PGP ") => Self::Pgp,
            _ => Self::OtherPem(label.chars().take(40).collect()),
        }
    }

    /// Names the algorithm of an object identifier that is not Ed25519.
    pub(super) fn of_algorithm(oid: &[u8]) -> Self {
        let text = super::der::dotted(oid);
        Self::OtherAlgorithm(match text.as_str() {
            "1.2.840.113549.1.1.1" => "RSA",
            "1.2.840.113549.1.1.10" => "RSA-PSS",
            "1.2.840.10045.2.1" => "elliptic-curve (ECDSA)",
            "1.2.840.10040.4.1" => "DSA",
            "1.3.101.110" => "X25519 (key exchange, it cannot sign)",
            "1.3.101.111" => "X448 (key exchange, it cannot sign)",
            "1.3.101.113" => "Ed448",
            _ => return Self::UnknownAlgorithm(text),
        })
    }

    /// Names a file that has no PEM block.
    pub(super) fn of_file(file: &[u8]) -> Self {
        let Ok(text) = core::str::from_utf8(file).map(str::trim) else { return Self::of_binary(file) };
        let first = text.split_ascii_whitespace().next().unwrap_or_default();
        if text.is_empty() {
            return Self::Empty;
        }
        if first.starts_with("ssh-") || first.starts_with("ecdsa-sha2-") || first.starts_with("sk-ssh-") {
            return Self::OpenSshPublicKey;
        }
        if text.starts_with("untrusted comment:") {
            return Self::Minisign;
        }
        if holds(text, "AGE-SECRET-KEY-") || first.starts_with("age1") {
            return Self::Age;
        }
        if text.starts_with('{') {
            return Self::Json;
        }
        if matches!(text.len(), 64 | 128) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Self::Hex(text.len() >> 1);
        }
        let mut buffer = Zeroizing::new([0u8; 128]);
        if let Ok(bytes @ [_, ..]) = Base64::decode(text, buffer.as_mut())
            && matches!(bytes.len(), 32 | 44 | 48 | 64)
        {
            return Self::Base64(bytes.len());
        }
        if text.chars().any(|c| c.is_control() && !c.is_ascii_whitespace()) {
            return Self::of_binary(file);
        }
        Self::Text
    }

    fn of_binary(file: &[u8]) -> Self {
        match file {
            // A DER SEQUENCE; 32 and 64 bytes are the raw keys, which may start so by chance.
            [0x30, ..] if !matches!(file.len(), 32 | 64) => Self::Der,
            _ => Self::Binary(file.len()),
        }
    }
}

/// `str::contains`, whose search in linear time has 2 KB.
fn holds(text: &str, part: &str) -> bool {
    text.as_bytes().windows(part.len()).any(|window| window == part.as_bytes())
}

impl fmt::Display for FoundFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherAlgorithm(name) => return write!(f, "a key of another algorithm: {name}"),
            Self::UnknownAlgorithm(oid) => return write!(f, "a key of another algorithm: object identifier {oid}"),
            Self::OtherPem(label) => return write!(f, "PEM of another kind: {}", quoted(label)),
            Self::Hex(length) => return write!(f, "{length} bytes as hex digits"),
            Self::Base64(length) => return write!(f, "{length} bytes as base64 without PEM lines"),
            Self::Binary(length) => return write!(f, "{length} binary bytes"),
            Self::Empty => "an empty file",
            Self::PrivateKey => "a private key",
            Self::PublicKey => "a public key",
            Self::EncryptedPrivateKey => "a private key protected by a password",
            Self::OpenSshPrivateKey => "an OpenSSH private key",
            Self::OpenSshPublicKey => "an OpenSSH public key",
            Self::Pgp => "a PGP key",
            Self::Minisign => "a minisign key",
            Self::Age => "an age key",
            Self::Json => "JSON",
            Self::Der => "DER without PEM lines",
            Self::Text => "text without a PEM block",
        })
    }
}
