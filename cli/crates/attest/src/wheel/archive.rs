//! A zip archive that every reader takes for the same one, read strictly.
//!
//! Python's `zipfile`, streaming readers and installers disagree on archives that say things twice (CVE-2025-54368): by the
//! central directory and by the local headers, or with bytes that only one of the two reaches. Such an archive is refused.

use flate2::read::DeflateDecoder;
use pspf_nostd::{
    limits::{DECODED_RATIO_FLOOR, DECODED_RATIO_MAX, TAR_DEPTH_MAX, TAR_ENTRIES_MAX, TAR_NAMES_MAX, TAR_PATH_MAX},
    offsets::length,
    tar::EntryPath,
};
use rawzip::{
    CompressionMethod, FileReader, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, RECOMMENDED_BUFFER_SIZE, ZipArchive,
    ZipArchiveEntryWayfinder, ZipEntry, ZipFileHeaderRecord,
};
use std::{collections::BTreeSet, fs::File, io::Read};

/// Bytes that a data descriptor takes (APPNOTE 4.3.9): with and without its signature, with sizes of 32 and of 64 bits.
const DESCRIPTOR_SIZES: [u64; 4] = [12, 16, 20, 24];
/// Type bits of a Unix mode, and the types that a member may have.
const MODE_TYPE: u32 = 0o170_000;
const MODE_FILE: u32 = 0o100_000;
const MODE_FOLDER: u32 = 0o040_000;
/// Bytes decoded at once.
const PIECE: usize = 64 << 10;

/// Why an archive is refused, in words.
pub(super) type Refusal = String;

/// An archive whose list was read and found to be the one list.
pub(super) struct Archive {
    zip: ZipArchive<FileReader>,
    /// The files, in the order of the list.
    pub members: Vec<Member>,
}

/// A file in the archive.
pub(super) struct Member {
    pub path: String,
    /// Bytes after decoding, as claimed; decoding gives just so many or fails.
    pub size: u64,
    deflated: bool,
    stored: u64,
    place: ZipArchiveEntryWayfinder,
}

/// The bytes that one member takes, from its local header on.
struct Stretch {
    start: u64,
    end: u64,
    described: bool,
}

