//! Sources that are encoded already, as the published builders demand, are taken as they are after decoding them once.

use flavor_host::extraction::codecs::NativeCodecs;
use flavor_manifest::Diagnostic;
use pspf_nostd::{
    codec::{Budget, Chain, Stop},
    offsets::length,
    operation::{Codec, OperationChain},
    tar::{Entry, EntrySink, TarLimits, TarReader},
};
use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// What the first bytes of a file say of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// The compression whose magic number comes first.
    pub codec: Option<Codec>,
    /// Whether it is a tar archive with a magic number (ustar, pax, GNU).
    pub tar: bool,
}

/// Looks at the first 512 bytes of a file.
///
/// # Errors
/// Those of reading.
pub(crate) fn look(path: &Path) -> io::Result<Look> {
    let mut start = Vec::with_capacity(512);
    File::open(path)?.take(512).read_to_end(&mut start)?;
    let magics: [(Codec, &[u8]); 4] = [
        (Codec::Gzip, &[0x1f, 0x8b, 8]),
        (Codec::Bzip2, b"BZh"),
        (Codec::Xz, &[0xfd, b'7', b'z', b'X', b'Z', 0]),
        (Codec::Zstd, &[0x28, 0xb5, 0x2f, 0xfd]),
    ];
    let codec = magics.into_iter().find(|(_, magic)| start.starts_with(magic)).map(|(codec, _)| codec);
    Ok(Look { codec, tar: start.get(257..262) == Some(b"ustar") })
}

/// Whether a file that looks so is what the chain's last operation makes.
#[must_use]
pub(crate) fn is_encoded(look: Look, chain: OperationChain) -> bool {
    match chain.codecs().unwrap_or_default().first() {
        Some(last) => look.codec == Some(*last),
        None => chain.is_tar() && look.tar,
    }
}

/// What decoding a file showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Measured {
    /// Bytes after decoding, a tar archive not unpacked.
    pub original_size: u64,
    /// What is in the archive.
    pub entries: Vec<Entry>,
}

/// Decodes a whole file by its chain, to see that it can be, and how long the content is. A tar archive is read through.
///
/// # Errors
/// Where it is not what the chain says.
pub(crate) fn measure(path: &Path, chain: OperationChain) -> Result<Measured, Diagnostic> {
    let refuse = |message: String| Diagnostic::error("slot.source.encoding", message).file(path);
    let hint = "the source starts like something that is encoded already, so it would be stored as it is";
    let broken = |what: &dyn std::fmt::Display| {
        refuse(format!("the source is not what its operations `{chain}` say: {what}")).hint(hint)
    };
    let codecs = chain.codecs().map_err(|error| refuse(error.to_string()))?;
    let mut decoder = Chain::new(&codecs, &NativeCodecs, &Budget::default()).map_err(|error| broken(&error))?;
    let mut archive = chain.is_tar().then(|| (TarReader::new(TarLimits::default()), Listed::default()));
    let (mut original_size, mut tar_error) = (0_u64, None);
    let mut sink = |bytes: &[u8]| {
        original_size = original_size.saturating_add(length(bytes));
        let Some((reader, listed)) = &mut archive else { return Ok(()) };
        reader.push(bytes, listed).map_err(|error| {
            tar_error = Some(error);
            Stop
        })
    };
    let read_problem = |error: &io::Error| Diagnostic::io("slot.source", path, "read the source", error);
    let mut file = File::open(path).map_err(|error| read_problem(&error))?;
    let mut buffer = vec![0; 256 << 10];
    let mut decoded = Ok(());
    while decoded.is_ok() {
        let read = file.read(&mut buffer).map_err(|error| read_problem(&error))?;
        if read == 0 {
            decoded = decoder.finish(&mut sink);
            break;
        }
        decoded = decoder.push(buffer.get(..read).unwrap_or_default(), &mut sink);
    }
    if let Some(error) = tar_error {
        return Err(broken(&error));
    }
    decoded.map_err(|error| broken(&error))?;
    let entries = match archive {
        Some((mut reader, mut listed)) => {
            reader.finish(&mut listed).map_err(|error| broken(&error))?;
            listed.entries
        }
        None => Vec::new(),
    };
    Ok(Measured { original_size, entries })
}

/// Remembers what is in an archive.
#[derive(Default)]
struct Listed {
    entries: Vec<Entry>,
}

impl EntrySink for Listed {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        self.entries.push(entry.clone());
        Ok(())
    }

    fn data(&mut self, _: &[u8]) -> Result<(), Stop> {
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
