//! The tables.

use super::{Key, Kind, key};
use crate::cursor::Range;
use crate::words::{LIFECYCLES, PLATFORMS, VERIFY_CACHE};

/// Seconds.
pub const SECONDS: Range = (1, 4_294_967_295);

/// Levels of compression, of whichever codec has the most.
pub(super) const LEVEL: Range = (0, 22);

/// `python -O` and `-OO`.
pub(super) const OPTIMIZATION: Range = (0, 2);

/// The age of a package, in days: up to a century.
pub(super) const DAYS: Range = (1, 36_500);

/// Names of operating systems under `conditions`.
pub const SYSTEMS: &[&str] = &["linux", "darwin", "windows"];

/// The sections of `pyproject.toml` that are read.
pub const SECTIONS: &[(&str, &[Key])] = &[("project", PROJECT), ("tool.flavor", FLAVOR)];

/// `[project]` (PyPA specification of `pyproject.toml`).
pub const PROJECT: &[Key] = &[
    key(
        "name",
        Kind::Text,
        "Name of the project. Where there is no `[project]`, it comes from `[tool.poetry]` or from the build backend.",
    ),
    key("version", Kind::Text, "Version. It can be left to the build backend with `dynamic = [\"version\"]`.")
        .variable("FLAVOR_VERSION"),
    key("description", Kind::Text, "One sentence about the project."),
    key(
        "requires-python",
        Kind::Text,
        "Versions of Python that the project accepts; the bundled one is chosen among them.",
    ),
    key("dependencies", Kind::Texts, "Requirements (PEP 508) that are installed into the package."),
    key(
        "optional-dependencies",
        Kind::Others,
        "Groups of further requirements, each a list; `--extra GROUP` installs one.",
    ),
    key(
        "scripts",
        Kind::TextTable,
        "Commands of the package, `name = \"module:function\"`. One of them is the default (see `entry_point`); the others are started \
         by calling the package through a link of that name, or with `FLAVOR_COMMAND=name`. They can be left to the build backend with \
         `dynamic = [\"scripts\"]`.",
    ),
    key("gui-scripts", Kind::TextTable, "The same for commands with windows."),
    key("dynamic", Kind::Texts, "What the build backend provides."),
    key("readme", Kind::Others, "Left to the build backend."),
    key("license", Kind::Others, "Left to the build backend."),
    key("license-files", Kind::Others, "Left to the build backend."),
    key("authors", Kind::Others, "Left to the build backend."),
    key("maintainers", Kind::Others, "Left to the build backend."),
    key("keywords", Kind::Others, "Left to the build backend."),
    key("classifiers", Kind::Others, "Left to the build backend."),
    key("urls", Kind::Others, "Left to the build backend."),
    key(
        "entry-points",
        Kind::Others,
        "Left to the build backend: installed with the project, so that plug-ins are found.",
    ),
    key("import-names", Kind::Others, "Left to the build backend."),
    key("import-namespaces", Kind::Others, "Left to the build backend."),
];

