//! What tests need of the machine: this workspace's own programs, the published implementation, tools, rights.
//!
//! A test that cannot run here calls [`skip`], directly or through one of the questions below. That is shown on standard
//! error at once and recorded in `target/skipped-tests/`, because a passing test's output is hidden by cargo-nextest;
//! `cargo xtask test` lists the records in its summary.

use std::{
    env, fs,
    io::{self, Write as _},
    panic::Location,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

/// Installs everything that tests can be missing.
pub const SETUP: &str = "cargo xtask setup";

/// The folder in cargo's target folder with a file for each skipped test.
pub const RECORDS: &str = "skipped-tests";

/// Names the launcher to test, where it is not the one that cargo builds beside the tests.
pub const LAUNCHER_VARIABLE: &str = "PSPF_LAUNCHER";

/// Names the folder with the published implementation's programs, where it is not the one that [`SETUP`] makes.
pub const PEER_VARIABLE: &str = "PSPF_PEER";

/// Says that this test, or the rest of it, does not run here: why, and the one command that changes it.
#[track_caller]
pub fn skip(reason: &str, remedy: &str) {
    let place = Location::caller();
    let line = format!("{} ({}:{}): {reason}; to run it: {remedy}", test_name(), place.file(), place.line());
    // Not `eprintln!`, whose output the test harness keeps for failures.
    let _ = writeln!(io::stderr(), "SKIPPED {line}");
    let folder = target().join(RECORDS);
    let file = format!("{}-{}", place.file().replace(['/', '\\'], "-"), place.line());
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(file), format!("{line}\n")));
    written.unwrap_or_else(|error| panic!("a skipped test must be recorded in {}: {error}", folder.display()));
}

fn test_name() -> String {
    let thread = std::thread::current();
    let of_thread = thread.name().filter(|name| *name != "main").map(str::to_owned);
    // cargo-nextest gives each test a process of its own.
    env::var("NEXTEST_TEST_NAME").ok().or(of_thread).unwrap_or_else(|| "a test".to_owned())
}

/// Whether all of these programs are on the search path; skips the test where one is not.
#[track_caller]
#[must_use]
pub fn has(programs: &[&str]) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = |program: &str| env::split_paths(&path).any(|folder| folder.join(program).is_file());
    match programs.iter().find(|program| !found(program)) {
        None => true,
        Some(missing) => {
            skip(&format!("`{missing}` is not installed"), SETUP);
            false
        }
    }
}

/// Whether this user is root; skips the test otherwise.
#[track_caller]
#[must_use]
pub fn is_root() -> bool {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !root {
        skip("only root may become another user or give files to one", "run the tests as root");
    }
    root
}

/// Whether `unshare` with these options works and mounts are allowed in what it makes; skips the test otherwise.
#[track_caller]
#[must_use]
pub fn has_namespaces(options: &[&str]) -> bool {
    let mut command = Command::new("unshare");
    command.arg("--mount").args(options).args(["sh", "-c", "mount -t tmpfs none /mnt"]);
    let allowed = command.output().is_ok_and(|output| output.status.success());
    if !allowed {
        skip(&format!("this user may not `unshare --mount {}`", options.join(" ")), "run the tests as root");
    }
    allowed
}

/// Whether the keys that Debian signs its archive with are here; skips the test otherwise.
#[track_caller]
#[must_use]
pub fn has_debian_keys() -> bool {
    let there = Path::new("/usr/share/keyrings/debian-archive-keyring.gpg").exists();
    if !there {
        skip("the keys of Debian's archive are not on this machine", "apt-get install debian-archive-keyring");
    }
    there
}

/// The folder with the published implementation's programs: [`PEER_VARIABLE`], else what [`SETUP`] has installed. Skips the
/// test where there is neither.
#[track_caller]
#[must_use]
pub fn peer() -> Option<PathBuf> {
    let found = installed_peer();
    if found.is_none() {
        skip("the published implementation (flavorpack) is not installed", SETUP);
    }
    found
}

/// The same without a word where there is neither.
#[must_use]
pub fn installed_peer() -> Option<PathBuf> {
    named_or_installed(PEER_VARIABLE, "tools/peer/bin")
}

/// uv: `FLAVOR_UV`, else what [`SETUP`] has installed, else the one on the search path.
#[must_use]
pub fn uv() -> Option<PathBuf> {
    let on_path = || {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).map(|folder| folder.join("uv")).find(|uv| uv.is_file())
    };
    named_or_installed("FLAVOR_UV", "tools/venv/bin/uv").or_else(on_path)
}

/// Whether there is a [`uv`]; skips the test otherwise.
#[track_caller]
#[must_use]
pub fn has_uv() -> bool {
    let found = uv().is_some();
    if !found {
        skip("uv is not installed", SETUP);
    }
    found
}

