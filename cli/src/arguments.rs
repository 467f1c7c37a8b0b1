//! The command line.

mod diff;
mod doctor;
mod documentation;
mod extract;
mod helpers;
mod output;
mod policy;
mod source;
mod trust;
mod workenv;

pub use diff::Diff;
pub use doctor::Doctor;
pub use documentation::{Completions, Man};
pub use extract::{Extract, ExtractAll};
pub use helpers::{Helpers, HelpersCommand};
pub use output::{Colour, OutputOptions};
pub use policy::{Policy, PolicyCommand};
pub use source::InputOptions;
pub use trust::{Trust, TrustCommand};
pub use workenv::{Clean, Workenv, WorkenvCommand};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::PossibleValuesParser};
use flavor_manifest::words::PLATFORMS;
use pspf_nostd::report::Integrity;
use std::{num::NonZero, path::PathBuf};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the operation failed, or the package did not verify
  2  wrong usage: unknown option, missing file argument
  4  verify, trust verify: the package is only intact: its signature covers launcher and content in part";

/// Packs programs into single signed files (PSPF/2025), and verifies, inspects and extracts such files.
#[derive(Debug, Parser)]
#[command(name = "flavor", version, after_help = EXIT_CODES, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How much is said, and how.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    Pack(Box<Pack>),
    Check(Check),
    Init(Init),
    Verify(Verify),
    Inspect(Inspect),
    Diff(Diff),
    Extract(Extract),
    ExtractAll(ExtractAll),
    Keygen(Keygen),
    Trust(Trust),
    Policy(Policy),
    Workenv(Workenv),
    Clean(Clean),
    Helpers(Helpers),
    Doctor(Doctor),
    Completions(Completions),
    Man(Man),
}

impl Command {
    /// Whether the answer is JSON.
    #[must_use]
    pub fn json(&self) -> bool {
        match self {
            Self::Pack(pack) => pack.json,
            Self::Check(check) => check.json,
            Self::Init(init) => init.json,
            Self::Verify(verify) => verify.json,
            Self::Inspect(inspect) => inspect.json,
            Self::Diff(diff) => diff.json,
            Self::Extract(extract) => extract.json,
            Self::ExtractAll(extract) => extract.json,
            Self::Keygen(keygen) => keygen.json,
            Self::Trust(trust) => trust.json,
            Self::Policy(policy) => policy.json,
            Self::Workenv(workenv) => workenv.json,
            Self::Clean(clean) => clean.json,
            Self::Helpers(helpers) => helpers.json,
            Self::Doctor(doctor) => doctor.json,
            // What these print is for shells and `man`.
            Self::Completions(_) | Self::Man(_) => false,
        }
    }
}

