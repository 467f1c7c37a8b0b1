//! The three published verifiers on the cases.
//!
//! The launchers verify the package that they are in front of, so each case is made anew around each launcher.

use crate::{
    catalogue::Case,
    peer::{Language, Peer},
};
use std::{
    fs, io,
    path::Path,
    process::Output,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// Exit codes of the published verifiers on one case; -1 for a verifier that a signal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    /// `flavor verify`.
    pub python: i32,
    /// `verify` of the Rust launcher; `None` where the file does not start with it.
    pub rust: Option<i32>,
    /// `verify` of the Go launcher; `None` where the file does not start with it.
    pub go: Option<i32>,
}

/// The answers on each case, in order.
///
/// # Errors
/// Where a program does not start or a file cannot be written.
pub fn answers(peer: &Peer, cases: &[Case]) -> io::Result<Vec<Answers>> {
    let scratch = tempfile::tempdir()?;
    let rust = fs::read(peer.launcher(Language::Rust)?)?;
    let go = fs::read(peer.launcher(Language::Go)?)?;
    let next = AtomicUsize::new(0);
    let work = || -> io::Result<Vec<(usize, Answers)>> {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(number) else { return Ok(done) };
            done.push((number, ask(peer, case, &rust, &go, scratch.path())?));
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut answers = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker ends")).collect::<io::Result<Vec<_>>>()
    })?
    .concat();
    answers.sort_by_key(|(number, _)| *number);
    Ok(answers.into_iter().map(|(_, answers)| answers).collect())
}

fn ask(peer: &Peer, case: &Case, rust: &[u8], go: &[u8], scratch: &Path) -> io::Result<Answers> {
    let by_launcher = |launcher: &[u8], name: &str| -> io::Result<(i32, Option<i32>)> {
        let home = scratch.join(format!("{}-{name}", case.name));
        fs::create_dir_all(&home)?;
        let file = home.join("package.psp");
        let package = case.package(launcher);
        fs::write(&file, &package)?;
        let python = if name == "rust" { exit(&peer.verify(&file, &home)?) } else { 0 };
        // A file that is not a package has no launcher to ask.
        let own =
            if package.len() > launcher.len() { Some(exit(&peer.verify_by_launcher(&file, &home)?)) } else { None };
        fs::remove_dir_all(&home)?;
        Ok((python, own))
    };
    let (python, rust) = by_launcher(rust, "rust")?;
    let (_, go) = by_launcher(go, "go")?;
    Ok(Answers { python, rust, go })
}

fn exit(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// The table of cases, what should be, and what the published verifiers answer; `!` marks where they part from it.
#[must_use]
pub fn table(cases: &[Case], answers: &[Answers]) -> String {
    let mut text = format!("{:36} {:8} {:9} {:9} {:9}\n", "case", "should", "python", "rust", "go");
    let mut gaps = [0; 3];
    for (case, answers) in cases.iter().zip(answers) {
        let should = if case.expect.exit() == 1 { "refuse" } else { "accept" };
        let mut line = format!("{:36} {should:8}", case.name);
        for (exit, gap) in [Some(answers.python), answers.rust, answers.go].into_iter().zip(&mut gaps) {
            let word = match exit {
                None => "-",
                Some(0) => "accept",
                Some(1) => "refuse",
                Some(_) => "crash",
            };
            let differs = word != "-" && word != should;
            *gap += i32::from(differs);
            line += &format!(" {:9}", if differs { format!("{word} !") } else { word.to_owned() });
        }
        text += &format!("{}\n", line.trim_end());
    }
    let [python, rust, go] = gaps;
    text + &format!("{} cases; gaps: python {python}, rust {rust}, go {go}\n", cases.len())
}