/// `[tool.flavor]`.
pub const FLAVOR: &[Key] = &[
    key("entry_point", Kind::Text, "What the package runs: `\"module:function\"`, or a name of `[project.scripts]`.")
        .default("the script that is named like the project, else the only script")
        .variable("FLAVOR_ENTRY_POINT"),
    key("module", Kind::Text, "A module or package that the package runs, as `python -m` does, in place of an entry point."),
    key(
        "script",
        Kind::Text,
        "A file of the project that the package runs, as `python FILE` does, in place of an entry point: `\"manage.py\"`.",
    ),
    key(
        "commands",
        Kind::TextTable,
        "Further commands, started as those of `[project.scripts]` are, which they outweigh: `name = \"module:function\"`, `\"module\"` (as `python -m`) or `\"file.py\"`.",
    ),
    key(
        "wsgi",
        Kind::Boolean,
        "The entry point is a WSGI application, or a function that makes one: the package runs it under the server among its dependencies (gunicorn, waitress or hypercorn, in this order), whose arguments are the package's.",
    )
    .default("`false`"),
    key("asgi", Kind::Boolean, "The same for an ASGI application and uvicorn or hypercorn.").default("`false`"),
    key("package_name", Kind::Text, "Name of the package and of its file.")
        .default("`metadata.package_name`, else `project.name`")
        .variable("FLAVOR_PACKAGE_NAME"),
    key("description", Kind::Text, "One sentence about the package.").default("`project.description`"),
    key("type", Kind::Word(&["cli", "gui", "service"]), "What kind of program it is; recorded in the metadata."),
    key(
        "platforms",
        Kind::Texts,
        "Platforms that the package may be made for; packing for another one is an error. One file holds one platform.",
    ),
    key("python_version", Kind::Text, "The same as `python.version`."),
    key("python", Kind::Table(PYTHON), "Which Python goes into the package. `--python` outweighs it."),
    key("execution", Kind::Table(EXECUTION), "How the program is started."),
    key("slots", Kind::Tables(SLOT), "Further content of the package: configuration, data, programs."),
    key("build", Kind::Table(BUILD), "How the project is built and its dependencies are installed."),
    key("hooks", Kind::Table(HOOKS), "Commands that run while the package is made or set up."),
    key("runtime", Kind::Table(RUNTIME), "The standard library, and how modules are compiled."),
    key(
        "security",
        Kind::Table(SECURITY),
        "How the package is signed. The options `--private-key`, `--public-key`, `--key-seed` and the variable `FLAVOR_KEY_SEED` outweigh these keys.",
    ),
    key(
        "policy",
        Kind::Table(POLICY),
        "What the package itself demands of the machine that runs it; its launcher enforces it.",
    ),
    key(
        "conditions",
        Kind::Again(SYSTEMS),
        "Values for one operating system: each table can hold every key of `[tool.flavor]`, and outweighs it when a package for that system is made.",
    ),
    key("features", Kind::Table(FEATURES), "Switches. One that cannot do what it says is refused."),
    key("metadata", Kind::Table(METADATA), "What is recorded in the metadata."),
    key(
        "launchers",
        Kind::Tables(LAUNCHER),
        "Launchers to put in front, by platform; `--launcher-bin` and `FLAVOR_LAUNCHER_BIN` outweigh them.",
    ),
];

const PYTHON: &[Key] = &[
    key("version", Kind::Text, "Version, such as `\"3.12\"` or `\"3.12.4\"`."),
    key("min_version", Kind::Text, "The oldest version that is accepted, besides `project.requires-python`."),
    key("max_version", Kind::Text, "The newest version that is accepted: `\"3.13\"` accepts every 3.13."),
    key(
        "lazy_dependencies",
        Kind::Texts,
        "Distributions, by name or pattern (`\"torch\"`, `\"nvidia-*\"`), whose modules are unpacked when one of them is first imported (docs/launcher.md, *Lazy slots*): first starts do not wait for them. Their metadata and commands are there from the start.",
    ),
    key("pip", Kind::Boolean, "Install pip into the package, for programs that install something while they run: `[sys.executable, \"-m\", \"pip\", …]`, and `venv.create(…, with_pip=True)` with every interpreter.").default("`false`"),
];

const EXECUTION: &[Key] = &[
    key(
        "command",
        Kind::Text,
        "The command line to run instead of an entry point, with placeholders, such as `\"{workenv}/bin/python -m app\"`. `python` and `python3` there are the bundled interpreter.",
    ),
    key("args", Kind::Texts, "Arguments in front of the user's."),
    key("working_directory", Kind::Text, "Directory to start in, relative to the work environment.")
        .default("the caller's"),
    key("timeout", Kind::Seconds, "Seconds after which the program is ended."),
    key("min_memory", Kind::Size, "Memory that the machine must have."),
    key("max_memory", Kind::Size, "Memory that the program may use."),
    key("max_cpu_seconds", Kind::Seconds, "Processor time that the program may use, in seconds."),
    key(
        "max_cpu_percent",
        Kind::Integer((1, 100)),
        "Refused: a share of the processors cannot be set without rights that a program started by a user has not.",
    ),
    key(
        "search_path",
        Kind::Word(SEARCH_PATH),
        "What programs that the package starts find on `PATH` besides the caller's directories. `commands_last`: a folder with the commands of the package and of its dependencies, and no Python, behind them. `commands_first`: the same in front. `activated`: all of the package's `bin`, Python and pip included, in front, as in an activated virtual environment. `unchanged`: nothing.",
    )
    .default("`\"commands_last\"`"),
    key(
        "runtime",
        Kind::Table(&[key(
            "env",
            Kind::Table(ENVIRONMENT),
            "What happens to the caller's environment (docs/launcher.md).",
        )]),
        "Settings of the running program.",
    ),
    key(
        "runtime_env",
        Kind::Table(&[key("set_vars", Kind::TextTable, "An old spelling of `execution.runtime.env.set`.")]),
        "An old spelling.",
    ),
];

