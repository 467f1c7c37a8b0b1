//! The sample packages that the web page shows: one for each verdict, small, and the same on every machine.

mod hostile;
mod package;
mod tidewatch;

use hostile::hostile;
use pspf_nostd::{index, key::SigningKey};
use tidewatch::tidewatch;

/// One sample.
#[derive(Debug)]
pub struct Showcase {
    /// File name.
    pub file: &'static str,
    /// What a visitor is offered.
    pub title: &'static str,
    /// What was done to it, in one sentence.
    pub description: &'static str,
    /// Whether the page is to trust [`publisher`] for it.
    pub trusted: bool,
    /// State word of the report.
    pub state: &'static str,
    /// The package.
    pub bytes: Vec<u8>,
}

/// The key that signs the samples with a known signer.
///
/// # Panics
/// Never: the seed is fixed.
#[must_use]
pub fn publisher() -> SigningKey {
    SigningKey::from_seed_text("web sample publisher").expect("a seed text gives a key")
}

fn stranger() -> SigningKey {
    SigningKey::from_seed_text("web sample stranger").expect("a seed text gives a key")
}

/// All samples.
#[must_use]
pub fn showcases() -> Vec<Showcase> {
    let good = tidewatch("2.1.0", publisher());
    let mut tampered = good.clone();
    let middle = tampered.slot(1).start + tampered.slot(1).len() / 2;
    tampered.flip(middle);
    tampered.fix_slot_checksum(1);
    let mut unsigned = tidewatch("2.1.0", publisher());
    unsigned.set(index::SIGNATURE, &[0; 64]);
    vec![
        Showcase {
            file: "tidewatch.psp",
            title: "Good",
            description: "Sealed, and signed by a key that is trusted for this sample.",
            trusted: true,
            state: "sealed",
            bytes: good.bytes,
        },
        Showcase {
            file: "tidewatch-unknown-key.psp",
            title: "Unknown key",
            description: "The same application, signed by somebody else.",
            trusted: false,
            state: "sealed",
            bytes: tidewatch("2.1.0", stranger()).bytes,
        },
        Showcase {
            file: "tidewatch-tampered.psp",
            title: "Tampered",
            description: "One bit of the application was flipped, and the unsigned checksum put right.",
            trusted: true,
            state: "broken",
            bytes: tampered.bytes,
        },
        Showcase {
            file: "tidewatch-unsigned.psp",
            title: "Not signed",
            description: "The signature was erased.",
            trusted: true,
            state: "intact",
            bytes: unsigned.bytes,
        },
        Showcase {
            file: "free-\u{202e}gpj.update.psp",
            title: "Hostile paths",
            description: "Validly signed, but its files would be written outside their folder.",
            trusted: false,
            state: "sealed",
            bytes: hostile(stranger()).bytes,
        },
        Showcase {
            file: "tidewatch-2.0.3.psp",
            title: "Older version",
            description: "Version 2.0.3 by the same signer, to compare with.",
            trusted: true,
            state: "sealed",
            bytes: tidewatch("2.0.3", publisher()).bytes,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::{publisher, showcases};
    use pspf_nostd::verify::{Scope, TrustedKeys, verify_slice};

    #[test]
    fn every_sample_has_the_state_that_it_shows() {
        for sample in showcases() {
            let trusted =
                TrustedKeys { pinned: vec![publisher().public_key().fingerprint()], ..TrustedKeys::default() };
            let report = verify_slice(&sample.bytes, Scope::Content, trusted).report;
            let state = serde_json::to_value(report.state).unwrap();
            assert_eq!(state, sample.state, "{}: {:#?}", sample.file, report.findings);
        }
    }
}
