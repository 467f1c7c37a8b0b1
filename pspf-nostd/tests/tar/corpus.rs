//! Archives as other programs write them, made at test time.

use super::listing::python;
use std::{fs, os::unix::ffi::OsStrExt, os::unix::fs::PermissionsExt, path::Path, process::Command};

/// An archive and how it was made.
pub(crate) struct Made {
    pub(crate) by: String,
    pub(crate) bytes: Vec<u8>,
}

/// Names that are hard on formats, without those that only a file system could refuse.
pub(crate) fn names() -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = [
        &b"plain"[..],
        b"with blank ",
        b" leading",
        b"new\nline",
        b"equals=sign",
        b"back\\slash",
        b"..dots",
        b"...",
        b"caf\xc3\xa9",
        b"caf\xe9",
        b"\xff\xfe\x80",
        b"#LongLink",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    for length in [99, 100, 101, 155, 156, 254, 255, 256, 257, 300] {
        names.push(format!("{length}-").bytes().chain(std::iter::repeat(b'n')).take(length).collect());
        names.push(
            format!("{length}/")
                .bytes()
                .chain(b"component/".iter().copied().cycle())
                .take(length - 1)
                .chain([b'x'])
                .collect(),
        );
        names.push(
            format!("{length}\u{e9}/")
                .bytes()
                .chain(b"p\xe9/".iter().copied().cycle())
                .take(length - 1)
                .chain([b'x'])
                .collect(),
        );
    }
    names
}

/// In each format that Python knows: files of many sizes, directories, links, long and strange names.
pub(crate) fn by_python() -> Vec<Made> {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, name) in names().iter().enumerate() {
        fs::write(folder.path().join(format!("{number:03}.name")), name).expect("a name file");
    }
    let printed = python(MAKE, &[folder.path().as_os_str()]);
    let made = printed.lines().map(|name| {
        let bytes = fs::read(folder.path().join(name)).expect("an archive");
        Made { by: format!("Python tarfile, {name}"), bytes }
    });
    made.collect()
}

const MAKE: &str = r#"
import io, os, sys, tarfile
folder = sys.argv[1]
names = [open(os.path.join(folder, name), "rb").read().decode("utf-8", "surrogateescape")
         for name in sorted(os.listdir(folder)) if name.endswith(".name")]
formats = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
for title, format in formats.items():
    for globals in ([{}, {"comment": "0123456789abcdef"}] if title == "pax" else [{}]):
        file = f"{title}{'-global' if globals else ''}.tar"
        with tarfile.open(os.path.join(folder, file), "w", format=format, encoding="utf-8", errors="surrogateescape",
                          pax_headers=globals) as archive:
            def add(name, type=tarfile.REGTYPE, content=b"", target="", mode=0o644, mtime=1700000000, pax={}):
                info = tarfile.TarInfo(name)
                info.type, info.size, info.linkname, info.mode, info.mtime = type, len(content), target, mode, mtime
                info.pax_headers = pax
                try:
                    archive.addfile(info, io.BytesIO(content))
                    return True
                except ValueError:
                    assert title == "ustar", "only ustar has names that do not fit"
            add(".", tarfile.DIRTYPE, mode=0o755)
            add("sizes", tarfile.DIRTYPE, mode=0o1777)
            for size in (0, 1, 511, 512, 513, 1024, 10240, 100001):
                add(f"./sizes/{size}", content=bytes(i % 251 for i in range(size)), mode=0o4755)
            add("empty", tarfile.DIRTYPE, mode=0o700)
            for number, name in enumerate(names):
                added = add(f"f{number}/" + name, content=name.encode("utf-8", "surrogateescape"))
                add(f"d{number}/" + name, tarfile.DIRTYPE, mode=0o755)
                add(f"s{number}", tarfile.SYMTYPE, target=name, mode=0o777)
                if added:
                    add(f"h{number}", tarfile.LNKTYPE, target=f"f{number}/" + name)
            add("float-time", mtime=1700000000.25)
            add("late", mtime=1 << 34 if title != "ustar" else 1)
            if title == "pax":
                add("comments", content=b"x", pax={"comment": "a=b c", "SCHILY.xattr.user.x": "y", "atime": "1.5"})
                add("stated-size", content=b"12345", pax={"size": "5"})
        print(file)