/// Words of `execution.search_path`.
pub(crate) const SEARCH_PATH: &[&str] = &["commands_last", "commands_first", "activated", "unchanged"];

const ENVIRONMENT: &[Key] = &[
    key("unset", Kind::Texts, "Names or patterns of variables to remove."),
    key("pass", Kind::Texts, "Names or patterns that are kept in spite of `unset`.").variable("FLAVOR_RUNTIME_ENV_PASSTHROUGH"),
    key("set", Kind::TextTable, "Variables to set. `{workenv}` and the other placeholders are filled in at the start; `$FLAVOR_WORKENV` means `{workenv}`.")
        .variable("FLAVOR_RUNTIME_ENV_SET"),
    key("map", Kind::TextTable, "Variables to rename: `OLD = \"NEW\"`."),
    key("isolated", Kind::Boolean, "Remove the variables that would send the interpreter to other modules, bytecode or versions: `PYTHONPATH`, `PYTHONHOME`, `PYTHONCASEOK`, `PYTHONEXECUTABLE`, `PYTHONINSPECT`, `PYTHONOPTIMIZE`, `PYTHONPLATLIBDIR`, `PYTHONPYCACHEPREFIX`, `__PYVENV_LAUNCHER__`.").default("`true`"),
];

/// `[[tool.flavor.slots]]`.
pub const SLOT: &[Key] = &[
    key("id", Kind::Text, "Name of the slot, unique in the package. Required."),
    key(
        "source",
        Kind::Text,
        "File, directory, or pattern such as `data/**/*.json`, relative to the manifest. Required. What a pattern finds keeps its path from the first folder with a wildcard on.",
    ),
    key("extract_to", Kind::Text, "Where it goes in the work environment.")
        .default("the last part of `source`; `id` for a pattern"),
    key("target", Kind::Text, "The same as `extract_to`."),
    key("purpose", Kind::Text, "What it is for (see *Purposes*); recorded.").default("`data`"),
    key("lifecycle", Kind::Word(LIFECYCLES), "When it is extracted and how long it stays (docs/launcher.md).")
        .default("`runtime`"),
    key("operations", Kind::Text, "Archive and compression, such as `tar.zst`, `gzip`, `raw`.")
        .default("`tar.zst`, for one file `zstd`"),
    key(
        "compression",
        Kind::Word(&["none", "raw", "gzip", "bzip2", "xz", "zstd"]),
        "The compression alone, in place of `operations`.",
    ),
    key("compression_level", Kind::Integer(LEVEL), "Its level: zstd 1 to 22, gzip and bzip2 1 to 9, xz 0 to 9."),
    key("level", Kind::Integer(LEVEL), "The same as `compression_level`."),
    key("platform", Kind::Text, "Pack it for this platform or operating system only."),
    key("permissions", Kind::Text, "Mode of the file, octal; of a directory, of all files in it.")
        .default("`\"0700\"` for programs, else `\"0600\"`; in directories `0755` and `0644`"),
    key(
        "python_path",
        Kind::Boolean,
        "With `lifecycle = \"lazy\"`: the modules in it can be imported, and are unpacked when one of them is first imported.",
    )
    .default("`false`"),
    key("optional", Kind::Boolean, "Leave the slot out where its source does not exist.").default("`false`"),
    key("size_hint", Kind::Size, "Size to expect; packing warns if the content is larger."),
    key(
        "checksum",
        Kind::Text,
        "`sha256:` and 64 hexadecimal digits of the source file; packing fails if they differ.",
    ),
    key("encryption", Kind::Text, "Refused: the format has no encryption that readers know."),
    key("key_source", Kind::Text, "Refused, as `encryption`."),
    key("slot", Kind::Integer((0, 65535)), "Position in the list; checked."),
    key("resolution", Kind::Text, "Accepted for the published tool's sake; it has no effect."),
];

