//! Writes the web page's sample packages and their list: `cargo run -p pspf-tests --bin web-samples -- FOLDER`.

use pspf_tests::showcase::{publisher, showcases};
use serde_json::json;
use std::{env, fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    let folder =
        env::args_os().nth(1).map(PathBuf::from).ok_or_else(|| io::Error::other("name the folder to write to"))?;
    fs::create_dir_all(&folder)?;
    let mut list = Vec::new();
    for (number, sample) in showcases().iter().enumerate() {
        // A neutral name on disk: the samples' own names may be hostile.
        let stored = format!("sample-{number}.psp");
        fs::write(folder.join(&stored), &sample.bytes)?;
        list.push(json!({
            "stored": stored,
            "file": sample.file,
            "title": sample.title,
            "description": sample.description,
            "trusted": sample.trusted,
            "state": sample.state,
            "size": sample.bytes.len(),
        }));
    }
    let document = json!({ "publisher": publisher().public_key().fingerprint().to_string(), "samples": list });
    fs::write(folder.join("samples.json"), document.to_string() + "\n")?;
    println!("{} samples in {}", list.len(), folder.display());
    Ok(())
}
