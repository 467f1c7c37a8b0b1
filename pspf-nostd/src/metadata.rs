//! The signed metadata (docs/format.md §5): every variant that the three published builders write, read strictly.
//!
//! The raw JSON bytes are kept, because the signature is over them; nothing is ever re-serialised to verify it.

mod cursor;
mod error;
mod parts;

pub use error::MetadataError;

use crate::json::{AmbiguousKey, Json};
use alloc::{string::String, vec::Vec};
use cursor::{Cursor, Fault};

/// The `format` string of every package.
pub const FORMAT: &str = "PSPF/2025";
/// The extension key under which our writer makes a package *sealed*; other readers ignore it.
pub const SEAL_KEY: &str = "seal";

/// The metadata of one package.
#[derive(Clone, Debug)]
pub struct Metadata {
    raw: Vec<u8>,
    root: Json,
    /// `package.name`, empty where absent.
    pub name: String,
    /// `package.version`, empty where absent.
    pub version: String,
    /// `slots`, in order.
    pub slots: Vec<SlotEntry>,
    /// `execution`, where present.
    pub execution: Option<Execution>,
    /// `runtime.env`.
    pub runtime_env: RuntimeEnv,
    /// `workenv`.
    pub workenv: Workenv,
    /// `cache_validation`, where present.
    pub cache_validation: Option<CacheValidation>,
    /// `setup_commands` as written.
    pub setup_commands: Vec<Json>,
    /// `launcher`, where present (the Go builder writes none).
    pub launcher: Option<LauncherEntry>,
    /// `build.tool`, empty where absent: names the builder whose conventions the package follows.
    pub build_tool: String,
    /// The seal of our own profile, where present.
    pub seal: Option<Seal>,
}

/// One entry of `slots`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotEntry {
    /// `slot`: the position; absent in hand-written metadata.
    pub slot: Option<u64>,
    /// `id`.
    pub id: String,
    /// `target`, where the content goes under the work environment.
    pub target: String,
    /// `size` in bytes: stored size (Rust, Go and our own builder) or size of the source (Python).
    pub size: Option<u64>,
    /// `original_size` in bytes before encoding; only our own builder writes it.
    pub original_size: Option<u64>,
    /// `checksum` as written.
    pub checksum: String,
    /// `operations` as written.
    pub operations: String,
    /// `purpose`.
    pub purpose: String,
    /// `lifecycle`.
    pub lifecycle: String,
    /// `permissions`, an octal text.
    pub permissions: Option<String>,
    /// `platform`, like `linux_amd64`, where the slot is for one only.
    pub platform: Option<String>,
    /// `self_ref`: a slot without data that stands for the package itself.
    pub self_ref: bool,
}

/// `execution`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Execution {
    /// `command`, with placeholders.
    pub command: String,
    /// `args`: words behind the command's own, with placeholders.
    pub args: Vec<String>,
    /// `working_directory`, with placeholders; relative ones are below the work environment.
    pub working_directory: Option<String>,
    /// `timeout` in seconds, after which the program is ended.
    pub timeout: Option<u64>,
    /// `min_memory` of the machine in bytes.
    pub min_memory: Option<u64>,
    /// `max_memory` of the program in bytes.
    pub max_memory: Option<u64>,
    /// `max_cpu_seconds`: processor time of the program.
    pub max_cpu_seconds: Option<u64>,
    /// `env` (or `environment`, an old spelling of the Go builder), in the order of the text.
    pub env: Vec<(String, String)>,
    /// `path`: what happens to the caller's `PATH`; without it the work environment's `bin` is put in front.
    pub path: Option<SearchPath>,
    /// `stable_prefix`: whether the program sees its work environment under a path that is the same for all versions.
    pub stable_prefix: bool,
}

/// `execution.path`: directories, relative to the work environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPath {
    /// `first`: in front of the caller's.
    pub first: Vec<String>,
    /// `last`: behind them.
    pub last: Vec<String>,
}

/// `runtime.env`: what happens to the caller's environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuntimeEnv {
    /// Names or globs to remove.
    pub unset: Vec<String>,
    /// Names or globs to keep in spite of `unset`.
    pub pass: Vec<String>,
    /// Old name, new name.
    pub map: Vec<(String, String)>,
    /// Name, literal value.
    pub set: Vec<(String, String)>,
}

/// `workenv`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workenv {
    /// Directories to make: path with placeholders, octal mode text.
    pub directories: Vec<(String, Option<String>)>,
    /// Variables to set, with placeholders.
    pub env: Vec<(String, String)>,
    /// `umask` in octal: what directories without a mode of their own lack of 0777.
    pub umask: Option<String>,
}