const VERIFY_HELP: &str = "\
Examples:
  flavor verify app.psp
  flavor verify app.psp --require sealed --key keys/flavor-public.key
  flavor verify app.psp --deep
  flavor verify dist/*.psp --json

Integrity and trust are two questions. `intact`, `bound` and `sealed` say how much of the file the
signature proves; whether the signer is trusted depends on your keys: those given with --key, or the
trust store. A package that is bound or sealed, and whose contents a start would unpack, passes (exit 0), also if its key is unknown, unless --key,
--require or --require-trusted asks for more. One that is only intact ends with exit code 4: anybody
can have replaced what its signature does not cover; --require intact accepts it.";

/// Checks every byte of packages: checksums, signature, and what the signature covers.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_HELP)]
pub struct Verify {
    /// Packages.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Trust only this key: a public key file or a 64-digit fingerprint. May be given several times; the package must
    /// be signed by one of them, and the trust store does not count.
    #[arg(long = "key", value_name = "FILE|FINGERPRINT")]
    pub keys: Vec<String>,
    /// The least that must be proved; without it `bound`, and exit code 4 for a package that is only intact.
    #[arg(long, value_enum, value_name = "STATE")]
    pub require: Option<Required>,
    /// Fail unless the signer is trusted (in the trust store, or named with --key).
    #[arg(long)]
    pub require_trusted: bool,
    /// Look through the slots: whether they decode, and where their files, modes and links would lead. This is the default.
    #[arg(long, overrides_with = "no_contents")]
    pub contents: bool,
    /// Verify the bytes alone; the report says that nobody has looked at what is in the slots.
    #[arg(long, overrides_with = "contents")]
    pub no_contents: bool,
    /// Compare the bill of materials and the provenance with what is in the slots, too.
    #[arg(long)]
    pub deep: bool,
    /// Show the whole coverage map: which bytes are authenticated, and why.
    #[arg(long)]
    pub coverage: bool,
    /// Write one JSON document per package, one per line.
    #[arg(long)]
    pub json: bool,
}

/// The states that can be required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Required {
    /// Checksums and signature hold.
    Intact,
    /// The signed metadata carry a digest of the launcher and of every slot.
    Bound,
    /// Every byte of the file follows from the signed metadata.
    Sealed,
}

impl From<Required> for Integrity {
    fn from(required: Required) -> Self {
        match required {
            Required::Intact => Self::Intact,
            Required::Bound => Self::Bound,
            Required::Sealed => Self::Sealed,
        }
    }
}

const INSPECT_HELP: &str = "\
Examples:
  flavor inspect app.psp
  flavor inspect app.psp --json | jq .slots
  flavor inspect app.psp --sbom > bom.json
  flavor inspect app.psp --deps
  flavor inspect app.psp --analyze

Without --analyze only trailer, metadata and slot table are read, so it is fast on any size. The signature over
the metadata is checked; the content of the slots is not: `flavor verify` does that.";

/// Shows what a package says of itself: name, builder, launcher, signer, slots, command, environment.
#[derive(Debug, Args)]
#[command(after_help = INSPECT_HELP)]
pub struct Inspect {
    /// The package.
    pub file: PathBuf,
    /// Show the bill of materials instead: CycloneDX 1.6 in JSON.
    #[arg(long, group = "part")]
    pub sbom: bool,
    /// Show how the package was made instead: an in-toto statement with SLSA v1 provenance, in JSON.
    #[arg(long, group = "part")]
    pub provenance: bool,
    /// Show what depends on what instead, as a tree.
    #[arg(long, group = "part")]
    pub deps: bool,
    /// Show what takes the bytes instead: parts of the file, distributions, standard library. Reads and verifies everything.
    #[arg(long, group = "part")]
    pub analyze: bool,
    /// Write a JSON document, with the whole metadata in it.
    #[arg(long)]
    pub json: bool,
}

const KEYGEN_HELP: &str = "\
Examples:
  flavor keygen
  flavor keygen --out-dir ~/.config/flavor/signing

Writes flavor-private.key (PKCS#8 PEM, mode 0600) and flavor-public.key (SubjectPublicKeyInfo PEM, mode
0644). Existing keys are never overwritten without --force.";

/// Makes an Ed25519 key pair for signing packages.
#[derive(Debug, Args)]
#[command(after_help = KEYGEN_HELP)]
pub struct Keygen {
    /// Directory for the two files; made if missing.
    #[arg(long, value_name = "DIR", default_value = "keys")]
    pub out_dir: PathBuf,
    /// Overwrite existing key files.
    #[arg(long)]
    pub force: bool,
    /// Write a JSON document.
    #[arg(long)]
    pub json: bool,
}

const PACK_HELP: &str = "\
Examples:
  flavor pack
  flavor pack tool.py
  flavor pack dist/app-1.0-py3-none-any.whl
  flavor pack --from 'httpie==3.2.4' http
  flavor pack --requirement requirements.txt --entry app.cli:main
  flavor pack --manifest app/pyproject.toml --output dist/ --private-key keys/flavor-private.key
  flavor pack --manifest tool.json --output tool.psp --key-seed test --compat
  flavor pack --validate-before-sign --smoke-args '--version'
  flavor pack --test-command 'pytest tests/smoke/'

The key is that of --key-seed or --key-seed-file, else of --private-key, else of the variable FLAVOR_KEY_SEED; without any
of them a key is made for this package alone. With equal inputs, key and SOURCE_DATE_EPOCH the package has
equal bytes, wherever and with however many threads it is made.";

/// Packs a Python project, script, folder, wheel or distribution, or files named by a JSON manifest, into one signed executable file.
#[derive(Clone, Debug, Args)]
#[command(after_help = PACK_HELP)]
pub struct Pack {
    /// What is packed.
    #[command(flatten)]
    pub source: InputOptions,
    /// pyproject.toml of a Python project, or a builder manifest in JSON.
    #[arg(long, value_name = "FILE", default_value = "pyproject.toml")]
    pub manifest: PathBuf,
    /// The package, or a directory for it when it ends in `/` [default: dist/NAME.psp beside the manifest].
    #[arg(long, short, value_name = "FILE|DIR/")]
    pub output: Option<PathBuf>,
    /// Launcher to put in front [default: FLAVOR_LAUNCHER_BIN, else the one inside this program; for another platform one beside it]. One of the published tool makes the package one of --compat.
    #[arg(long, value_name = "FILE")]
    pub launcher_bin: Option<PathBuf>,
    /// The published tool's launcher, if that tool is installed, which makes the package one of --compat; the name of
    /// another that `flavor helpers list` shows; or a file.
    #[arg(long, value_name = "rust|go|NAME|FILE", conflicts_with = "launcher_bin")]
    pub launcher: Option<PathBuf>,
    /// Platform of the package: the launcher must be one for it [default: the launcher's]. For another one than this machine's, a Python project needs
    /// --python debian.
    #[arg(long, value_name = "OS_ARCH", value_parser = PossibleValuesParser::new(PLATFORMS))]
    pub platform: Option<String>,
    /// Write a package that the published launchers run and the published tool verifies.
    #[arg(long)]
    pub compat: bool,
    /// Private key file (PKCS#8 PEM) that signs.
    #[arg(long, value_name = "FILE")]
    pub private_key: Option<PathBuf>,
    /// Public key file that the private key must belong to.
    #[arg(long, value_name = "FILE")]
    pub public_key: Option<PathBuf>,
    /// Sign with the key that this text gives; anyone who knows the text can sign as well. `-` reads it from standard input: what
    /// is on a command line can be read by every process of the machine while the command runs.
    #[arg(long, value_name = "TEXT|-", allow_hyphen_values = true)]
    pub key_seed: Option<String>,
    /// Read that text from a file.
    #[arg(long, value_name = "FILE", conflicts_with = "key_seed")]
    pub key_seed_file: Option<PathBuf>,
    /// Python for the package: `auto`, `local`, `uv`, `debian`, `debian:3.11`, a version such as 3.12, or the path of an interpreter.
    /// `auto` is what FLAVOR_PYTHON says; else the first that is available of `uv`, `debian` and `local`.
    #[arg(long, value_name = "CHOICE", default_value = "auto")]
    pub python: String,
    /// Make unknown keys of the manifest errors.
    #[arg(long)]
    pub strict_manifest: bool,
    /// Remove debugging symbols from the programs and libraries of dependencies.
    #[arg(long)]
    pub strip: bool,
    /// Pass over the lock beside the manifest (uv.lock, pylock.toml, poetry.lock, pdm.lock, Pipfile.lock): pack the newest versions
    /// that fit.
    #[arg(long)]
    pub no_lock: bool,
    /// Take wheels and source archives from this folder, or from the page at this address, as well. May be given several times.
    #[arg(long, value_name = "DIR|URL")]
    pub find_links: Vec<String>,
    /// Ask no package index: everything comes from --find-links.
    #[arg(long)]
    pub no_index: bool,
    /// Download nothing: everything comes from caches and --find-links. UV_OFFLINE=1 says the same.
    #[arg(long)]
    pub offline: bool,
    /// Install pip into the package, for programs that install something while they run.
    #[arg(long)]
    pub with_pip: bool,
    /// Install this group of `project.optional-dependencies` as well. May be given several times.
    #[arg(long = "extra", value_name = "GROUP")]
    pub extras: Vec<String>,
    /// What `{workenv}` in slot sources stands for [default: FLAVOR_WORKENV_BASE, else the manifest's directory].
    #[arg(long, value_name = "DIR")]
    pub workenv_base: Option<PathBuf>,
    /// Threads for compression [default: all]. The result does not depend on it.
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZero<u32>>,
    /// Zstandard level, 1 to 22 [default: 9].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=22))]
    pub level: Option<i64>,
    /// Leave out the attestation slot: the bill of materials (SBOM) and the provenance.
    #[arg(long)]
    pub no_attestation: bool,
    /// Verify the finished package: the default.
    #[arg(long, overrides_with = "no_verify")]
    pub verify: bool,
    /// Leave out the verification of the finished package.
    #[arg(long, overrides_with = "verify")]
    pub no_verify: bool,
    /// Say what goes on even with --quiet or --json; on standard error.
    #[arg(long)]
    pub progress: bool,
    /// Refused: packages are made by this program itself, with no builder of another tool.
    #[arg(long, value_name = "FILE", value_parser = no_builder)]
    pub builder_bin: Option<PathBuf>,
    /// Show what takes the bytes of the finished package, as `flavor inspect --analyze` does; with FILE write it there as JSON, too.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub report: Option<Option<PathBuf>>,
    /// Before the key signs: make the package with a key that is thrown away, verify every byte of it, unpack it, and look
    /// for its command.
    #[arg(long)]
    pub validate_before_sign: bool,
    /// Start the package with these arguments before it is put in place, with a cache of its own. If its exit code is not 0, there is
    /// no package.
    #[arg(long, value_name = "ARGUMENTS", allow_hyphen_values = true)]
    pub smoke_args: Option<String>,
    /// Run this command in a copy of the project before the package is put in place. The package is first on PATH under the names of
    /// its commands, and FLAVOR_PACKAGE names it. If the command fails, or also passes without the package, there is none.
    #[arg(long, value_name = "COMMAND", allow_hyphen_values = true)]
    pub test_command: Option<String>,
    /// Write a JSON document.
    #[arg(long)]
    pub json: bool,
}

const CHECK_HELP: &str = "\
Examples:
  flavor check
  flavor check tool.py
  flavor check --manifest app/pyproject.toml --strict-manifest
  flavor check --show-config
  flavor check --schema > flavor.schema.json

Everything that `flavor pack` finds before it builds or installs anything is found, the interpreter and uv too; where the package
would go, and whether its key may sign, is left to `flavor pack`. Nothing is built and nothing is written. Of a project whose name, version or scripts only its build backend
knows (no [project] and no [tool.poetry], or project.dynamic) the backend is asked. docs/manifest.md lists every key.";

/// Checks whether a manifest, or whatever else, can be packed: all that `flavor pack` checks before its work begins.
#[derive(Debug, Args)]
#[command(after_help = CHECK_HELP)]
pub struct Check {
    /// What would be packed.
    #[command(flatten)]
    pub source: InputOptions,
    /// pyproject.toml, setup.py, or a builder manifest in JSON.
    #[arg(long, value_name = "FILE", default_value = "pyproject.toml")]
    pub manifest: PathBuf,
    /// Make unknown keys errors.
    #[arg(long)]
    pub strict_manifest: bool,
    /// Show every value that is set, and where it comes from.
    #[arg(long)]
    pub show_config: bool,
    /// Print a JSON Schema of pyproject.toml for editors, and do nothing else.
    #[arg(long, conflicts_with_all = ["show_config", "strict_manifest"])]
    pub schema: bool,
    /// As for `flavor pack`.
    #[arg(long, value_name = "OS_ARCH", value_parser = PossibleValuesParser::new(PLATFORMS))]
    pub platform: Option<String>,
    /// As for `flavor pack`.
    #[arg(long, value_name = "CHOICE", default_value = "auto")]
    pub python: String,
    /// As for `flavor pack`.
    #[arg(long)]
    pub compat: bool,
    /// As for `flavor pack`. May be given several times.
    #[arg(long = "extra", value_name = "GROUP")]
    pub extras: Vec<String>,
    /// As for `flavor pack`: shown with the configuration.
    #[arg(long)]
    pub strip: bool,
    /// As for `flavor pack`.
    #[arg(long)]
    pub with_pip: bool,
    /// As for `flavor pack`.
    #[arg(long)]
    pub no_lock: bool,
    /// As for `flavor pack`. May be given several times.
    #[arg(long, value_name = "DIR|URL")]
    pub find_links: Vec<String>,
    /// As for `flavor pack`.
    #[arg(long)]
    pub no_index: bool,
    /// As for `flavor pack`.
    #[arg(long)]
    pub offline: bool,
    /// As for `flavor pack`: shown with the configuration.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=22))]
    pub level: Option<i64>,
    /// Write a JSON document.
    #[arg(long)]
    pub json: bool,
}

const INIT_HELP: &str = "\
Examples:
  flavor init
  flavor init my-tool
  flavor init --entry server.py

What is there is adopted: with a pyproject.toml that has no [tool.flavor], that table is added; beside a setup.py, a
main.py or other scripts and a requirements.txt a pyproject.toml is written that names them. Only where there is
nothing a small project is written: pyproject.toml and a package with a `main`. Nothing that is there is changed.";

/// Prepares a directory for packing: writes a manifest, or adds `[tool.flavor]` to one.
#[derive(Debug, Args)]
#[command(after_help = INIT_HELP)]
pub struct Init {
    /// The project's directory; made if missing.
    #[arg(value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,
    /// Name of the project [default: the directory's].
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// What the package runs [default: the project's script, else `main.py` or what else is found]: the name of a script,
    /// `module:function`, a module, or a file.
    #[arg(long, value_name = "ENTRY")]
    pub entry: Option<String>,
    /// Write a JSON document.
    #[arg(long)]
    pub json: bool,
}

fn no_builder(_: &str) -> Result<PathBuf, &'static str> {
    Err("there is no builder to choose: flavor makes packages itself; a launcher is chosen with --launcher-bin")
}

fn threads(text: &str) -> Result<NonZero<u32>, &'static str> {
    text.parse().map_err(|_| "expected a whole number from 1")
}