open(os.path.join(folder, "empty.tar"), "wb").close()
tarfile.open(os.path.join(folder, "nothing.tar"), "w").close()
print("nothing.tar")
"#;

/// With both headers of the `tar` crate and its pax records.
pub(crate) fn by_tar_crate() -> Vec<Made> {
    let mut made = Vec::new();
    for (title, gnu) in [("ustar", false), ("gnu", true)] {
        let mut builder = tar::Builder::new(Vec::new());
        let header = |kind, size| {
            let mut header = if gnu { tar::Header::new_gnu() } else { tar::Header::new_ustar() };
            header.set_entry_type(kind);
            header.set_size(size);
            header.set_mode(0o755);
            header.set_mtime(1);
            header
        };
        for (number, name) in names().iter().enumerate() {
            let below = |top: char| {
                Path::new(std::ffi::OsStr::from_bytes(&[format!("{top}{number}/").as_bytes(), name].concat()))
                    .to_owned()
            };
            let content = vec![b'x'; number * 100];
            let mut file = header(tar::EntryType::Regular, content.len() as u64);
            builder.append_data(&mut file, below('f'), content.as_slice()).expect("a file");
            builder.append_data(&mut header(tar::EntryType::Directory, 0), below('d'), &[][..]).expect("a directory");
            let target = Path::new(std::ffi::OsStr::from_bytes(name));
            builder.append_link(&mut header(tar::EntryType::Symlink, 0), below('s'), target).expect("a symlink");
            builder.append_link(&mut header(tar::EntryType::Link, 0), below('h'), below('f')).expect("a hard link");
        }
        let records = [("mtime", &b"1700000000.5"[..]), ("comment", b"x")];
        builder.append_pax_extensions(records).expect("a pax header");
        builder.append_data(&mut header(tar::EntryType::Regular, 3), "with-pax", &b"abc"[..]).expect("a file");
        builder.append_pax_extensions(records).expect("a pax header");
        let long = "long/".repeat(60) + "x";
        builder.append_data(&mut header(tar::EntryType::Regular, 3), long, &b"abc"[..]).expect("a file");
        made.push(Made { by: format!("tar crate, {title}"), bytes: builder.into_inner().expect("an archive") });
    }
    made
}

/// In the formats of GNU tar, from a tree on disk; nothing where there is no GNU tar.
pub(crate) fn by_gnu_tar() -> Vec<Made> {
    let version = Command::new("tar").arg("--version").output();
    if !version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("GNU tar")) {
        return Vec::new();
    }
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    for (number, name) in
        names().iter().enumerate().filter(|(_, name)| name.split(|&b| b == b'/').all(|part| part.len() < 256))
    {
        let path = root.join(format!("f{number}")).join(std::ffi::OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, vec![b'y'; number * 77]).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o2755)).expect("a mode");
        std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(name), root.join(format!("s{number}")))
            .expect("a symlink");
        fs::hard_link(&path, root.join(format!("h{number}"))).expect("a hard link");
        fs::create_dir(root.join(format!("empty{number}"))).expect("a directory");
    }
    let tar = |title: &str, arguments: &[&str]| {
        let output = Command::new("tar").arg("-cf-").args(arguments).current_dir(root).output().expect("tar runs");
        Made { by: format!("GNU tar, {title}"), bytes: output.stdout }
    };
    vec![
        tar("gnu", &["--format=gnu", "--sort=name", "."]),
        tar("oldgnu", &["--format=oldgnu", "--sort=name", "."]),
        tar("pax", &["--format=pax", "--sort=name", "."]),
        tar("pax without a root", &["--format=pax", "--sort=name", "f0", "h0", "f1", "s1"]),
        tar("ustar", &["--format=ustar", "--sort=name", "f0", "f1", "f3", "f8", "f10", "s2", "h3", "empty7"]),
        tar("small blocks", &["-b1", "f0", "f1", "empty1"]),
    ]
}
