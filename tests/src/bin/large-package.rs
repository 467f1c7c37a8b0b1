//! Writes a validly signed package that is large: `cargo run -p pspf-tests --bin large-package -- zeros BYTES FILE`, one slot of
//! that many zero bytes (the file is sparse), or `entries COUNT FILE`, one archive with that many files.

use pspf_nostd::{
    digest::StreamingSha256,
    json::Json,
    offsets::{length, position},
    tar::{END, EntryKind, header},
    writer::{EncodedSlot, PackagePlan, Segment, SlotPlan},
};
use pspf_tests::{
    base::{LAUNCHER, encode},
    showcase::publisher,
};
use std::{
    env,
    fs::File,
    io::{self, Seek, SeekFrom, Write},
};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [kind, number, path] = arguments.as_slice() else {
        return Err(io::Error::other("usage: large-package zeros|entries NUMBER FILE"));
    };
    let number: u64 = number.parse().map_err(io::Error::other)?;
    match kind.as_str() {
        "zeros" => write(path, "raw", &Content::Zeros(number)),
        "entries" => write(path, "tar", &Content::Bytes(archive(number)?)),
        other => Err(io::Error::other(format!("`{other}` is neither zeros nor entries"))),
    }
}

enum Content {
    Zeros(u64),
    Bytes(Vec<u8>),
}

impl Content {
    fn encoded(&self) -> EncodedSlot {
        match self {
            Self::Bytes(bytes) => encode(bytes, bytes.len()),
            Self::Zeros(size) => {
                let block = vec![0; 1 << 20];
                let mut digest = StreamingSha256::new();
                let mut left = *size;
                while left > 0 {
                    let piece = left.min(length(&block));
                    digest.update(&block[..position(piece)]);
                    left -= piece;
                }
                EncodedSlot { size: *size, original_size: *size, sha256: digest.finish() }
            }
        }
    }
}

fn archive(entries: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for number in 0..entries {
        let path = format!("folder-{:03}/file-{number:06}.txt", number / 500);
        bytes.extend(header(path.as_bytes(), &EntryKind::File, 0, 0o644, 0).map_err(io::Error::other)?);
    }
    bytes.extend(END);
    Ok(bytes)
}

fn write(path: &str, operations: &str, content: &Content) -> io::Result<()> {
    let text = |value: &str| Json::from(value);
    let object = |entries: Vec<(&str, Json)>| entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let plan = PackagePlan {
        package: object(vec![("name", text("large")), ("version", text("1.0.0"))]),
        slots: vec![SlotPlan {
            id: "large".to_owned(),
            source: "large".to_owned(),
            target: "{workenv}/large".to_owned(),
            operations: operations.to_owned(),
            purpose: "data".to_owned(),
            lifecycle: "runtime".to_owned(),
            permissions: 0o644,
            extra: Vec::new(),
            encoded: content.encoded(),
        }],
        execution: Json::Object(object(vec![("command", text("{workenv}/large"))])),
        build: object(vec![("tool_version", text("0.1.0")), ("timestamp", text("2025-01-01T00:00:00+00:00"))]),
        launcher_tool: "flavor-launcher".to_owned(),
        launcher_version: "0".to_owned(),
        launcher: encode(LAUNCHER, LAUNCHER.len()),
        extra: Vec::new(),
    };
    let mut file = File::create(path)?;
    let skip = |file: &mut File, size: u64| file.seek(SeekFrom::Current(size.try_into().map_err(io::Error::other)?));
    for segment in &plan.assemble(&publisher()).map_err(io::Error::other)?.segments {
        match (segment, content) {
            (Segment::Launcher, _) => file.write_all(LAUNCHER)?,
            (Segment::Bytes(bytes), _) | (Segment::Slot(_), Content::Bytes(bytes)) => file.write_all(bytes)?,
            (Segment::Zeros(size), _) | (Segment::Slot(_), Content::Zeros(size)) => drop(skip(&mut file, *size)?),
        }
    }
    Ok(())
}
