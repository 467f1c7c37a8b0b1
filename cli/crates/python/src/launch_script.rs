//! The commands of a tree, and the small scripts that start them.

use super::{
    backend_metadata,
    distribution::{self, Distribution},
    entry_point::EntryPoint,
    error::PythonError,
    file_error::{FileContext as _, FileError},
    options::TreeOptions,
    provider::Runtime,
    stdlib, tree_files,
};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Where certificates are on systems other than the one that the bundled OpenSSL was built for: Debian, Fedora, old Fedora,
/// openSUSE, Alpine, FreeBSD, macOS.
const CERTIFICATE_FILES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/ssl/cert.pem",
];

/// Whether `name` can be a file in `bin` beside the interpreter.
pub(super) fn check_name(name: &str) -> Result<(), PythonError> {
    let reason = if name.is_empty() {
        "it is empty"
    } else if name.chars().any(|c| c == '/' || c == '\\' || c.is_control()) {
        "it must be a plain file name"
    } else if name.starts_with(['.', '-']) {
        "it must not begin with a dot or a dash"
    } else if name.starts_with("python") && name.chars().skip("python".len()).all(|c| c.is_ascii_digit() || c == '.') {
        "the interpreter has that name"
    } else {
        return Ok(());
    };
    Err(PythonError::ScriptName { name: name.to_owned(), reason })
}

/// The command that the package runs, and the others.
#[derive(Debug)]
pub(super) struct Commands {
    /// Name of the default one.
    pub name: String,
    /// By name.
    pub others: Vec<(String, EntryPoint)>,
}

impl Commands {
    /// Puts the files that are run into the folder of the application: a build backend has no place for them.
    pub(super) fn add_files(&self, default: &EntryPoint, project: &Path, application: &Path) -> Result<(), FileError> {
        for command in self.others.iter().map(|(_, command)| command).chain([default]) {
            if let EntryPoint::File(path) = command
                && project.join(path).is_file()
            {
                tree_files::copy(&project.join(path), &application.join(path))?;
            }
        }
        Ok(())
    }

    /// Names, the default first.
    pub(super) fn names(self) -> Vec<String> {
        [self.name].into_iter().chain(self.others.into_iter().map(|(name, _)| name)).collect()
    }
}

/// Those of the options, and those that the build backend gave the project. `name` is what the default command is called, unless
/// a script calls the same function.
pub(super) fn commands(
    name: &str,
    entry_point: &EntryPoint,
    options: &TreeOptions,
    distributions: &[Distribution],
    site: &Path,
    notices: &mut Vec<String>,
) -> Result<Commands, FileError> {
    let mut commands = Commands { name: name.to_owned(), others: options.commands.clone() };
    let Some(own) = &options.scripts_of else { return Ok(commands) };
    let Some(own) = distribution::named(distributions, own) else { return Ok(commands) };
    let path = site.join(&own.dist_info).join("entry_points.txt");
    let text = if path.is_file() { fs::read_to_string(&path).on("read", &path)? } else { String::new() };
    let mut scripts = Vec::new();
    for (script, value) in backend_metadata::scripts(&text) {
        match (check_name(&script), EntryPoint::parse(&value)) {
            (Ok(()), Ok(called)) => scripts.push((script, called)),
            (Err(error), _) => notices.push(format!("the script {script:?} is no command: {error}")),
            (_, Err(error)) => notices.push(format!("the script {script} is no command: {error}")),
        }
    }
    if let Some((same, _)) = scripts.iter().find(|(_, called)| called == entry_point) {
        commands.name.clone_from(same);
    }
    scripts.retain(|(script, _)| *script != commands.name && commands.others.iter().all(|(known, _)| known != script));
    commands.others.retain(|(known, _)| *known != commands.name);
    commands.others.extend(scripts);
    Ok(commands)
}

/// What a script starts with that runs in the interpreter beside it, wherever the tree is: to a shell the second line is a command, to
/// Python a string.
pub(super) fn header(runtime: &Runtime) -> String {
    let words: String = runtime.options.iter().map(|option| format!(" {option}")).collect();
    let program = &runtime.program;
    format!("#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")/{program}\"{words} \"$0\" \"$@\"\n' '''\n")
}

/// What starts a program.
pub(super) struct Launch<'a> {
    /// What it is called.
    pub(super) name: &'a str,
    /// What it runs.
    pub(super) entry_point: &'a EntryPoint,
    /// Arguments behind the user's: waitress reads options only up to the name of the application.
    pub(super) arguments: &'a [String],
    /// Other commands, by their names.
    pub(super) others: &'a [(String, EntryPoint)],
    /// The folder of an application without build backend, which is searched for modules first; relative to the tree.
    pub(super) folder: &'a Path,
    /// Whether that folder is searched.
    pub(super) is_searched: bool,
    /// Whether it is the program that the package starts.
    pub(super) is_default: bool,
}

