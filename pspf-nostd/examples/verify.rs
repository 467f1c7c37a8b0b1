//! Verifies a package: `cargo run -p pspf-nostd --example verify -- FILE [FINGERPRINT…]`. The fingerprints are those of trusted keys.

use std::{
    env,
    error::Error,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    process::ExitCode,
};

use pspf_nostd::{
    report::Trust,
    verify::{Scope, TrustedKeys, Verification},
};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut file = File::open(arguments.next().ok_or("usage: verify FILE [FINGERPRINT…]")?)?;
    let pinned = arguments.map(|text| text.parse()).collect::<Result<_, _>>()?;
    let keys = TrustedKeys { pinned, ..TrustedKeys::default() };

    let mut verification = Verification::new(file.metadata()?.len(), Scope::Content, keys);
    let mut window = Vec::new();
    while let Some(range) = verification.wants() {
        file.seek(SeekFrom::Start(range.start))?;
        window.clear();
        file.by_ref().take(range.len()).read_to_end(&mut window)?;
        verification.supply(&window)?;
    }

    let report = verification.finish().report;
    println!("{:?}, signer: {:?}", report.state, report.trust);
    for finding in &report.findings {
        println!("{:?} {} ({}): {}", finding.severity, finding.code, finding.part, finding.message);
    }
    let trusted = report.ok && report.trust == Trust::Pinned;
    Ok(if trusted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