impl Archive {
    /// Reads the list of an archive of `size` bytes that may hold `budget` decoded ones.
    pub(super) fn open(file: File, size: u64, budget: u64) -> Result<Self, Refusal> {
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE.max(MAX_CENTRAL_DIRECTORY_RECORD_SIZE)];
        let zip = ZipArchive::from_file(file, &mut buffer).map_err(|error| error.to_string())?;
        if zip.end_offset() != size || zip.comment().remaining() != 0 {
            return Err("bytes follow the end of the archive, or a comment does".to_owned());
        }
        let (mut members, mut stretches) = (Vec::new(), Vec::new());
        let (mut files, mut folders, mut above) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (mut total, mut names) = (0_u64, 0_u64);
        let mut local = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
        let mut records = zip.entries(&mut buffer);
        while let Some(record) = records.next_entry().map_err(|error| error.to_string())? {
            let (path, is_folder) = path_of(&record)?;
            let shown = String::from_utf8_lossy(path.as_bytes()).into_owned();
            let refuse = |what: &str| format!("`{shown}` {what}");
            names = names.saturating_add(length(path.as_bytes()));
            if length_of(&stretches) >= TAR_ENTRIES_MAX || names > TAR_NAMES_MAX {
                return Err(format!("it lists more than {TAR_ENTRIES_MAX} files, or names of {TAR_NAMES_MAX} bytes"));
            }
            let (size, stored) = (record.uncompressed_size_hint(), record.compressed_size_hint());
            total = total.saturating_add(size);
            if total > budget {
                return Err(format!("its files have more than the {budget} bytes that are left for wheels"));
            }
            if size > DECODED_RATIO_FLOOR && size / stored.max(1) >= DECODED_RATIO_MAX {
                return Err(refuse(&format!("grows from {stored} to {size} bytes, as decompression bombs do")));
            }
            let deflated = match record.compression_method() {
                CompressionMethod::STORE => false,
                CompressionMethod::DEFLATE => true,
                other => return Err(refuse(&format!("is compressed by method {other}, which wheels do not use"))),
            };
            if record.flags().is_encrypted() {
                return Err(refuse("is encrypted"));
            }
            // The name says which of the two it is; links and devices are none.
            let kind = record.mode().value() & MODE_TYPE;
            if !(kind == MODE_FILE || is_folder && kind == MODE_FOLDER) || is_folder && size > 0 {
                return Err(refuse("is neither a file nor an empty folder"));
            }
            let entry = zip.get_entry(record.wayfinder()).map_err(|error| error.to_string())?;
            agrees(&record, &entry, &mut local).map_err(|what| refuse(&what))?;
            let described = record.flags().has_data_descriptor();
            let (_, end) = entry.compressed_data_range();
            stretches.push(Stretch { start: record.local_header_offset(), end, described });
            let key = path.as_bytes().to_vec();
            let fresh = if is_folder { folders.insert(key) } else { files.insert(key) };
            if !fresh {
                return Err(refuse("is listed twice"));
            }
            if !is_folder {
                members.push(Member { path: shown, size, deflated, stored, place: record.wayfinder() });
            }
            for folder in path.ancestors() {
                if !above.contains(folder) {
                    names = names.saturating_add(length(folder));
                    above.insert(folder.to_vec());
                }
            }
        }
        if let Some(both) = files.intersection(&above).chain(files.intersection(&folders)).next() {
            return Err(format!("`{}` is a file and a folder", String::from_utf8_lossy(both)));
        }
        if zip.entries_hint() != length_of(&stretches) {
            return Err("it lists another number of files than it says".to_owned());
        }
        no_gaps(stretches, zip.directory_offset())?;
        Ok(Self { zip, members })
    }

    /// Decodes one file to its end.
    pub(super) fn read(&self, member: &Member, out: &mut dyn FnMut(&[u8])) -> Result<(), Refusal> {
        let refuse = |what: String| format!("`{}`: {what}", member.path);
        let entry = self.zip.get_entry(member.place).map_err(|error| refuse(error.to_string()))?;
        if !member.deflated {
            let read = drain(&mut entry.verifying_reader(entry.reader()), member.size, out);
            return read.map_err(refuse);
        }
        let mut decoder = entry.verifying_reader(DeflateDecoder::new(entry.reader()));
        drain(&mut decoder, member.size, out).map_err(refuse)?;
        match decoder.into_inner().total_in() {
            used if used == member.stored => Ok(()),
            used => Err(refuse(format!("{} bytes follow its compressed data", member.stored.abs_diff(used)))),
        }
    }
}

/// The name, and whether it is a folder's.
fn path_of(record: &ZipFileHeaderRecord<'_>) -> Result<(EntryPath, bool), Refusal> {
    let path = record.file_path();
    let bytes: &[u8] = path.as_ref();
    let refuse = |what: &str| format!("a name {what}: {:?}", String::from_utf8_lossy(bytes));
    if length(bytes) > TAR_PATH_MAX {
        return Err(format!("a name has {} bytes, the limit is {TAR_PATH_MAX}", bytes.len()));
    }
    // Unmarked names are of code page 437 to some readers, and UTF-8 to others.
    let marked = record.flags().bits() & UTF8_FLAG != 0;
    if std::str::from_utf8(bytes).is_err() || !bytes.is_ascii() && !marked {
        return Err(refuse("is not UTF-8, or not marked as such"));
    }
    if bytes.contains(&b'\\') || bytes.iter().any(u8::is_ascii_control) {
        return Err(refuse("has a backslash or a control character"));
    }
    let trimmed = bytes.strip_suffix(b"/");
    let path = EntryPath::new(trimmed.unwrap_or(bytes)).map_err(|fault| refuse(&fault.to_string()))?;
    if u64::try_from(path.depth()).unwrap_or(u64::MAX) > TAR_DEPTH_MAX {
        return Err(refuse(&format!("has more than {TAR_DEPTH_MAX} components")));
    }
    Ok((path, trimmed.is_some()))
}