/// Writes `bin/<name>`, which starts the entry point, or another command that it is asked for by its name, and a script for each of the
/// others. Gives them as records of distributions name them.
pub(super) fn write(runtime: &Runtime, launch: &Launch<'_>) -> Result<Vec<PathBuf>, FileError> {
    let bin = runtime.recorded(Path::new("bin"));
    let write = |launch: &Launch<'_>| {
        let path = bin.join(launch.name);
        let text = header(runtime) + &text(launch, &runtime.certificates);
        tree_files::write(&path, text.as_bytes())?;
        tree_files::set_mode(&path, true)?;
        Ok(path)
    };
    let mut written = vec![write(launch)?];
    for (name, entry_point) in launch.others {
        written.push(write(&Launch { name, entry_point, arguments: &[], others: &[], is_default: false, ..*launch })?);
    }
    Ok(written)
}

/// The command that runs it; without a name the interpreter.
pub(super) fn command(runtime: &Runtime, name: Option<&str>) -> Vec<String> {
    let file = |name: &str| format!("{{workenv}}/bin/{name}");
    let options = runtime.options.iter().map(|&option| option.to_owned());
    [file(&runtime.program)].into_iter().chain(options).chain(name.map(file)).collect()
}

fn text(launch: &Launch<'_>, certificates: &[String]) -> String {
    let mut text = String::from("import os\nimport sys\n\n");
    if !certificates.is_empty() {
        // Written on one machine, run on others, whose certificates may be elsewhere. The user's own settings win.
        let built_in = tuple(certificates.iter().map(String::as_str));
        let known = tuple(CERTIFICATE_FILES.into_iter());
        let _ = write!(
            text,
            "if not {{\"SSL_CERT_FILE\", \"SSL_CERT_DIR\"}}.intersection(os.environ) and not any(map(os.path.exists, {built_in})):\n    \
             for bundle in {known}:\n        \
             if os.path.isfile(bundle):\n            \
             os.environ[\"SSL_CERT_FILE\"] = bundle\n            \
             break\n    \
             else:\n        \
             bundle = os.path.join(sys.prefix, \"{own}\")\n        \
             if os.path.isfile(bundle):\n            \
             os.environ[\"SSL_CERT_FILE\"] = bundle\n\n",
            own = stdlib::CERTIFICATES,
        );
    }
    if launch.is_default {
        let name = quoted(launch.name);
        // The module is imported where it has something to do: each start would pay for it.
        let _ = write!(
            text,
            "called = os.environ.get(\"FLAVOR_COMMAND_NAME\", {name})\n\
             if __name__ == \"__main__\" and (\"FLAVOR_UNSET\" in os.environ or called != {name} and not called.endswith(\".psp\")):\n    \
             import _flavor\n    \
             _flavor.prepare({name})\n\n"
        );
    }
    if launch.is_searched {
        let _ = write!(
            text,
            "sys.path.insert(0, os.path.join(sys.prefix, {}))\n\n",
            quoted(&launch.folder.to_string_lossy())
        );
    }
    if !launch.arguments.is_empty() {
        // A program that starts itself again gives them once more.
        let arguments = tuple(launch.arguments.iter().map(String::as_str));
        let count = launch.arguments.len();
        let _ = write!(text, "if tuple(sys.argv[-{count}:]) != {arguments}:\n    sys.argv += {arguments}\n\n");
    }
    let all = || {
        [(launch.name, launch.entry_point)]
            .into_iter()
            .chain(launch.others.iter().map(|(name, entry)| (&**name, entry)))
    };
    if all().any(|(_, entry_point)| matches!(entry_point, EntryPoint::File(_))) {
        text.push_str(RUN_FILE);
    }
    if launch.others.is_empty() {
        text.push_str(&one(launch.entry_point, launch.folder));
        return text;
    }
    text.push_str("COMMANDS = {\n");
    for (name, entry_point) in all() {
        let (kind, first, second) = match entry_point {
            EntryPoint::Function { module, function } => ("function", module.clone(), function.as_str()),
            EntryPoint::Module(module) => ("module", module.clone(), ""),
            EntryPoint::File(path) => ("file", launch.folder.join(path).to_string_lossy().into_owned(), ""),
        };
        let [kind, first, second] = [kind, &*first, second].map(quoted);
        let _ = writeln!(text, "    {}: ({kind}, {first}, {second}),", quoted(name));
    }
    let _ = writeln!(text, "}}\nDEFAULT = {}", quoted(launch.name));
    text.push_str(SEVERAL);
    text
}

