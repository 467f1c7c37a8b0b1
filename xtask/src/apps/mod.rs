//! `cargo xtask apps`: real applications, packed three times, run where nothing is installed, beside the published tool and PyInstaller.

mod catalogue;
mod others;
mod page;
mod processors;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use self::catalogue::APPS;
pub(crate) use self::catalogue::App;
use self::page::Page;
use self::processors::Watch;
use crate::build::{self, Options};
use crate::workspace::Workspace;
use crate::{libc_only, setup};

/// A program that runs longer has hung.
const RUN_SECONDS: &str = "300";

/// What to do.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Choice {
    /// Only these applications
    names: Vec<String>,
    /// This flavor instead of a newly built one
    #[arg(long, value_name = "FILE")]
    flavor: Option<PathBuf>,
    /// The published tool and PyInstaller instead
    #[arg(long)]
    peers: bool,
}

/// Packs and runs the applications and writes docs/applications.md after each. Fails after the last one if one failed.
pub(crate) fn apps(workspace: &Workspace, options: Options, choice: &Choice) -> Result<()> {
    let known = |name: &String| APPS.iter().any(|app| app.name == name);
    if let Some(unknown) = choice.names.iter().find(|name| !known(name)) {
        let names: Vec<&str> = APPS.iter().map(|app| app.name).collect();
        bail!("there is no application {unknown:?}; there are {}", names.join(", "));
    }
    setup::build_tools(workspace)?;
    let flavor = match &choice.flavor {
        Some(file) => std::path::absolute(file)?,
        None if choice.peers => PathBuf::new(),
        None => build::flavor(workspace, options)?,
    };
    if choice.peers {
        setup::peer(workspace)?;
    } else {
        for package in ["busybox-static", "musl"] {
            setup::debian_package(package, "applications in a root folder like Alpine's")?;
        }
        // Caches of an earlier run would answer for this one.
        let stranger = workspace.target.join("apps/stranger");
        if stranger.exists() {
            fs::remove_dir_all(stranger)?;
        }
    }
    let path = workspace.root.join("docs/applications.md");
    let mut failed = Vec::new();
    for app in APPS.iter().filter(|app| choice.names.is_empty() || choice.names.iter().any(|name| name == app.name)) {
        let folder = workspace.target.join("apps").join(if choice.peers { "peers" } else { "ours" }).join(app.name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        setup::step(app.name);
        // Read anew for each row, so that a run with peers and one without can go on at the same time.
        if choice.peers {
            let (published, pyinstaller, remarks) = others::measure(workspace, app, &folder);
            let mut page = Page::read(&path)?;
            page.set_peers(app.name, &published, &pyinstaller, &remarks);
            page::write(&path, &page)?;
        } else {
            let measured = measure(workspace, &flavor, app, &folder);
            let mut page = Page::read(&path)?;
            match measured {
                Ok(facts) => facts.show(app, &mut page),
                Err(error) => {
                    eprintln!("{error:#}");
                    page.set_ours(
                        app.name,
                        &["failed".into()],
                        &[app.requires().join(", "), remark(workspace, &error)],
                    );
                    failed.push(format!("{}: {error:#}", app.name));
                }
            }
            page::write(&path, &page)?;
        }
        fs::remove_dir_all(&folder)?;
    }
    println!("written to {}", path.display());
    if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("\n")) }
}

/// The application of that name.
pub(crate) fn named(name: &str) -> Option<&'static App> {
    APPS.iter().find(|app| app.name == name)
}

/// What was measured of a packer's result.
struct Facts {
    pack: Duration,
    size: u64,
    first: Duration,
    next: Duration,
}

/// What was measured of ours besides.
struct OurFacts {
    common: Facts,
    libc: &'static str,
    empty: &'static str,
    musl: &'static str,
    size_with_libc: u64,
    others: f64,
}

impl Facts {
    fn cells(&self) -> [String; 4] {
        [seconds(self.pack, 1), megabytes(self.size), seconds(self.first, 2), seconds(self.next, 2)]
    }
}

impl OurFacts {
    fn show(&self, app: &App, page: &mut Page) {
        let others = format!("{:.0}", self.others);
        let size = megabytes(self.size_with_libc);
        let places = [
            app.requires().join(", "),
            "yes".into(),
            self.libc.into(),
            self.empty.into(),
            self.musl.into(),
            size,
            others,
        ];
        eprintln!("{} {}", self.common.cells().join(" "), places.join(" "));
        page.set_ours(app.name, &self.common.cells(), &places);
    }
}