/// General purpose flag 11 (APPNOTE 4.4.4): name and comment are UTF-8.
const UTF8_FLAG: u16 = 1 << 11;

/// The extra field with another name (APPNOTE 4.6.9).
const UNICODE_PATH: u16 = 0x7075;

/// Whether the local header says what the list says.
fn agrees(
    record: &ZipFileHeaderRecord<'_>,
    entry: &ZipEntry<'_, FileReader>,
    buffer: &mut [u8],
) -> Result<(), Refusal> {
    let header = entry.local_header(buffer).map_err(|error| format!("has a damaged local header: {error}"))?;
    let (path, listed) = (header.file_path(), record.file_path());
    let name: &[u8] = path.as_ref();
    let listed: &[u8] = listed.as_ref();
    if name != listed {
        return Err(format!("is called {:?} in its local header", String::from_utf8_lossy(name)));
    }
    let same_sizes = header.compressed_size_hint() == record.compressed_size_hint()
        && header.uncompressed_size_hint() == record.uncompressed_size_hint()
        && header.crc32() == record.crc32();
    // Sizes that come later may be zero here, and nothing else.
    let unsaid = header.compressed_size_hint() == 0 && header.uncompressed_size_hint() == 0 && header.crc32() == 0;
    let same = header.compression_method() == record.compression_method() && header.flags() == record.flags();
    if !same || !(same_sizes || unsaid && record.flags().has_data_descriptor()) {
        return Err("has other sizes, flags, method or CRC-32 in its local header".to_owned());
    }
    let mut extra = record.extra_fields().chain(header.extra_fields());
    if extra.any(|(id, _)| id.as_u16() == UNICODE_PATH) {
        return Err("has a second name in an extra field, which some readers take".to_owned());
    }
    if record.flags().has_data_descriptor() {
        let descriptor = entry.reader().data_descriptor().ok().flatten();
        let agrees = descriptor.is_some_and(|found| {
            found.crc32() == record.crc32()
                && found.compressed_size() == record.compressed_size_hint()
                && found.uncompressed_size() == record.uncompressed_size_hint()
        });
        if !agrees {
            return Err("has a data descriptor that says something else".to_owned());
        }
    }
    Ok(())
}

/// Members follow one another from the first byte to the list, with nothing between them.
fn no_gaps(mut stretches: Vec<Stretch>, directory: u64) -> Result<(), Refusal> {
    stretches.sort_by_key(|stretch| stretch.start);
    let (mut at, mut described) = (0, false);
    let follows = |at: u64, start: u64, described: bool| {
        let gap = start.checked_sub(at);
        gap.is_some_and(|gap| if described { DESCRIPTOR_SIZES.contains(&gap) } else { gap == 0 })
    };
    for stretch in &stretches {
        if !follows(at, stretch.start, described) {
            return Err(format!("files overlap, or bytes of no file are between them, at byte {at}"));
        }
        (at, described) = (stretch.end, stretch.described);
    }
    if !follows(at, directory, described) {
        return Err(format!("bytes of no file are in front of the list, at byte {at}"));
    }
    Ok(())
}

/// Reads to the end, which the reader compares with size and CRC-32; never more than `size` bytes are handed out.
fn drain(reader: &mut dyn Read, size: u64, out: &mut dyn FnMut(&[u8])) -> Result<(), Refusal> {
    let (mut buffer, mut left) = (vec![0; PIECE], size);
    loop {
        let read = reader.read(&mut buffer).map_err(|error| error.to_string())?;
        let piece = buffer.get(..read).unwrap_or_default();
        left = left.checked_sub(length(piece)).ok_or_else(|| format!("it has more than the {size} bytes claimed"))?;
        if piece.is_empty() {
            return Ok(());
        }
        out(piece);
    }
}

fn length_of<T>(things: &[T]) -> u64 {
    u64::try_from(things.len()).unwrap_or(u64::MAX)
}
