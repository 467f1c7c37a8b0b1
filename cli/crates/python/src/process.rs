//! Programs that flavor starts: all of them are made here, so that none is given what signs packages; and run to their end, with
//! their output captured and a time limit.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    io::{self, Write as _},
    path::Path,
    process::{Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};
use wait_timeout::ChildExt as _;

/// Variables whose values sign.
const SEEDS: [&str; 2] = ["FLAVOR_KEY_SEED", "FLAVOR_SEED"];

/// Variables that the manifest names as the seed (`key_seed = "${NAME}"`).
static NAMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A program with the caller's environment, the variables that hold a key's seed left out.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in SEEDS {
        command.env_remove(name);
    }
    for name in NAMED.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        command.env_remove(name);
    }
    command
}

/// Leaves one more variable out of every program that is started from now on.
pub fn withhold(variable: &str) {
    if !variable.is_empty() && !variable.contains(['=', '\0']) {
        NAMED.lock().unwrap_or_else(PoisonError::into_inner).insert(variable.to_owned());
    }
}

/// Keeps other processes of this user, such as build backends, from reading this one's memory and its first environment in `/proc`:
/// what was left out of theirs is still in there.
pub fn hide_memory() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // Old kernels and sandboxes may refuse; the variables are left out all the same.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// What a program left.
#[derive(Debug)]
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// It was ended by us because it took longer than the limit.
    pub timed_out: bool,
}

impl Finished {
    pub fn success(&self) -> bool {
        self.status.success() && !self.timed_out
    }

    /// The last `lines` non-empty lines of standard error.
    pub fn last_error_lines(&self, lines: usize) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
    }
}

/// How long the output of a program that has ended is waited for: a process that it left behind may hold the pipe open.
const PIPE_LINGER: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(5);

/// Runs `command` with `input` on its standard input.
pub fn run(command: &mut Command, input: &[u8], limit: Duration) -> io::Result<Finished> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (Drain::of(child.stdout.take()), Drain::of(child.stderr.take()));
    if let Some(mut pipe) = child.stdin.take() {
        let input = input.to_owned();
        // A child that ends before it has read everything is seen by its exit status.
        thread::spawn(move || pipe.write_all(&input));
    }
    let ended = child.wait_timeout(limit)?;
    let status = match ended {
        Some(status) => status,
        None => {
            child.kill()?;
            child.wait()?
        }
    };
    Ok(Finished { status, stdout: stdout.finish(), stderr: stderr.finish(), timed_out: ended.is_none() })
}

/// Reads a pipe in a thread of its own.
struct Drain {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: thread::JoinHandle<()>,
}

impl Drain {
    fn of(pipe: Option<impl io::Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let Some(mut pipe) = pipe else { return };
            let mut block = [0; 8192];
            // What was read before an error is still worth showing.
            while let Ok(read @ 1..) = pipe.read(&mut block) {
                let (Ok(mut sink), Some(read)) = (sink.lock(), block.get(..read)) else { return };
                sink.extend_from_slice(read);
            }
        });
        Self { bytes, reader }
    }

    fn finish(self) -> Vec<u8> {
        let begin = Instant::now();
        while !self.reader.is_finished() && begin.elapsed() < PIPE_LINGER {
            thread::sleep(POLL);
        }
        self.bytes.lock().map(|mut bytes| std::mem::take(&mut *bytes)).unwrap_or_default()
    }
}

/// A word as a shell takes it, so that a command in a message can be copied.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "-_./:=@%+,~^".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Variables that would make an interpreter other than what it is.
pub const PYTHON_VARIABLES: [&str; 4] = ["PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONEXECUTABLE"];

/// Every executable file called `name` in the absolute folders of `path`, the value of `PATH`.
pub fn all_on_path(name: &str, path: Option<&OsStr>) -> Vec<std::path::PathBuf> {
    let path: OsString = path.map_or_else(OsString::new, OsStr::to_owned);
    std::env::split_paths(&path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(name))
        .filter(|file| is_executable(file))
        .collect()
}

pub fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
