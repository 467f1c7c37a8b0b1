//! Writes a package of every published builder: `PSPF_PEER=…/bin cargo run -p pspf-tests --bin interop-packages -- FOLDER`.

use pspf_tests::{base::LAUNCHER, peer::Peer, published_builders::Builder};
use std::{env, fs, io, os::unix::fs::PermissionsExt, path::PathBuf};

fn main() -> io::Result<()> {
    let folder =
        env::args_os().nth(1).map(PathBuf::from).ok_or_else(|| io::Error::other("name the folder to write to"))?;
    let peer = Peer::find()?;
    let work = tempfile::tempdir()?;
    let launcher = work.path().join("launcher");
    fs::write(&launcher, LAUNCHER)?;
    fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755))?;
    for (number, builder) in Builder::ALL.into_iter().enumerate() {
        let own = work.path().join(number.to_string());
        fs::create_dir(&own)?;
        let built = builder.build(&peer, &launcher, &own)?;
        fs::copy(built, folder.join(format!("{builder:?}.psp")))?;
    }
    Ok(())
}