fn measure(workspace: &Workspace, flavor: &Path, app: &App, folder: &Path) -> Result<OurFacts> {
    let watch = Watch::start()?;
    let home = |name: &str| workspace.target.join("apps").join(name);
    let pack = |name: &str, python: &str, mut command: Command, home: &Path| -> Result<(PathBuf, Duration)> {
        let project = folder.join(name);
        app.write(&project)?;
        let package = project.join("app.psp");
        command.arg(flavor).args(["pack", "-q", "--strict-manifest", "--key-seed", "apps", "--python", python]);
        command.arg("--manifest").arg(project.join("pyproject.toml")).arg("--output").arg(&package);
        fs::create_dir_all(home)?;
        command.env("FLAVOR_UV", workspace.uv()).env("FLAVOR_PYTHON", "local").env("HOME", home);
        let started = Instant::now();
        succeed(&mut command)?;
        Ok((package, started.elapsed()))
    };
    let (package, _) = pack("one", "local", Command::new("env"), &home("home"))?;
    let (again, time) = pack("another folder", "local", Command::new("env"), &home("home"))?;
    let (third, _) = pack("by somebody else", "local", as_somebody_else(), &home("stranger"))?;
    for other in [&again, &third] {
        if fs::read(&package)? != fs::read(other)? {
            bail!("two packings differ: {} and {}", package.display(), other.display());
        }
    }
    let (first, next) = runs(&package, app, &folder.join("cache"))?;
    commands(&package, app, folder)?;
    let libc = everywhere(app, &folder.join("libc-only"), &package, libc_only::make)?;
    let (alone, _) = pack("with-libc", "debian", Command::new("env"), &home("home"))?;
    let empty = everywhere(app, &folder.join("empty"), &alone, libc_only::make_empty)?;
    let musl = everywhere(app, &folder.join("musl"), &alone, libc_only::make_musl)?;
    Ok(OurFacts {
        common: Facts { pack: time, size: fs::metadata(&package)?.len(), first, next },
        libc,
        empty,
        musl,
        size_with_libc: fs::metadata(&alone)?.len(),
        others: watch.others()?,
    })
}

/// Runs what follows as another user (where the kernel lets us), with other rights for new files, another time zone and language.
fn as_somebody_else() -> Command {
    let user = ["--user", "--map-user=4711", "--map-group=4711"];
    let may = Command::new("unshare").args(user).arg("true").status().is_ok_and(|status| status.success());
    let mut command = Command::new(if may { "unshare" } else { "env" });
    if may {
        command.args(user);
    }
    command.args(["sh", "-c", "umask 077; exec \"$@\"", "sh"]);
    command.env("TZ", "Asia/Kathmandu").env("LC_ALL", "C").env("LOGNAME", "somebody").env("USER", "somebody");
    command
}

/// Every other command of the package, by its variable and by a link of its name.
fn commands(package: &Path, app: &App, folder: &Path) -> Result<()> {
    for (name, prints) in app.commands {
        let run = |program: &Path, variable: &str| -> Result<()> {
            let mut command = program_in(program, app, &folder.join("cache"));
            check(prints, &command.env("FLAVOR_COMMAND", variable).output()?)
                .with_context(|| format!("command {name} of {}", program.display()))
        };
        run(package, name)?;
        let link = folder.join(name);
        symlink(package, &link)?;
        run(&link, "")?;
    }
    Ok(())
}

/// Runs the program in a root folder; says so where this user may not.
fn everywhere(app: &App, root: &Path, package: &Path, make: fn(&Path, &Path) -> Result<()>) -> Result<&'static str> {
    make(root, package)?;
    let arguments: Vec<&OsStr> = app.arguments.iter().map(OsStr::new).collect();
    let Some(result) = libc_only::run_app(root, &["HOME=/tmp"], &arguments)? else { return Ok("not tried") };
    check(app.prints, &result).with_context(|| format!("in {}", root.display()))?;
    Ok("yes")
}

/// The fastest of three first runs, and of three next ones.
fn runs(package: &Path, app: &App, cache: &Path) -> Result<(Duration, Duration)> {
    let run = || -> Result<Duration> {
        let mut command = program_in(package, app, cache);
        let started = Instant::now();
        let result = command.output()?;
        let time = started.elapsed();
        check(app.prints, &result)?;
        Ok(time)
    };
    let (mut first, mut next) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        if cache.exists() {
            fs::remove_dir_all(cache)?;
        }
        fs::create_dir_all(cache)?;
        first = first.min(run()?);
        next = next.min(run()?);
    }
    fs::remove_dir_all(cache)?;
    Ok((first, next))
}

/// The packed program with an environment of nothing but a home and a search path.
fn program_in(package: &Path, app: &App, home: &Path) -> Command {
    let mut command = Command::new("/usr/bin/timeout");
    command.args(["--kill-after=5", RUN_SECONDS]).arg(package).args(app.arguments);
    command.env_clear().env("HOME", home).env("FLAVOR_CACHE_DIR", home).env("PATH", "/usr/bin:/bin");
    command
}

fn check(prints: &str, result: &Output) -> Result<()> {
    let text = String::from_utf8_lossy(&result.stdout);
    if !result.status.success() || !text.contains(prints) {
        let errors = String::from_utf8_lossy(&result.stderr);
        bail!("{}, expected {prints:?} in {text:?}; standard error: {errors}", result.status);
    }
    Ok(())
}

fn succeed(command: &mut Command) -> Result<()> {
    let result = command.output().context("could not start a packer")?;
    if !result.status.success() {
        let texts = [&result.stderr, &result.stdout].map(|text| String::from_utf8_lossy(text).into_owned());
        bail!("{}: {}", result.status, texts.concat());
    }
    Ok(())
}

/// The line of an error that says most, without this machine's folders, for a cell of the table.
fn remark(workspace: &Workspace, error: &anyhow::Error) -> String {
    let text = format!("{error:#}").replace(&workspace.target.display().to_string(), "…");
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    // Python's word for what went wrong is below its traceback.
    let line = lines.iter().rfind(|line| line.contains("Error: ")).or(lines.first()).copied().unwrap_or_default();
    line.trim_start_matches([' ', '╰', '─', '>']).chars().take(120).collect()
}

fn seconds(time: Duration, digits: usize) -> String {
    format!("{:.digits$}", time.as_secs_f64())
}

#[expect(clippy::cast_precision_loss, reason = "megabytes are shown with one digit")]
fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