/// The imports of functions are outside of the guard, as in scripts of installers: processes that multiprocessing spawns run this file
/// too. After the others they run the module or the file itself, which is `__main__` then.
fn one(entry_point: &EntryPoint, folder: &Path) -> String {
    match entry_point {
        EntryPoint::Function { module, function } => {
            let first = function.split('.').next().unwrap_or(function);
            format!("from {module} import {first}\n\nif __name__ == \"__main__\":\n    sys.exit({function}())\n")
        }
        // Unlike run_module it runs in the real `__main__`, as `python -m` does; and the name by which the program was called stays.
        EntryPoint::Module(module) => format!(
            "if __name__ == \"__main__\":\n    import runpy\n\n    runpy._run_module_as_main({}, alter_argv=False)\n",
            quoted(module)
        ),
        EntryPoint::File(path) => {
            format!("if __name__ == \"__main__\":\n    run_file({})\n", quoted(&folder.join(path).to_string_lossy()))
        }
    }
}

/// A string of JSON is a string of Python.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// As `python FILE`, with the bytecode that is beside it.
const RUN_FILE: &str = r#"
def run_file(path):
    import importlib.machinery
    import types

    path = os.path.join(sys.prefix, path)
    sys.path.insert(0, os.path.dirname(path))
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", path)
    sys.modules["__main__"] = main
    exec(main.__loader__.get_code("__main__"), main.__dict__)

"#;

/// The variable is for this program and not for those that it starts; processes that it spawns find the name in the other one.
const SEVERAL: &str = r#"
asked = os.environ.pop("FLAVOR_COMMAND", "")
if asked and asked not in COMMANDS:
    print("%s: there is no command %r (FLAVOR_COMMAND); there are %s" % (DEFAULT, asked, ", ".join(COMMANDS)), file=sys.stderr)
    sys.exit(2)
name = asked or os.environ.get("FLAVOR_COMMAND_NAME", DEFAULT)
if name not in COMMANDS:
    name = DEFAULT
if name != DEFAULT:
    os.environ["FLAVOR_COMMAND_NAME"] = name
    sys.argv[0] = os.path.join(os.path.dirname(sys.argv[0]), name)
kind, first, second = COMMANDS[name]
if kind == "function":
    import importlib

    command = importlib.import_module(first)
    for part in second.split("."):
        command = getattr(command, part)

if __name__ == "__main__":
    if kind == "function":
        sys.exit(command())
    elif kind == "module":
        import runpy

        runpy._run_module_as_main(first, alter_argv=False)
    else:
        run_file(first)
"#;

/// As Python writes it: strings of JSON are strings of Python.
fn tuple<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let values: String = values.map(|value| format!("{}, ", quoted(value))).collect();
    format!("({})", values.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_paths_or_the_interpreter_are_refused() {
        for name in ["", "a/b", "../a", "..", "-c", "python3", "python3.11", "python", "a\nb"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        for name in ["hello", "pythonista", "hello-cli", "hello.py"] {
            assert!(check_name(name).is_ok(), "{name:?}");
        }
    }

    fn text(entry_point: &EntryPoint, arguments: &[String], is_searched: bool) -> String {
        let folder = Path::new("lib/app.app");
        let launch = Launch { name: "app", entry_point, arguments, others: &[], folder, is_searched, is_default: true };
        super::text(&launch, &["/usr/lib/ssl/cert.pem".to_owned()])
    }

    #[test]
    fn methods_are_called_on_their_object() {
        let text = text(&EntryPoint::parse("app.cli:Main.run").unwrap(), &[], false);
        assert!(text.contains("from app.cli import Main\n"), "{text}");
        assert!(text.contains("sys.exit(Main.run())"), "{text}");
        assert!(text.contains("(\"/usr/lib/ssl/cert.pem\",)"), "{text}");
        assert!(!text.contains("sys.path") && !text.contains("sys.argv"), "{text}");
    }

    #[test]
    fn names_are_quoted_and_arguments_come_once() {
        let text = text(&EntryPoint::file("a \"b\".py").unwrap(), &["x:y()".to_owned()], true);
        assert!(text.contains(r#"run_file("lib/app.app/a \"b\".py")"#), "{text}");
        assert!(text.contains(r#"if tuple(sys.argv[-1:]) != ("x:y()",):"#), "{text}");
        assert!(text.contains(r#"sys.path.insert(0, os.path.join(sys.prefix, "lib/app.app"))"#), "{text}");
    }
}
