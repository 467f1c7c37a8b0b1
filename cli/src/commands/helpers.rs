//! `flavor helpers`.

use super::launcher_trial;
use crate::{
    arguments::{Helpers, HelpersCommand},
    path_text,
    problem::{Exit, Failure},
    terminal::{Console, printable, size, table},
    workenv::{remove_directory, usage},
};
use flavor_manifest::Diagnostic;
use flavor_pack::{
    host_platform,
    launchers::{self, Known, Language, Origin},
};
use flavor_python::{cache_folder, process};
use pspf_nostd::digest::Sha256Digest;
use serde::Serialize;
use std::{
    env, fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
};

#[derive(Serialize)]
pub(super) struct LauncherDocument<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "path_text::optional")]
    path: Option<&'a Path>,
    origin: Origin,
    language: Language,
    platform: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    /// Bytes.
    size: u64,
    sha256: String,
    /// Whether this machine can run it.
    runs_here: bool,
}

#[derive(Serialize)]
struct ListDocument<'a> {
    ok: bool,
    launchers: Vec<LauncherDocument<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct CleanDocument {
    ok: bool,
    #[serde(serialize_with = "path_text::list")]
    removed: Vec<PathBuf>,
    /// Bytes on the disk.
    freed: u64,
}

/// Runs one of the commands.
///
/// # Errors
/// Where a name names nothing, or something cannot be built or removed.
pub fn run(arguments: &Helpers, console: &mut Console) -> Result<Exit, Failure> {
    if let Some(problem) = launchers::unusable_variable() {
        console.warn(problem.as_warning().field("FLAVOR_LAUNCHER_BIN"));
    }
    match &arguments.command {
        HelpersCommand::List => {
            list(&launchers::all(), console);
            Ok(Exit::Done)
        }
        HelpersCommand::Info { name } => {
            info(&named(launchers::all(), std::slice::from_ref(name))?, console);
            Ok(Exit::Done)
        }
        HelpersCommand::Build { platform, .. } => build(platform.as_deref(), console),
        HelpersCommand::Clean => clean(console),
        HelpersCommand::Test { names } => launcher_trial::run(&named(launchers::all(), names)?, console),
    }
}

/// Those with one of these names, or whose names contain one; without names all.
fn named(all: Vec<Known>, names: &[String]) -> Result<Vec<Known>, Failure> {
    if names.is_empty() {
        return Ok(all);
    }
    for name in names {
        if !all.iter().any(|known| known.name.contains(name.as_str())) {
            let known: Vec<&str> = all.iter().map(|known| known.name.as_str()).collect();
            let problem =
                Diagnostic::error("launcher.absent", format!("there is no launcher with `{name}` in its name"));
            let expected = if known.is_empty() { "nothing: none is known".to_owned() } else { known.join(", ") };
            return Err(problem.expected(expected).hint("`flavor helpers list` shows where they are").into());
        }
    }
    let fits = |known: &Known, name: &String| {
        let exact = all.iter().any(|known| known.name == *name);
        if exact { known.name == *name } else { known.name.contains(name.as_str()) }
    };
    let chosen: Vec<bool> = all.iter().map(|known| names.iter().any(|name| fits(known, name))).collect();
    Ok(all.into_iter().zip(chosen).filter_map(|(known, chosen)| chosen.then_some(known)).collect())
}

fn digest(known: &Known) -> Sha256Digest {
    known.launcher.encoded().sha256
}

pub(super) fn document(known: &Known) -> LauncherDocument<'_> {
    LauncherDocument {
        name: &known.name,
        path: known.path.as_deref(),
        origin: known.origin,
        language: known.language,
        platform: known.platform(),
        version: known.version.as_deref(),
        size: known.launcher.encoded().size,
        sha256: digest(known).to_string(),
        runs_here: known.runs_here(),
    }
}

fn origin(known: &Known) -> &'static str {
    match known.origin {
        Origin::Inside => "inside this program",
        Origin::Variable => "FLAVOR_LAUNCHER_BIN",
        Origin::Beside => "beside this program",
        Origin::Built => "built here",
        Origin::Published if known.language == Language::Go => "published tool, Go",
        Origin::Published => "published tool, Rust",
    }
}

fn list(all: &[Known], console: &mut Console) {
    if console.json() {
        let (launchers, warnings) = (all.iter().map(document).collect(), console.take_warnings());
        console.document(&ListDocument { ok: true, launchers, warnings });
        return;
    }
    if all.is_empty() {
        console.say("no launcher is known; the release build of flavor (`cargo xtask dist`) carries one");
        return;
    }
    let mut rows = vec![["NAME", "TARGET", "SIZE", "VERSION", "SHA-256", "WHERE"].map(str::to_owned).to_vec()];
    for known in all {
        let short: String = digest(known).to_string().chars().take(16).collect();
        rows.push(vec![
            printable(&known.name),
            known.platform(),
            size(known.launcher.encoded().size),
            known.version.clone().unwrap_or_else(|| "-".to_owned()),
            format!("{short}…"),
            origin(known).to_owned(),
        ]);
    }
    console.say(&table(&rows, &[2], ""));
}

