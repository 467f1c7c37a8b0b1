//! Encoded slots that were made before: the interpreter is the same in every package that uses it, and takes longest to compress.
//!
//! An entry is taken only after it was decoded to exactly the content that is wanted, so nothing that is put into the cache can
//! get into a package. What packing gives does not depend on the cache.

use super::encode::{self, Settings};
use flavor_host::extraction::codecs::NativeCodecs;
use flavor_python::cache_folder;
use pspf_nostd::{
    codec::{Budget, Chain, Codec},
    digest::{Sha256Digest, StreamingSha256},
    writer::EncodedSlot,
};
use std::{
    fs,
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// How many entries are kept: those used last. Each is an encoded interpreter, about 10 MB.
const ENTRIES_MAX: usize = 12;

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// As [`encode::encode`], with the result of an earlier call where there is one. `content` is called once or twice.
///
/// # Errors
/// Those of `content` and of `target`. A cache that cannot be used is passed over.
pub(crate) fn encode(
    settings: &Settings<'_>,
    target: &Path,
    content: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> io::Result<EncodedSlot> {
    let Some(folder) = cache_folder::part(cache_folder::ENCODED) else {
        return encode::encode(settings, target, content);
    };
    let mut digest = Hashing(StreamingSha256::new());
    content(&mut digest)?;
    let content_digest = digest.0.finish();
    let entry = folder.join(name(settings, &content_digest));
    if let Some(encoded) = take(&entry, settings, &content_digest, target) {
        return Ok(encoded);
    }
    // What a failed attempt may have left.
    let _ = fs::remove_file(target);
    let encoded = encode::encode(settings, target, content)?;
    // The next packing is slower without it, and that is all.
    let _ = keep(&folder, &entry, target);
    Ok(encoded)
}

/// Content, compressions and the program that compresses: what the bytes of the entry follow from.
fn name(settings: &Settings<'_>, content: &Sha256Digest) -> String {
    let mut hasher = StreamingSha256::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    hasher.update(format!("{} {:?}", encode::REVISION, settings.codecs).as_bytes());
    hasher.update(content.as_bytes());
    hasher.finish().to_string()
}

/// Copies the entry to `target` if it decodes to the content.
fn take(entry: &Path, settings: &Settings<'_>, content: &Sha256Digest, target: &Path) -> Option<EncodedSlot> {
    let mut file = fs::File::open(entry).ok()?;
    let codecs: Vec<Codec> = settings.codecs.iter().rev().map(|(codec, _)| *codec).collect();
    let mut budget = Budget::default();
    if codecs.len() == 1 {
        budget.output_max = settings.content_size;
    }
    let mut chain = Chain::new(&codecs, &NativeCodecs, &budget).ok()?;
    let (mut stored, mut decoded) = (StreamingSha256::new(), StreamingSha256::new());
    let mut out = io::BufWriter::new(fs::File::create_new(target).ok()?);
    let mut buffer = vec![0; CHUNK];
    let mut sink = |bytes: &[u8]| {
        decoded.update(bytes);
        Ok(())
    };
    loop {
        let read = file.read(&mut buffer).ok()?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        stored.update(bytes);
        out.write_all(bytes).ok()?;
        chain.push(bytes, &mut sink).ok()?;
    }
    chain.finish(&mut sink).ok()?;
    out.flush().ok()?;
    // Least recently used entries go first.
    let _ = file.set_modified(SystemTime::now());
    (decoded.finish() == *content).then(|| EncodedSlot {
        size: stored.length(),
        original_size: settings.content_size,
        sha256: stored.finish(),
    })
}

fn keep(folder: &Path, entry: &Path, encoded: &Path) -> io::Result<()> {
    cache_folder::create(folder).map_err(io::Error::other)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    io::copy(&mut fs::File::open(encoded)?, &mut temporary)?;
    temporary.persist(entry).map_err(|error| error.error)?;
    let mut all: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        all.push((entry.metadata()?.modified()?, entry.path()));
    }
    all.sort();
    let surplus = all.len().saturating_sub(ENTRIES_MAX);
    all.iter().take(surplus).try_for_each(|(_, path)| fs::remove_file(path))
}

struct Hashing(StreamingSha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZero;

    #[test]
    fn an_entry_is_taken_only_if_it_decodes_to_the_content() {
        let temp = tempfile::tempdir().unwrap();
        let content = b"the interpreter ".repeat(1000);
        let codecs = [(Codec::Xz, 6)];
        let settings = Settings { codecs: &codecs, content_size: 16_000, threads: NonZero::<u32>::MIN };
        let digest = pspf_nostd::digest::sha256(&content);
        let (entry, target) = (temp.path().join("entry"), temp.path().join("target"));
        let made = encode::encode(&settings, &entry, |out| out.write_all(&content)).unwrap();
        assert_eq!(take(&entry, &settings, &digest, &target), Some(made));
        assert_eq!(fs::read(&target).unwrap(), fs::read(&entry).unwrap());

        let other = [content.as_slice(), b"!"].concat();
        for bytes in [&content, &other] {
            fs::remove_file(&entry).unwrap();
            encode::encode(&settings, &entry, |out| out.write_all(bytes)).unwrap();
            let wanted = if bytes == &content { pspf_nostd::digest::sha256(b"") } else { digest };
            let _ = fs::remove_file(&target);
            assert_eq!(take(&entry, &settings, &wanted, &target), None);
        }
        fs::write(&entry, b"no xz").unwrap();
        fs::remove_file(&target).unwrap();
        assert_eq!(take(&entry, &settings, &digest, &target), None);
    }
}