const BUILD: &[Key] = &[
    key("dependencies", Kind::Texts, "Requirements for building the project, besides `build-system.requires`. A local folder (`\"./lib\"`) is a project that is installed into the package.")
        .variable("FLAVOR_BUILD_DEPENDENCIES"),
    key("extra_packages", Kind::Texts, "Requirements to install into the package besides the project's own."),
    key("include", Kind::Texts, "Patterns: only these files of the project are given to the build backend, and what a build itself needs."),
    key("exclude", Kind::Texts, "Patterns: these files of the project are not given to the build backend."),
    key("exclude_from_deps", Kind::Texts, "Patterns of files of dependencies, relative to the folder of installed modules, that are left out of the package."),
    key("trim", Kind::Boolean, "Leave out folders called `test` and `tests` of dependencies, but for those that other modules import. What goes is listed; the project's own files always stay.").default("`false`"),
    key("include_tests", Kind::Boolean, "The opposite of `trim`, which outweighs it."),
    key("requirements_file", Kind::Text, "A requirements file whose versions are installed, or a lock by its name. It outweighs locks beside the manifest, and with hashes it is one: what is not in it is not packed."),
    key("lock", Kind::Boolean, "`false` passes over the lock beside the manifest ([dependencies.md](dependencies.md#locks)), and packs the newest versions that fit.").default("`true`"),
    key("no_dev_deps", Kind::Boolean, "`false` installs the dependency group `dev` as well.").default("`true`"),
    key("use_pip", Kind::Boolean, "Install with pip instead of uv, with the hashes of `uv.lock` or `requirements_file`. Refused with further indexes, which pip ranks no lower than the first.").default("`false`"),
    key("index_url", Kind::Text, "Package index. `${NAME}` stands for a variable."),
    key("extra_index_urls", Kind::Texts, "Further indexes: asked after `index_url` in their order, without it before PyPI."),
    key("trusted_hosts", Kind::Texts, "Hosts whose certificates are not checked."),
    key("find_links", Kind::Texts, "Folders with wheels and source archives, relative to the manifest, or addresses of pages that link to some: taken beside those of the index."),
    key("no_index", Kind::Boolean, "Ask no index: everything comes from `find_links`, build requirements too.").default("`false`"),
    key("offline", Kind::Boolean, "Download nothing: what is not in uv's cache or in `find_links` is missing.").default("`false`"),
    key("manylinux", Kind::TextOrTexts, "Newest manylinux tag that wheels may have, such as `manylinux_2_28`; of several the newest counts."),
    key("env", Kind::TextTable, "Variables for the build and its commands."),
    key("platform", Kind::Named(PLATFORMS, &[key("env", Kind::TextTable, "Variables for builds for this platform.")]), "Settings for one platform."),
    key("venv_path", Kind::Text, "Build the project in a virtual environment in this folder, instead of an isolated one that is thrown away."),
    key("system_site_packages", Kind::Boolean, "The build environment sees the packages of the interpreter that it is made of.").default("`false`"),
    key("pre_install_commands", Kind::Texts, "Commands for the build environment, before the project is built in it: `pip install numpy==1.26.4`."),
    key("pre_build_commands", Kind::Texts, "The same as `hooks.pre_build`."),
    key("pre_build", Kind::TextOrTexts, "The same as `hooks.pre_build`."),
    key("post_build", Kind::TextOrTexts, "The same as `hooks.post_build`."),
    key("strip", Kind::Boolean, "Remove debugging symbols from the programs and libraries of dependencies (the interpreter's always go).")
        .default("`false`")
        .variable("FLAVOR_BUILD_STRIP"),
    key("compression_level", Kind::Integer(LEVEL), "Zstandard level of slots that name none; 0 stores them as they are.").default("`9`"),
    key("deterministic", Kind::Boolean, "`false` records the time of packing instead of a fixed one.")
        .default("`true`")
        .variable("FLAVOR_BUILD_DETERMINISTIC"),
    key("seed", Kind::Text, "The same as `security.key_seed`.").variable("FLAVOR_SEED"),
];

const HOOKS: &[Key] = &[
    key(
        "pre_build",
        Kind::TextOrTexts,
        "Shell commands, run in the project's folder before it is built. One that fails stops packing.",
    ),
    key("post_build", Kind::TextOrTexts, "The same when the package is there; `FLAVOR_PACKAGE` names it."),
    key(
        "post_extract",
        Kind::TextOrTexts,
        "Commands for the user's machine, run in the work environment when it is set up: words and placeholders, no shell. `python` is the bundled interpreter.",
    ),
    key(
        "pre_extract",
        Kind::TextOrTexts,
        "Refused: before the extraction nothing of the package is there that could run.",
    ),
];