/// `cache_validation`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheValidation {
    /// File that must exist, with placeholders.
    pub check_file: String,
    /// Its expected content, trimmed, with placeholders; empty where the builder gave none.
    pub expected_content: String,
}

/// `launcher`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LauncherEntry {
    /// `size` in bytes.
    pub size: Option<u64>,
    /// `checksum` as written; the Python builder doubles the `sha256:` prefix.
    pub checksum: String,
    /// `tool`.
    pub tool: String,
}

/// The `seal` extension: with it every byte of the file is a function of the signed JSON (ARCHITECTURE.md, "The sealed profile").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Version of the rule; 1 is the only one.
    pub version: u64,
    /// Fingerprint of the signing key, 64 lower-case hex digits.
    pub signer: String,
}

/// Objects whose keys are names of environment variables; every reader takes those unchanged.
const VARIABLES: &[&str] =
    &["execution.env", "execution.environment", "runtime.env.map", "runtime.env.set", "workenv.env"];

const TOP_KEYS: &[&str] = &[
    "format",
    "format_version",
    "package",
    "slots",
    "execution",
    "verification",
    "build",
    "launcher",
    "compatibility",
    "cache_validation",
    "setup_commands",
    "runtime",
    "workenv",
    "policy",
    SEAL_KEY,
];

impl Metadata {
    /// Reads the uncompressed metadata JSON.
    ///
    /// # Errors
    /// [`MetadataError`] names the JSON path of the first value that is not as docs/format.md §5 has it.
    pub fn parse(raw: Vec<u8>) -> Result<Self, MetadataError> {
        let root = Json::parse(&raw).map_err(MetadataError::Json)?;
        let mut metadata = Self::read(&root)?;
        if let Some(key) = Self::ambiguous_key(&root) {
            return Err(MetadataError::Key(key));
        }
        (metadata.raw, metadata.root) = (raw, root);
        Ok(metadata)
    }

    /// The first key that readers of these metadata, or of a manifest of the same form, understand differently.
    #[must_use]
    pub fn ambiguous_key(root: &Json) -> Option<AmbiguousKey> {
        root.ambiguous_key(VARIABLES)
    }

    fn read(root: &Json) -> Result<Self, MetadataError> {
        let fault = Fault::default();
        let top = Cursor { path: String::new(), value: Some(root), fault: &fault };
        top.object(TOP_KEYS);
        if top.text("format") != FORMAT {
            top.key("format").wrong("the string \"PSPF/2025\"");
        }
        let package = top.key("package");
        package.object(&["name", "version", "description"]);
        let slots = top.key("slots").array().iter().map(SlotEntry::read).collect();
        let build = top.key("build");
        build.object(&["tool", "tool_version", "timestamp", "deterministic", "platform"]);
        build.key("platform").object(&["os", "arch", "host"]);
        let verification = top.key("verification");
        verification.object(&["integrity_seal", "signed", "require_verification", "trust_signatures"]);
        verification.key("integrity_seal").object(&["required", "algorithm"]);
        top.key("compatibility").object(&["min_format_version", "features"]);
        top.key("policy").object(&["platforms", "refuse_root", "max_age_days", "require_env"]);
        let setup_commands = top.key("setup_commands");
        let metadata = Self {
            name: package.text("name"),
            version: package.text("version"),
            slots,
            execution: Execution::read(&top.key("execution")),
            runtime_env: RuntimeEnv::read(&top.key("runtime")),
            workenv: Workenv::read(&top.key("workenv")),
            cache_validation: CacheValidation::read(&top.key("cache_validation")),
            setup_commands: setup_commands.array().iter().filter_map(parts::setup_command).collect(),
            launcher: LauncherEntry::read(&top.key("launcher")),
            build_tool: build.text("tool"),
            seal: Seal::read(&top.key(SEAL_KEY)),
            raw: Vec::new(),
            root: Json::Null,
        };
        match fault.into_inner() {
            Some(error) => Err(error),
            None => Ok(metadata),
        }
    }

    /// The signed bytes.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The whole document, unknown keys included.
    #[must_use]
    pub fn document(&self) -> &Json {
        &self.root
    }

    /// The position of the slot that the SBOM digest in the index is over (docs/format.md §8).
    #[must_use]
    pub fn attestation_slot(&self) -> Option<usize> {
        self.slots.iter().position(|slot| slot.lifecycle == "attestation")
    }

    /// The package's own policy, where it is not empty.
    #[must_use]
    pub fn policy(&self) -> Option<&Json> {
        self.root.get("policy").filter(|policy| !policy.entries().is_empty())
    }
}
