//! What each fuzz target asserts, as plain functions; the targets themselves are three lines. `cargo xtask fuzz` runs them.

use flavor_host::command;
use flavor_host::extraction::codecs::NativeCodecs;
use pspf_nostd::{
    codec::{Budget, Codec, Codecs, PureCodecs, Stop},
    glob,
    index::{self, END_MAGIC, IndexBlock, START_MAGIC},
    json::Json,
    key::{PublicKey, SigningKey},
    limits::READ_WINDOW,
    metadata::Metadata,
    offsets::position,
    operation::OperationChain,
    report::{Integrity, Report},
    tar::{Entry, EntrySink, TarLimits, TarReader},
    verify::{Scope, TrustedKeys, Verification, verify_slice},
};
use std::io::Write as _;

/// Verifies a package in pieces of `step` bytes.
fn verify_in_pieces(package: &[u8], step: usize) -> Report {
    let mut verification = Verification::new(package.len() as u64, Scope::Content, TrustedKeys::default());
    while let Some(range) = verification.wants() {
        assert!(range.len() > 0 && range.len() <= READ_WINDOW && range.end <= package.len() as u64);
        let wanted = &package[position(range.start)..position(range.end)];
        verification.supply(&wanted[..wanted.len().min(step)]).unwrap();
    }
    verification.finish().report
}

/// Any bytes verify without panic, the same way whole and in pieces, with a coverage map that covers each byte once.
pub fn verify(package: &[u8]) {
    let whole = verify_slice(package, Scope::Content, TrustedKeys::default());
    assert_eq!(whole.report, verify_in_pieces(package, 7));
    assert_eq!(whole.checked.is_some(), whole.report.proves(Integrity::Intact));
    assert!(!whole.report.ok || whole.report.state > Integrity::Intact);
    let mut end = 0;
    for part in &whole.report.coverage {
        assert_eq!(part.range.start, end);
        end = part.range.end;
    }
    assert_eq!(end, package.len() as u64);
}

/// As [`verify`], with the checks repaired that would stop a mutation early: magics and the index checksum.
pub fn verify_repaired(bytes: &[u8]) {
    let Some(tail) = bytes.len().checked_sub(8200) else { return verify(bytes) };
    let mut package = bytes.to_vec();
    package[tail..tail + 4].copy_from_slice(&START_MAGIC);
    let mut block = IndexBlock::from_bytes(&package[tail + 4..tail + 8196]).unwrap();
    block.set(index::VERSION, &index::FORMAT_VERSION.to_le_bytes());
    block.seal_checksum();
    package[tail + 4..tail + 8196].copy_from_slice(block.as_bytes());
    package[tail + 8196..].copy_from_slice(&END_MAGIC);
    verify(&package);
}

/// Metadata that are accepted keep their bytes, and print as JSON that is accepted again.
pub fn metadata(text: &[u8]) {
    if let Ok(metadata) = Metadata::parse(text.to_vec()) {
        assert_eq!(metadata.raw(), text);
        let again = Metadata::parse(metadata.document().to_pretty()).unwrap();
        assert_eq!(metadata.document(), again.document());
        for slot in &metadata.slots {
            if let Ok(chain) = OperationChain::parse(&slot.operations) {
                assert_eq!(OperationChain::from_packed(chain.packed()), chain);
            }
        }
    }
}

/// A text is JSON for the core where it is for `serde_json`, with the same value, but for keys that are repeated.
pub fn json(text: &[u8]) {
    match (Json::parse(text), serde_json::from_slice::<serde_json::Value>(text)) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(Json::parse(&ours.to_pretty()).unwrap(), ours);
            let written = serde_json::to_string(&ours).unwrap();
            // serde_json reads some numbers as neighbours of the nearest one.
            if !text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) && !long_digits(text) {
                assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), theirs);
            }
        }
        (Err(ours), Ok(_)) => assert!(ours.message.contains("twice"), "{ours}"),
        (Ok(_), Err(theirs)) => panic!("accepted: {theirs}"),
        (Err(_), Err(_)) => {}
    }
}

/// Whether there is a number that no integer type holds.
fn long_digits(text: &[u8]) -> bool {
    text.split(|byte| !byte.is_ascii_digit()).any(|digits| digits.len() > 18)
}

