//! Key files: PKCS#8 and SubjectPublicKeyInfo in PEM, and the raw variants that the published builders take.
//!
//! The first PEM block of the file counts; lines around it are comments, as the published trust store has them. The block
//! is cut out here because `pem-rfc7468` refuses text behind it.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::der::{PrivateKeyInfo, PublicKeyInfo, octets};
use super::{FoundFormat, KeyError, KeyRole, PemFault, PublicKey, SigningKey};
use crate::limits::KEY_FILE_MAX;

/// id-Ed25519 (RFC 8410 §3), 1.3.101.112.
const ED25519: [u8; 3] = [0x2b, 0x65, 0x70];

/// All of a PKCS#8 v1 Ed25519 key up to the 32-byte seed (RFC 8410 §7).
const PRIVATE_PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// All of an Ed25519 SubjectPublicKeyInfo up to the 32-byte key (RFC 8410 §4).
const PUBLIC_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

impl SigningKey {
    /// The key of a private key file.
    ///
    /// Taken are PEM blocks labelled `PRIVATE KEY` or `ED25519 PRIVATE KEY` around PKCS#8 (v1, or v2 with the public key),
    /// around the raw 32-byte seed, or around 64 bytes seed and public key. A public key in the file must fit the seed.
    ///
    /// # Errors
    /// [`KeyError`], naming what was found instead.
    pub fn from_pem(file: &[u8]) -> Result<Self, KeyError> {
        let content = content(file, KeyRole::Private)?;
        let (seed, public) = private_parts(&content)?;
        let key = Self::from_private_seed(*seed)?;
        match public {
            Some(public) if public != key.public_key().0 => Err(KeyError::PublicKeyMismatch),
            _ => Ok(key),
        }
    }

    /// The private key as PKCS#8 v1 PEM with label `PRIVATE KEY`, as the published tools write and read it.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        let mut der = Zeroizing::new([0; 48]);
        write_parts(der.as_mut(), &PRIVATE_PREFIX, self.private_seed().as_ref());
        Zeroizing::new(pem("PRIVATE KEY", der.as_ref()))
    }
}

impl PublicKey {
    /// The key of a public key file.
    ///
    /// Taken are PEM blocks labelled `PUBLIC KEY` or `ED25519 PUBLIC KEY` around SubjectPublicKeyInfo or the raw 32 bytes.
    /// Lines such as `# Name: x` around the block are ignored. The key is checked ([`PublicKey::check`]).
    ///
    /// # Errors
    /// [`KeyError`], naming what was found instead.
    pub fn from_pem(file: &[u8]) -> Result<Self, KeyError> {
        let content = content(file, KeyRole::Public)?;
        let unreadable = KeyError::Content { expected: KeyRole::Public, found: content.len() };
        let raw = match PublicKeyInfo::read(&content) {
            Some(info) if info.algorithm.oid != ED25519 => {
                let found = FoundFormat::of_algorithm(info.algorithm.oid);
                return Err(KeyError::Unexpected { expected: KeyRole::Public, found });
            }
            Some(info) if info.algorithm.parameters => return Err(unreadable),
            Some(info) => info.key.and_then(|bytes| bytes.try_into().ok()),
            None => content.as_slice().try_into().ok(),
        };
        let key = Self(raw.ok_or(unreadable)?);
        key.check().map_err(KeyError::Unusable)?;
        Ok(key)
    }

    /// The public key as SubjectPublicKeyInfo PEM with label `PUBLIC KEY`, as the published tools write and read it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let mut der = [0; 44];
        write_parts(&mut der, &PUBLIC_PREFIX, &self.0);
        pem("PUBLIC KEY", &der)
    }
}

type PrivateParts = (Zeroizing<[u8; 32]>, Option<[u8; 32]>);