/// The Python beside uv in the tools that [`SETUP`] installs, which has the schemas' validators. Skips the test where it is not there.
#[track_caller]
#[must_use]
pub fn tools_python() -> Option<PathBuf> {
    let uv = named_or_installed("FLAVOR_UV", "tools/venv/bin/uv");
    let found = uv.map(|uv| uv.with_file_name("python")).filter(|python| python.exists());
    if found.is_none() {
        skip("the validators of published schemas are not installed", SETUP);
    }
    found
}

/// What the variable names, else the place in cargo's target folder, where something is there.
fn named_or_installed(variable: &str, place: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    // A named one that is not there is an error of whoever named it, which the test will show.
    named.or_else(|| Some(target().join(place)).filter(|path| path.exists()))
}

/// The launcher to test: [`LAUNCHER_VARIABLE`], else the one that cargo builds beside the tests.
#[must_use]
pub fn launcher() -> PathBuf {
    let named = env::var_os(LAUNCHER_VARIABLE).filter(|value| !value.is_empty());
    named.map_or_else(|| program("flavor-launcher", "flavor-launcher"), PathBuf::from)
}

/// A program of this workspace, in the build that the running test belongs to. Cargo builds only the programs of the package
/// that is tested, so what is missing or older than its sources is built here.
///
/// # Panics
/// Where it does not compile.
#[must_use]
pub fn program(package: &str, name: &str) -> PathBuf {
    static BUILT: OnceLock<std::sync::Mutex<Vec<PathBuf>>> = OnceLock::new();
    let folder = profile_folder();
    let program = folder.join(name);
    let mut built = BUILT.get_or_init(Default::default).lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if built.contains(&program) {
        return program;
    }
    if !is_fresh(&program) {
        let profile = folder.file_name().and_then(|name| name.to_str()).unwrap_or("debug");
        let profile = if profile == "debug" { "dev" } else { profile };
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--package", package, "--bin", name, "--profile", profile, "--target-dir"]);
        cargo.arg(folder.parent().unwrap_or(&folder)).current_dir(env!("CARGO_MANIFEST_DIR"));
        // What `cargo test` sets about the tested package would make cargo compile others anew.
        for (variable, _) in env::vars_os() {
            let text = variable.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CARGO_PRIMARY_PACKAGE"
            {
                cargo.env_remove(variable);
            }
        }
        let status = cargo.status().expect("cargo starts");
        assert!(status.success(), "cargo could not build {name} of {package}");
    }
    built.push(program.clone());
    program
}

/// Whether the program is at least as new as every source file that cargo wrote down beside it.
fn is_fresh(program: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let (Some(built), Ok(list)) = (time(program), fs::read_to_string(program.with_extension("d"))) else {
        return false;
    };
    let Some((_, sources)) = list.split_once(": ") else { return false };
    let sources = sources.replace("\\ ", "\0");
    let is_older = |source: SystemTime| source <= built;
    sources.split_whitespace().all(|source| time(Path::new(&source.replace('\0', " "))).is_some_and(is_older))
}

/// `target/PROFILE`: tests are in its `deps`.
fn profile_folder() -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let folder = test.parent().expect("a file has a folder");
    let is_deps = folder.file_name().is_some_and(|name| name == "deps");
    if is_deps { folder.parent().unwrap_or(folder).to_owned() } else { folder.to_owned() }
}

/// Cargo's target folder, as xtask has it.
fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match env::var_os("CARGO_TARGET_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute()) {
        Some(folder) => folder,
        None => root.canonicalize().unwrap_or(root).join("target"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_recorded_with_its_reason_and_the_command() {
        assert!(has(&["sh"]));
        assert!(!has(&["sh", "no-such-program"]));
        let line = line!() - 1;
        let record = target().join(RECORDS).join(format!("tests-support-src-lib.rs-{line}"));
        let text = fs::read_to_string(&record).unwrap();
        // It was no test that was skipped.
        fs::remove_file(record).unwrap();
        assert!(text.contains("`no-such-program` is not installed; to run it: cargo xtask setup"), "{text}");
        assert!(text.contains("what_is_missing_is_recorded"), "{text}");
    }

    #[test]
    fn a_program_is_stale_when_a_source_is_newer_or_gone() {
        let folder = env::temp_dir().join(format!("pspf-test-support-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (program, source) = (folder.join("program"), folder.join("a source.rs"));
        fs::write(&source, "").unwrap();
        assert!(!is_fresh(&program));
        fs::write(&program, "").unwrap();
        let named = source.to_str().unwrap().replace(' ', "\\ ");
        fs::write(folder.join("program.d"), format!("{}: {named}\n", program.display())).unwrap();
        assert!(is_fresh(&program));
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        fs::File::options().write(true).open(&source).unwrap().set_modified(later).unwrap();
        assert!(!is_fresh(&program));
        fs::remove_file(&source).unwrap();
        assert!(!is_fresh(&program));
        fs::remove_dir_all(folder).unwrap();
    }
}