fn info(chosen: &[Known], console: &mut Console) {
    if console.json() {
        let (launchers, warnings) = (chosen.iter().map(document).collect(), console.take_warnings());
        console.document(&ListDocument { ok: true, launchers, warnings });
        return;
    }
    for (number, known) in chosen.iter().enumerate() {
        if number > 0 {
            console.say("");
        }
        let path = known.path.as_ref().map(|path| printable(&path.display().to_string()));
        let runs = if known.runs_here() { "" } else { ", not for this machine" };
        let profile = if known.is_published() {
            "the compatible profile only (`pack --launcher` sees to it)"
        } else {
            "all that this program writes"
        };
        let rows = [
            ("name", printable(&known.name)),
            ("origin", origin(known).to_owned()),
            ("path", path.unwrap_or_else(|| "-".to_owned())),
            ("target", format!("{}{runs}", known.platform())),
            ("language", known.language.word().to_owned()),
            ("version", known.version.clone().unwrap_or_else(|| "unknown".to_owned())),
            ("size", format!("{} bytes", known.launcher.encoded().size)),
            ("sha256", digest(known).to_string()),
            ("runs", profile.to_owned()),
        ];
        let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
        console.say(&table(&rows, &[], ""));
    }
}

/// The folder above which is a checkout of this project, if we are in one.
fn checkout() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    let is_checkout = |folder: &&Path| {
        let manifest = fs::read_to_string(folder.join("launcher/Cargo.toml")).unwrap_or_default();
        manifest.contains("name = \"flavor-launcher\"") && folder.join("xtask/Cargo.toml").is_file()
    };
    here.ancestors().find(is_checkout).map(Path::to_owned)
}

/// `cargo xtask launchers` builds those of every Linux, wherever it runs.
const BUILT_ANYWHERE: [&str; 2] = ["linux_amd64", "linux_arm64"];

fn build(platform: Option<&str>, console: &mut Console) -> Result<Exit, Failure> {
    let (system, processor) = host_platform();
    let host = format!("{system}_{processor}");
    let refused = |message: String| Diagnostic::error("launcher.build", message);
    let other = platform.filter(|platform| *platform != host);
    if let Some(other) = other.filter(|other| !BUILT_ANYWHERE.contains(other)) {
        let problem = refused(format!("a launcher for {other} cannot be built on this machine")).field("--platform");
        return Err(problem
            .expected(format!("{host}, {}", BUILT_ANYWHERE.join(", ")))
            .hint("build it on a machine of that platform, and name its file with --launcher-bin")
            .into());
    }
    let Some(checkout) = checkout() else {
        let problem = refused("launchers are built from the source, and this is not a checkout of it".to_owned());
        let hint = "run this inside a checkout; the launcher of this program needs no building (`flavor helpers list`)";
        return Err(problem.hint(hint).into());
    };
    let folder = cache_folder::find(cache_folder::LAUNCHERS).map_err(|why| {
        let hint = "set XDG_CACHE_HOME to a folder of your own, below folders that nobody else can change";
        refused(format!("there is no folder to keep it in: {why}")).hint(hint)
    })?;
    let mut command = process::command("cargo");
    // What cargo says is not the answer.
    let task = if other.is_some() { "launchers" } else { "launcher" };
    command.args(["xtask", task]).current_dir(&checkout).stdin(Stdio::null()).stdout(Stdio::null());
    let status = command.status().map_err(|error| {
        refused(format!("cargo cannot be run: {}", flavor_manifest::io_text(&error)))
            .hint("install Rust, https://rustup.rs")
    })?;
    if !status.success() {
        return Err(refused(format!("`cargo xtask {task}` failed; its reason is above")).file(&checkout).into());
    }
    let built = checkout.join("dist/launchers");
    let failed = |error: io::Error| Diagnostic::io("launcher.keep", &folder, "keep the launcher", &error);
    cache_folder::create(&folder).map_err(|error| failed(io::Error::other(error)))?;
    for entry in fs::read_dir(&built).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let mut temporary = tempfile::NamedTempFile::new_in(&folder).map_err(failed)?;
        io::copy(&mut fs::File::open(entry.path()).map_err(failed)?, &mut temporary).map_err(failed)?;
        temporary.as_file().set_permissions(fs::Permissions::from_mode(0o755)).map_err(failed)?;
        temporary.persist(folder.join(entry.file_name())).map_err(|error| failed(error.error))?;
    }
    let mut kept = launchers::all();
    kept.retain(|known| known.origin == Origin::Built);
    list(&kept, console);
    Ok(Exit::Done)
}

fn clean(console: &mut Console) -> Result<Exit, Failure> {
    let folder = cache_folder::part(cache_folder::LAUNCHERS).filter(|folder| folder.is_dir());
    let freed = folder.as_ref().map(|folder| usage(folder).bytes).unwrap_or_default();
    if let Some(folder) = &folder {
        remove_directory(folder).map_err(|error| Diagnostic::io("clean.remove", folder, "remove this", &error))?;
    }
    if console.json() {
        console.document(&CleanDocument { ok: true, removed: folder.into_iter().collect(), freed });
    } else {
        let said = match folder {
            Some(folder) => {
                format!("removed  {}  {}", printable(&folder.display().to_string()), size(freed))
            }
            None => "nothing to remove".to_owned(),
        };
        console.say(&said);
    }
    Ok(Exit::Done)
}