const RUNTIME: &[Key] = &[
    key(
        "optimization_level",
        Kind::Integer(OPTIMIZATION),
        "As `python -O` (1: no assertions) and `-OO` (2: no docstrings either).",
    )
    .default("`0`"),
    key("compile_bytecode", Kind::Boolean, "Compile all modules while packing.").default("`true`"),
    key(
        "stdlib",
        Kind::Word(&["full", "minimal"]),
        "`full`: the whole standard library that the interpreter has, with its sources and C headers; what is rarely imported, such as `tkinter`, `idlelib`, `ensurepip`, is unpacked when it is. `minimal`: without sources, headers, Tk, `ensurepip` and `nis`; smaller, but tools that read code find none.",
    )
    .default("`\"full\"`"),
    key("stable_prefix", Kind::Boolean, "Let the program see itself under a path in the state directory that is the same for all versions with the same signing key (`sys.prefix`), for programs that write it down: hooks of pre-commit, environments of tox. See docs/commands.md.").default("`false`"),
    key("strip_docstrings", Kind::Boolean, "Leave docstrings out of the compiled modules.").default("`false`"),
];

const SECURITY: &[Key] = &[
    key("algorithm", Kind::Word(&["ed25519"]), "The only one."),
    key("private_key_path", Kind::Text, "File of the private key, relative to the manifest."),
    key("public_key_path", Kind::Text, "File of the public key that the private key must belong to."),
    key(
        "key_seed",
        Kind::Text,
        "Sign with the key that this text gives. Write `${NAME}` for a variable: who can read the seed can sign.",
    )
    .variable("FLAVOR_KEY_SEED"),
    key("require_signature", Kind::Boolean, "Only `true`: every package is signed.").default("`true`"),
    key(
        "allowed_signers",
        Kind::Texts,
        "Fingerprints (`SHA256:` and 64 hexadecimal digits); packing with another key is an error.",
    ),
    key(
        "integrity",
        Kind::Table(INTEGRITY),
        "What is checked at each start. Nothing of it can be turned off; `verify_cache` asks for more.",
    ),
];

const INTEGRITY: &[Key] = &[
    key("verify_checksums", Kind::Boolean, "Only `true`.").default("`true`"),
    key("checksum_algorithm", Kind::Word(&["sha256"]), "The only one."),
    key("verify_slots", Kind::Boolean, "Only `true`.").default("`true`"),
    key("strict_slot_validation", Kind::Boolean, "Only `true`.").default("`true`"),
    key(
        "verify_cache",
        Kind::Word(VERIFY_CACHE),
        "How closely the launcher looks at unpacked files before each start: `quick` compares kind, size, mode and time of every one, `full` reads and hashes every one as well (docs/launcher.md). It is signed, as the package's policy `verify_cache`; a policy of machine or user can ask for more.",
    )
    .default("what every start looks at: `quick` for up to 4,000 files"),
];

const POLICY: &[Key] = &[
    key("platforms", Kind::Texts, "Platforms that the package may run on."),
    key("refuse_root", Kind::Boolean, "Do not run as root.").default("`false`"),
    key(
        "max_age_days",
        Kind::Integer(DAYS),
        "Do not run when the package is older than so many days. They count from the time that it bears: `SOURCE_DATE_EPOCH`, or with `build.deterministic = false` the time of packing.",
    ),
    key("require_env", Kind::Texts, "Variables that must be set."),
];

const FEATURES: &[Key] = &[
    key("optimize_size", Kind::Boolean, "`strip = true` and `compression_level = 22`, where they are not stated."),
    key(
        "optimize_speed",
        Kind::Boolean,
        "`compression_level = 3`, where it is not stated: packing is fast, and the package larger.",
    ),
    key(
        "experimental_compression",
        Kind::Boolean,
        "`true` is refused: there is none; slots name their compression in `operations`.",
    ),
    key(
        "parallel_extraction",
        Kind::Boolean,
        "`false` is refused: the launcher decides by itself how many slots it extracts at a time.",
    ),
    key(
        "memory_mapping",
        Kind::Boolean,
        "`true` is refused: the launcher reads, so that a file that is cut short meanwhile is an error and not a crash.",
    ),
];

const METADATA: &[Key] = &[
    key("package_name", Kind::Text, "As `package_name`, which outweighs it.").variable("FLAVOR_METADATA_PACKAGE_NAME"),
    key("builder", Kind::Text, "Who or what makes the package. `${NAME}` stands for a variable."),
    key("build_host", Kind::Text, "Where it is made. Without it no host is recorded."),
    key("custom", Kind::Free, "Values of your own. In texts `${NAME}` stands for a variable, which must be set."),
];

