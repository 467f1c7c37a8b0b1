//! What each reader sees in an archive, in one shape.

use pspf_nostd::tar::{Entry, EntryKind, EntrySink, Stop, TarError, TarLimits, TarReader};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    fs,
    io::{Cursor, Read},
    process::Command,
};

/// One entry as a reader reports it. The root directory (`./`), one leading `./` and a directory's trailing `/` are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) kind: &'static str,
    pub(crate) target: String,
    pub(crate) size: u64,
    pub(crate) mode: u32,
    pub(crate) sha256: String,
}

/// Collects entries and checks that the reader keeps the sink's protocol.
#[derive(Default)]
pub(crate) struct Collector {
    pub(crate) listed: Vec<Listed>,
    pub(crate) mtimes: Vec<u64>,
    open: Option<(Sha256, u64)>,
}

impl EntrySink for Collector {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        assert!(self.open.is_none(), "an entry begins inside another");
        let (kind, target) = match &entry.kind {
            EntryKind::File => ("file", &[][..]),
            EntryKind::Directory => ("directory", &[][..]),
            EntryKind::Symlink { target } => ("symlink", target.as_slice()),
            EntryKind::HardLink { target } => ("hard link", target.as_bytes()),
        };
        self.mtimes.push(entry.mtime);
        self.listed.push(Listed {
            path: hex(entry.path.as_bytes()),
            kind,
            target: hex(target),
            size: entry.size,
            mode: entry.mode,
            sha256: String::new(),
        });
        self.open = Some((Sha256::new(), 0));
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        assert!(!bytes.is_empty(), "an empty piece");
        let (hash, length) = self.open.as_mut().expect("content outside of an entry");
        hash.update(bytes);
        *length += bytes.len() as u64;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        let (hash, length) = self.open.take().expect("an end without a beginning");
        let entry = self.listed.last_mut().expect("an entry");
        assert_eq!(length, entry.size, "content is not as long as stated");
        entry.sha256 = hex(&hash.finalize());
        Ok(())
    }
}

/// Our reading, fed in pieces of `chunk` bytes.
pub(crate) fn ours_in_chunks(archive: &[u8], chunk: usize) -> (Vec<Listed>, Result<(), TarError>) {
    let mut sink = Collector::default();
    let mut reader = TarReader::new(TarLimits::default());
    let mut result = Ok(());
    for piece in archive.chunks(chunk.max(1)) {
        result = reader.push(piece, &mut sink);
        if result.is_err() {
            assert_eq!(reader.push(b"more", &mut sink), result, "an error does not last");
            break;
        }
    }
    let finished = reader.finish(&mut sink);
    if result.is_err() {
        assert_eq!(finished, result, "an error does not last");
    }
    (sink.listed, finished)
}

/// Our reading.
pub(crate) fn ours(archive: &[u8]) -> Result<Vec<Listed>, TarError> {
    let (listed, result) = ours_in_chunks(archive, usize::MAX);
    result.map(|()| listed)
}

/// What the `tar` crate reads.
pub(crate) fn by_tar_crate(archive: &[u8]) -> Result<Vec<Listed>, std::io::Error> {
    let mut archive = tar::Archive::new(Cursor::new(archive));
    let mut listed = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let (kind, linked) = match entry.header().entry_type() {
            tar::EntryType::Regular => ("file", false),
            tar::EntryType::Directory => ("directory", false),
            tar::EntryType::Symlink => ("symlink", true),
            tar::EntryType::Link => ("hard link", true),
            tar::EntryType::XGlobalHeader => continue,
            _ => ("other", false),
        };
        let path = plain(&entry.path_bytes()).to_vec();
        if kind == "directory" && path.is_empty() {
            continue;
        }
        let target = if linked { entry.link_name_bytes().unwrap_or_default().to_vec() } else { Vec::new() };
        let target = if kind == "hard link" { plain(&target) } else { &target };
        let (size, mode) = (entry.size(), entry.header().mode()? & 0o7777);
        let target = hex(target);
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        listed.push(Listed { path: hex(&path), kind, target, size, mode, sha256: hex(&Sha256::digest(&content)) });
    }
    Ok(listed)
}

/// What Python's `tarfile` reads in each of the archives; `None` where it raises an exception.
pub(crate) fn by_python(archives: &[Vec<u8>]) -> Vec<Option<Vec<Listed>>> {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, archive) in archives.iter().enumerate() {
        fs::write(folder.path().join(format!("{number}.tar")), archive).expect("an archive file");
    }
    let count = archives.len().to_string();
    let output = python(LIST, &[folder.path().as_os_str(), count.as_ref()]);
    let mut lists = Vec::new();
    for line in output.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        match fields[..] {
            ["archive"] => lists.push(Some(Vec::new())),
            ["error"] => *lists.last_mut().expect("an archive") = None,
            ["entry", kind, size, mode, sha256, path, target] => {
                let path = hex(plain(&unhex(path)));
                let kind = ["file", "directory", "symlink", "hard-link"].into_iter().find(|known| *known == kind);
                let kind = kind.map_or("other", |kind| if kind == "hard-link" { "hard link" } else { kind });
                if kind == "directory" && path.is_empty() {
                    continue;
                }
                let target = unhex(target);
                let target = hex(if kind == "hard link" { plain(&target) } else { &target });
                let (size, mode) = (size.parse().expect("a size"), mode.parse().expect("a mode"));
                let list = lists.last_mut().and_then(Option::as_mut).expect("an archive");
                list.push(Listed { path, kind, target, size, mode, sha256: sha256.to_owned() });
            }
            _ => panic!("unexpected line: {line}"),
        }
    }
    assert_eq!(lists.len(), archives.len(), "Python has not read all archives");
    lists
}

/// Runs a script and returns what it prints.
pub(crate) fn python(script: &str, arguments: &[&std::ffi::OsStr]) -> String {
    let output = Command::new("python3").args(["-I", "-c", script]).args(arguments).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

const LIST: &str = r#"
import hashlib, os, sys, tarfile
folder, count = sys.argv[1], int(sys.argv[2])
kinds = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "directory",
         tarfile.SYMTYPE: "symlink", tarfile.LNKTYPE: "hard-link"}
raw = lambda text: text.encode("utf-8", "surrogateescape")
for number in range(count):
    print("archive")
    lines = []
    try:
        with tarfile.open(os.path.join(folder, f"{number}.tar"), "r:", encoding="utf-8", errors="surrogateescape") as archive:
            for member in archive:
                content = archive.extractfile(member).read() if member.isreg() else b""
                if len(content) != (member.size if member.isreg() else 0):
                    raise EOFError
                target = raw(member.linkname) if member.islnk() or member.issym() else b""
                lines.append(" ".join(["entry", kinds.get(member.type, "other"), str(member.size), str(member.mode & 0o7777),
                                       hashlib.sha256(content).hexdigest(), raw(member.name).hex(), target.hex()]))
        print("".join(line + "\n" for line in lines), end="")
    except (tarfile.TarError, EOFError, ValueError, OSError):
        print("error")
"#;

fn plain(path: &[u8]) -> &[u8] {
    let path = if path == b"." { b"" } else { path };
    let path = path.strip_prefix(b"./").unwrap_or(path);
    path.strip_suffix(b"/").unwrap_or(path)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("memory");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).expect("hex")).collect()
}
