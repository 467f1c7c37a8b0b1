//! A scratch directory with one launcher's packages in it, and the ways to start them.

use super::{Maker, package::Package};
use crate::peer::{Language, Peer};
use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::ExitStatusExt,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};
use tempfile::TempDir;

/// A user who is neither root nor one of the machine's.
pub(super) const USER: u32 = 61_234;
/// Another one.
pub(super) const STRANGER: u32 = 61_235;

/// The place of one row with one launcher.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) maker: Maker,
    pub(super) launcher: &'a [u8],
    pub(super) peer: &'a Peer,
    place: TempDir,
}

impl<'a> Stage<'a> {
    pub(super) fn new(maker: Maker, launcher: &'a [u8], peer: &'a Peer) -> io::Result<Self> {
        let stage = Self { maker, launcher, peer, place: TempDir::with_prefix("table")? };
        // Other users must get to the packages.
        fs::set_permissions(stage.place.path(), fs::Permissions::from_mode(0o755))?;
        fs::create_dir(stage.path("home"))?;
        fs::create_dir(stage.path("tmp"))?;
        fs::set_permissions(stage.path("tmp"), fs::Permissions::from_mode(0o1777))?;
        Ok(stage)
    }

    pub(super) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.place.path().join(name)
    }

    /// Where work environments are extracted unless a row says otherwise.
    pub(super) fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    /// Writes a package and makes it executable.
    pub(super) fn pack(&self, name: impl AsRef<Path>, package: &Package) -> io::Result<PathBuf> {
        self.install(name, &package.around(self.launcher).bytes)
    }

    /// Writes an executable file.
    pub(super) fn install(&self, name: impl AsRef<Path>, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        // Written by another process: a descriptor of ours, open for writing while another row starts a process, would be
        // inherited and make executing fail with "text file busy".
        let data = tempfile::NamedTempFile::new_in(self.place.path())?;
        fs::write(data.path(), bytes)?;
        let _ = fs::remove_file(&path);
        done(Command::new("install").args(["-m", "755"]).arg(data.path()).arg(&path).output()?)?;
        Ok(path)
    }

    /// A command with nothing of the caller's in its environment.
    pub(super) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("FLAVOR_LOG_LEVEL", "error");
        command.env("HOME", self.path("home")).env("TMPDIR", self.path("tmp"));
        command.env("FLAVOR_CACHE_DIR", self.cache()).current_dir(self.place.path()).stdin(Stdio::null());
        command
    }

    /// Starts a program and says what came of it.
    pub(super) fn run(&self, program: impl AsRef<Path>) -> io::Result<String> {
        Ok(self.word(&self.command(program).output()?))
    }

    /// A shell script in which `$P` is the package, `$C` the cache and `$T` the scratch directory.
    pub(super) fn shell(&self, script: &str, package: &Path) -> Command {
        let mut command = self.command("/bin/sh");
        self.variables(&mut command, package);
        command.args(["-c", script]);
        command
    }

    /// The same in a mount namespace of its own.
    pub(super) fn mounts(&self, script: &str, package: &Path) -> io::Result<Command> {
        root()?;
        let mut command = self.command("unshare");
        self.variables(&mut command, package);
        command.args(["--mount", "/bin/sh", "-c", script]);
        Ok(command)
    }

    fn variables(&self, command: &mut Command, package: &Path) {
        command.env("P", package).env("C", self.cache()).env("T", self.place.path());
    }

    /// A command as another user, whose home is their own and who has no other place named.
    pub(super) fn as_user(&self, user: u32, program: &Path) -> io::Result<Command> {
        root()?;
        let home = self.path(format!("home-{user}"));
        fs::create_dir_all(&home)?;
        chown(&home, Some(user), Some(user))?;
        let id = user.to_string();
        let mut command = self.command("setpriv");
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]).arg(program);
        command.env("HOME", home).env_remove("FLAVOR_CACHE_DIR");
        Ok(command)
    }

    /// The first line of what the program said, else how the launcher refused.
    pub(super) fn word(&self, output: &Output) -> String {
        let text = String::from_utf8_lossy(&output.stdout);
        if let Some(line) = text.lines().next() {
            return line.trim_end_matches(": ").to_owned();
        }
        let silent = if output.stderr.is_empty() { " silently" } else { "" };
        if self.maker == Maker::Ours {
            // For whoever looks into a row that came out wrong; the test shows it then.
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
        }
        match (output.status.code(), output.status.signal()) {
            (Some(0), _) => "nothing".to_owned(),
            (Some(code), _) => self.ended(code) + silent,
            (None, signal) => format!("killed by signal {}", signal.unwrap_or_default()),
        }
    }

    /// A word for a launcher's exit code.
    pub(super) fn ended(&self, code: i32) -> String {
        match (self.maker, code) {
            (Maker::Theirs(Language::Go), 2) | (_, 101) => format!("crashed {code}"),
            _ => format!("refused {code}"),
        }
    }

    /// What a script said, line by line; `code N` is the exit code of a launcher.
    pub(super) fn lines(&self, output: &Output) -> String {
        let text = String::from_utf8_lossy(&output.stdout);
        let words = text.lines().map(|line| match line.strip_prefix("code ").and_then(|code| code.parse().ok()) {
            Some(code) => self.ended(code),
            None => line.to_owned(),
        });
        let words: Vec<_> = words.collect();
        if words.is_empty() { format!("nothing ({})", output.status) } else { words.join("; ") }
    }

    /// The directory that holds the work environments.
    pub(super) fn workenvs(&self) -> PathBuf {
        self.cache().join("workenv")
    }

    /// The work environment of a package that has run; ours is the only one there.
    pub(super) fn workenv(&self, package: &Path) -> io::Result<PathBuf> {
        if self.maker != Maker::Ours {
            return Ok(self.workenvs().join(stem(package)));
        }
        let visible = fs::read_dir(self.workenvs())?.filter_map(Result::ok).map(|entry| entry.path());
        let mut visible = visible.filter(|path| !is_hidden(path));
        visible.next().ok_or_else(|| io::Error::other("there is no work environment"))
    }

    /// The file that makes a work environment valid.
    pub(super) fn record(&self, package: &Path) -> io::Result<PathBuf> {
        Ok(match self.maker {
            Maker::Ours => self.workenv(package)?.join(".pspf/complete"),
            Maker::Theirs(_) => self.about(package).join("instance/extract/complete"),
        })
    }

    /// Where the published launchers keep what they know of a work environment.
    pub(super) fn about(&self, package: &Path) -> PathBuf {
        self.workenvs().join(format!(".{}.pspf", stem(package)))
    }

    /// What killed or failed extractions have left behind.
    pub(super) fn leftovers(&self, package: &Path) -> usize {
        let entries = |path: &Path| {
            let entries = fs::read_dir(path).map(|entries| entries.filter_map(Result::ok).collect::<Vec<_>>());
            entries.unwrap_or_default()
        };
        match self.maker {
            Maker::Ours => {
                let hidden = entries(&self.workenvs()).into_iter().filter(|entry| is_hidden(&entry.path()));
                hidden.filter(|entry| entry.file_name() != ".locks").count()
            }
            Maker::Theirs(_) => entries(&self.about(package).join("tmp")).len(),
        }
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The published launchers' name of a work environment.
fn stem(package: &Path) -> String {
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(".psp").unwrap_or(&name).to_owned()
}

/// Refuses to go on where this user may not make mount namespaces and become others.
pub(super) fn root() -> io::Result<()> {
    static MAY: OnceLock<bool> = OnceLock::new();
    let may = MAY.get_or_init(|| {
        let works = |program: &str, arguments: &[&str]| {
            Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
        };
        let user = USER.to_string();
        fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
            && works("unshare", &["--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt"])
            && works("setpriv", &["--reuid", &user, "--clear-groups", "true"])
    });
    if *may { Ok(()) } else { Err(unsupported("this user is not root or may not mount")) }
}

/// A reason why a row cannot be done here.
pub(super) fn unsupported(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, why)
}

/// The output of a tool that must work.
pub(super) fn done(output: Output) -> io::Result<Output> {
    if output.status.success() {
        return Ok(output);
    }
    Err(io::Error::other(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim())))
}

/// How often each outcome was seen: `ran 24 of 24`, or `ran 20, partial tree 4`.
pub(super) fn tally(words: &[String]) -> String {
    let mut counts = BTreeMap::<&str, usize>::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    if let (1, Some((word, count))) = (counts.len(), counts.first_key_value()) {
        return format!("{word} {count} of {count}");
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(word, count)| (usize::MAX - count, word));
    counts.iter().map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", ")
}
