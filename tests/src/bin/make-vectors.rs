//! Writes the case files of the conformance kit anew: `cargo run -p pspf-tests --bin make-vectors`.

use pspf_tests::kit;
use std::{fs, io};

fn main() -> io::Result<()> {
    let folder = kit::vectors().join("cases");
    let files = kit::files()?;
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        if !files.contains_key(&*entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path())?;
        }
    }
    let mut bytes = 0;
    for (name, text) in &files {
        bytes += text.len();
        fs::write(folder.join(name), text)?;
    }
    println!("{} cases, {bytes} bytes, in {}", files.len(), folder.display());
    Ok(())
}