/// Keys that are accepted survive being written and read.
pub fn key(text: &[u8]) {
    if let Ok(key) = PublicKey::from_pem(text) {
        assert_eq!(PublicKey::from_pem(key.to_pem().as_bytes()).unwrap(), key);
    }
    if let Ok(key) = SigningKey::from_pem(text) {
        let again = SigningKey::from_pem(key.to_pem().as_bytes()).unwrap();
        assert_eq!(again.public_key(), key.public_key());
    }
}

/// What a decoder says of a stream pushed in pieces of `step` bytes: the decoded bytes, or the error.
fn decode_in_pieces(source: &dyn Codecs, codec: Codec, stored: &[u8], step: usize) -> Result<Vec<u8>, String> {
    let budget = Budget { output_max: 1 << 20, ratio_max: 1 << 10, window_max: 8 << 20 };
    let mut decoded = Vec::new();
    let mut sink = |bytes: &[u8]| -> Result<(), Stop> {
        decoded.extend_from_slice(bytes);
        Ok(())
    };
    let mut decoder = source.decoder(codec, &budget).map_err(|error| error.to_string())?;
    for piece in stored.chunks(step) {
        decoder.push(piece, &mut sink).map_err(|error| error.to_string())?;
    }
    decoder.finish(&mut sink).map_err(|error| error.to_string())?;
    Ok(decoded)
}

/// Any bytes decode without panic and within the budget, and are accepted or refused however they are cut. The first byte
/// chooses the codec.
pub fn codec(bytes: &[u8]) {
    let Some((choice, stored)) = bytes.split_first() else { return };
    let codec = [Codec::Gzip, Codec::Zstd, Codec::Xz, Codec::Bzip2][usize::from(choice % 4)];
    let whole = decode_in_pieces(&PureCodecs, codec, stored, usize::MAX);
    let pieces = decode_in_pieces(&PureCodecs, codec, stored, 5);
    assert_eq!(whole.is_ok(), pieces.is_ok());
    if let Ok(decoded) = whole {
        assert_eq!(Ok(decoded), pieces);
    }
}

/// What the usual encoders write, at any level and with any option, decodes to what they were given, and one stream behind another to both.
/// The first three bytes choose codec, level and options.
///
/// # Panics
/// Where it does not.
pub fn encoders(bytes: &[u8]) {
    let [choice, level, options, content @ ..] = bytes else { return };
    let codec = [Codec::Gzip, Codec::Zstd, Codec::Xz, Codec::Bzip2][usize::from(choice % 4)];
    let stored = match codec {
        Codec::Gzip => gzip(content, *level, *options),
        Codec::Zstd => zstd(content, *level, *options),
        Codec::Xz => xz(content, *level, *options),
        Codec::Bzip2 => bzip2(content, *level),
    };
    for source in [&PureCodecs as &dyn Codecs, &NativeCodecs] {
        assert_eq!(decode_in_pieces(source, codec, &stored, usize::MAX).as_deref(), Ok(content), "{codec:?}");
        assert_eq!(decode_in_pieces(source, codec, &stored, 5).as_deref(), Ok(content), "{codec:?}");
    }
    let twice = [stored.as_slice(), &stored].concat();
    assert_eq!(decode_in_pieces(&PureCodecs, codec, &twice, 97), Ok([content, content].concat()), "{codec:?}");
    let behind = [stored.as_slice(), b"x"].concat();
    assert!(decode_in_pieces(&PureCodecs, codec, &behind, 97).is_err(), "{codec:?}");
}

fn gzip(content: &[u8], level: u8, options: u8) -> Vec<u8> {
    let mut builder = flate2::GzBuilder::new();
    if options & 1 != 0 {
        builder = builder.filename("name");
    }
    if options & 2 != 0 {
        builder = builder.comment("comment");
    }
    if options & 4 != 0 {
        builder = builder.extra([options; 7]);
    }
    let mut encoder = builder.write(Vec::new(), flate2::Compression::new(u32::from(level % 10)));
    // Two writes with a flush between them are two blocks.
    let middle = if options & 8 != 0 { content.len() / 2 } else { 0 };
    encoder.write_all(&content[..middle]).unwrap();
    encoder.flush().unwrap();
    encoder.write_all(&content[middle..]).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8], level: u8, options: u8) -> Vec<u8> {
    use zstd::zstd_safe::{CCtx, CParameter};
    let mut context = CCtx::create();
    let level = i32::from(level % 24) - 2;
    for parameter in [
        CParameter::CompressionLevel(level),
        CParameter::WindowLog(10 + u32::from(options >> 4) % 13),
        CParameter::ChecksumFlag(options & 1 != 0),
        CParameter::ContentSizeFlag(options & 2 != 0),
        CParameter::EnableLongDistanceMatching(options & 4 != 0),
    ] {
        context.set_parameter(parameter).unwrap();
    }
    let mut stored = Vec::with_capacity(zstd::zstd_safe::compress_bound(content.len()));
    context.compress2(&mut stored, content).unwrap();
    stored
}