/// Seed, and public key if the content has one.
fn private_parts(content: &[u8]) -> Result<PrivateParts, KeyError> {
    let unreadable = || KeyError::Content { expected: KeyRole::Private, found: content.len() };
    let Some(info) = PrivateKeyInfo::read(content) else {
        let (seed, rest) = content.split_first_chunk::<32>().ok_or_else(unreadable)?;
        let public = match rest {
            [] => None,
            _ => Some(rest.try_into().map_err(|_| unreadable())?),
        };
        return Ok((Zeroizing::new(*seed), public));
    };
    if info.algorithm.oid != ED25519 {
        let found = FoundFormat::of_algorithm(info.algorithm.oid);
        return Err(KeyError::Unexpected { expected: KeyRole::Private, found });
    }
    if info.algorithm.parameters {
        return Err(unreadable());
    }
    // RFC 8410 §7: the key octets hold a second OCTET STRING, the seed.
    let seed = octets(info.key).and_then(|bytes| bytes.try_into().ok()).ok_or_else(unreadable)?;
    let public = match info.public {
        Some(bits) => Some(bits.and_then(|bytes| bytes.try_into().ok()).ok_or_else(unreadable)?),
        None => None,
    };
    Ok((Zeroizing::new(seed), public))
}

/// The decoded bytes of the file's first PEM block, if its label fits the role.
fn content(file: &[u8], expected: KeyRole) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if file.len() > KEY_FILE_MAX {
        return Err(KeyError::TooLarge { found: file.len() });
    }
    let without_block = || KeyError::Unexpected { expected, found: FoundFormat::of_file(file) };
    let text = core::str::from_utf8(file).map_err(|_| without_block())?;
    let mut lines = (1usize..).zip(text.lines().map(str::trim));
    let (begin, label) =
        lines.find_map(|(line, text)| boundary(text, "-----BEGIN ").map(|l| (line, l))).ok_or_else(without_block)?;
    let found = match (label, expected) {
        ("PRIVATE KEY" | "ED25519 PRIVATE KEY", KeyRole::Private) => None,
        ("PUBLIC KEY" | "ED25519 PUBLIC KEY", KeyRole::Public) => None,
        ("PRIVATE KEY" | "ED25519 PRIVATE KEY", KeyRole::Public) => Some(FoundFormat::PrivateKey),
        ("PUBLIC KEY" | "ED25519 PUBLIC KEY", KeyRole::Private) => Some(FoundFormat::PublicKey),
        _ => Some(FoundFormat::of_label(label)),
    };
    if let Some(found) = found {
        return Err(KeyError::Unexpected { expected, found });
    }
    let mut encoded = Zeroizing::new(String::with_capacity(text.len()));
    for (line, text) in lines {
        if boundary(text, "-----END ") == Some(label) {
            return decode(&encoded).ok_or(KeyError::Pem { line: begin, fault: PemFault::Base64 });
        }
        if text.starts_with("-----") {
            return Err(KeyError::Pem { line, fault: PemFault::WrongBoundary });
        }
        if text.contains(':') {
            return Err(KeyError::Pem { line, fault: PemFault::Header });
        }
        encoded.extend(text.split_ascii_whitespace());
    }
    Err(KeyError::Pem { line: begin, fault: PemFault::NoEnd })
}

/// The label of a PEM boundary line.
pub(super) fn boundary<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    line.strip_prefix(start)?.strip_suffix("-----")
}

fn decode(encoded: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; encoded.len()]);
    let length = Base64::decode(encoded, &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

/// PEM with one line of base64: neither of the two structures fills more than the 64 characters a line may have.
fn pem(label: &str, der: &[u8]) -> String {
    let body = Zeroizing::new(Base64::encode_string(der));
    let mut text = String::with_capacity(128);
    for part in ["-----BEGIN ", label, "-----\n", &body, "\n-----END ", label, "-----\n"] {
        text.push_str(part);
    }
    text
}

fn write_parts(target: &mut [u8], prefix: &[u8], key: &[u8]) {
    target.iter_mut().zip(prefix.iter().chain(key)).for_each(|(to, &from)| *to = from);
}