const LAUNCHER: &[Key] = &[
    key("platform", Kind::Word(PLATFORMS), "The platform."),
    key("binary", Kind::Text, "File of the launcher, relative to the manifest."),
];

/// The builder manifest in JSON. What it shares with `pyproject.toml` are rows of the tables above.
pub(crate) const BUILDER: &[Key] = &[
    key("package", Kind::Table(BUILDER_PACKAGE), "What the package is."),
    key("execution", Kind::Table(BUILDER_EXECUTION), "How the program is started."),
    key("slots", Kind::Tables(BUILDER_SLOT), "Content of the package."),
    key(
        "cache_validation",
        Kind::Table(BUILDER_VALIDATION),
        "A file by which readers see that a work environment is complete.",
    ),
    key(
        "runtime",
        Kind::Table(&[key("env", Kind::Table(BUILDER_ENVIRONMENT), "What happens to the caller's environment.")]),
        "",
    ),
    key("workenv", Kind::Table(BUILDER_WORKENV), "What the work environment has besides slots."),
    key("setup_commands", Kind::Others, "Commands that set it up; each kind has keys of its own."),
    key("policy", Kind::Table(BUILDER_POLICY), "What the package demands of the machine that runs it."),
    key("format", Kind::Builder, ""),
    key("format_version", Kind::Builder, ""),
    key("signature", Kind::Builder, ""),
    key("launcher", Kind::Builder, ""),
    key("build", Kind::Builder, ""),
    key("verification", Kind::Builder, ""),
    key("compatibility", Kind::Builder, ""),
    key("seal", Kind::Builder, ""),
];

const BUILDER_PACKAGE: &[Key] = &[
    key("name", Kind::Text, "Name of the package and of its file."),
    key("version", Kind::Text, "Version."),
    key("description", Kind::Text, "One sentence about it."),
    key("author", Kind::Text, "Recorded."),
    key("license", Kind::Text, "Recorded."),
    key("homepage", Kind::Text, "Recorded."),
];

const BUILDER_EXECUTION: &[Key] = &[
    row(EXECUTION, "command"),
    row(EXECUTION, "args"),
    key("env", Kind::TextTable, "Variables to set."),
    key("environment", Kind::TextTable, "The same as `env`, which outweighs it."),
    row(EXECUTION, "working_directory"),
    row(EXECUTION, "timeout"),
    row(EXECUTION, "min_memory"),
    row(EXECUTION, "max_memory"),
    row(EXECUTION, "max_cpu_seconds"),
];

const BUILDER_ENVIRONMENT: &[Key] =
    &[row(ENVIRONMENT, "unset"), row(ENVIRONMENT, "pass"), row(ENVIRONMENT, "set"), row(ENVIRONMENT, "map")];

const BUILDER_SLOT: &[Key] = &[
    row(SLOT, "slot"),
    row(SLOT, "id"),
    row(SLOT, "source"),
    row(SLOT, "target"),
    row(SLOT, "operations"),
    row(SLOT, "purpose"),
    row(SLOT, "lifecycle"),
    row(SLOT, "permissions"),
    row(SLOT, "level"),
    row(SLOT, "platform"),
    row(SLOT, "resolution"),
];

const BUILDER_VALIDATION: &[Key] = &[
    key("check_file", Kind::Text, "Path of the file in the work environment."),
    key("expected_content", Kind::Text, "What is in it."),
];

const BUILDER_WORKENV: &[Key] = &[
    key(
        "directories",
        Kind::Tables(&[
            key("path", Kind::Text, "Path in the work environment."),
            key("mode", Kind::Text, "Mode of the directory, octal."),
        ]),
        "Directories to make.",
    ),
    key("env", Kind::TextTable, "Variables to set."),
    key("umask", Kind::Text, "Mask of file modes, octal."),
];

const BUILDER_POLICY: &[Key] = &[
    row(POLICY, "platforms"),
    row(POLICY, "refuse_root"),
    row(POLICY, "max_age_days"),
    row(POLICY, "require_env"),
    row(INTEGRITY, "verify_cache"),
];

/// A row of another table. That there is none is an error of the compiler.
const fn row(table: &[Key], name: &str) -> Key {
    let mut at = 0;
    while !same(table[at].name.as_bytes(), name.as_bytes()) {
        at += 1;
    }
    table[at]
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}