fn xz(content: &[u8], level: u8, options: u8) -> Vec<u8> {
    use lzma_rust2::CheckType;
    let mut settings = lzma_rust2::XzOptions::with_preset(u32::from(level % 10));
    // Presets have dictionaries of up to 64 MiB, which would be all of the time.
    settings.lzma_options.dict_size = settings.lzma_options.dict_size.min(1 << (12 + options % 9));
    settings.check_type =
        [CheckType::None, CheckType::Crc32, CheckType::Crc64, CheckType::Sha256][usize::from(options >> 6)];
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), settings).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(content: &[u8], level: u8) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(u32::from(level % 9) + 1));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// No zstd frame has one content for the core and another for the launcher, whose decoder of blocks is libzstd.
pub fn zstd_decoders(stored: &[u8]) {
    let [pure, whole, pieces] =
        [(&PureCodecs as &dyn Codecs, usize::MAX), (&NativeCodecs, usize::MAX), (&NativeCodecs, 5)]
            .map(|(source, step)| decode_in_pieces(source, Codec::Zstd, stored, step));
    assert_eq!(whole.is_ok(), pieces.is_ok());
    if let (Ok(pure), Ok(whole)) = (pure, whole) {
        assert_eq!(pure, whole);
        assert_eq!(Ok(whole), pieces);
    }
}

#[derive(Default, PartialEq, Debug)]
struct Listing(Vec<(Entry, u64)>);

impl EntrySink for Listing {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        self.0.push((entry.clone(), 0));
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.0.last_mut().unwrap().1 += bytes.len() as u64;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        let (entry, length) = self.0.last().unwrap();
        assert_eq!(entry.size, *length);
        Ok(())
    }
}

/// Any bytes list the same whole and in pieces, and no path leaves the root.
pub fn tar(archive: &[u8]) {
    let list = |step: usize| {
        let (mut reader, mut listing) = (TarReader::new(TarLimits::default()), Listing::default());
        let read = archive.chunks(step).try_for_each(|piece| reader.push(piece, &mut listing));
        (read.and_then(|()| reader.finish(&mut listing)).map_err(|error| error.to_string()), listing)
    };
    let whole = list(usize::MAX);
    assert_eq!(whole, list(97));
    for (entry, _) in &whole.1.0 {
        let path = entry.path.as_bytes();
        assert!(
            !path.is_empty()
                && !path.starts_with(b"/")
                && path.split(|byte| *byte == b'/').all(|part| part != b".." && !part.is_empty())
        );
    }
}

/// A command that splits does so again when its words are quoted, into the same words.
pub fn command_words(text: &[u8]) {
    let Ok(text) = core::str::from_utf8(text) else { return };
    let Ok(words) = command::split(text) else { return };
    // In single quotes nothing is special but their own end; that one stands in double quotes.
    let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\"'\"'"))).collect();
    assert_eq!(command::split(&quoted.join(" ")).unwrap(), words);
}

/// A pattern and a name, with a zero byte between them: what matches goes on matching when both get a tail.
pub fn glob(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (pattern, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let matches = glob::matches(pattern, name);
    // Where nothing but stars is special, the parts between them come one behind the other.
    if glob::matches_stars(pattern, name) {
        assert!(pattern.split(|byte| *byte == b'*').map(<[u8]>::len).sum::<usize>() <= name.len());
        assert!(glob::matches_stars(&[b"*", pattern].concat(), &[b"head", name].concat()));
    }
    if !glob::is_pattern(pattern) {
        return assert_eq!(matches, pattern == name);
    }
    assert!(glob::matches(b"*", name));
    // An open bracket would take the tail for its own.
    if matches && !pattern.contains(&b'[') {
        assert!(glob::matches(&[pattern, b"*"].concat(), &[name, b"tail"].concat()));
        assert!(glob::matches(&[pattern, b"?"].concat(), &[name, b"t"].concat()));
        assert!(glob::matches(&[b"*", pattern].concat(), &[b"head", name].concat()));
    }
}
