//! The signed metadata (format.md §5): every variant that the three published builders write, read strictly.
//!
//! The raw JSON bytes are kept, because the signature is over them; nothing is ever re-serialised to verify it.

use crate::json::{Json, JsonError};
use alloc::{
    borrow::ToOwned,
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

/// The `format` string of every package.
pub const FORMAT: &str = "PSPF/2025";
/// The extension key under which our writer makes a package *sealed*; other readers ignore it.
pub const SEAL_KEY: &str = "seal";

/// Why a metadata text was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataError {
    /// Not strict JSON.
    Json(JsonError),
    /// A value has the wrong type or form; the path is like `slots[2].size`.
    Value {
        /// JSON path of the value.
        path: String,
        /// What must stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A key that is a known one but for its case: published readers disagree on what it means.
    KeyCase {
        /// JSON path of the object.
        path: String,
        /// The key as it stands.
        found: String,
        /// The known key.
        known: &'static str,
    },
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "metadata is not strict JSON: {error}"),
            Self::Value { path, expected, found } => {
                write!(f, "metadata `{path}`: expected {expected}, found {found}")
            }
            Self::KeyCase { path, found, known } => {
                write!(f, "metadata `{path}`: key `{found}` differs from `{known}` by case only, and readers disagree")
            }
        }
    }
}

impl core::error::Error for MetadataError {}

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
    /// `setup_commands`, as they stand.
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
    /// `checksum` as it stands.
    pub checksum: String,
    /// `operations` as it stands.
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
    /// `env` (or `environment`, an old spelling of the Go builder), in the order of the text.
    pub env: Vec<(String, String)>,
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
    /// `checksum` as it stands; the Python builder doubles the `sha256:` prefix.
    pub checksum: String,
    /// `tool`.
    pub tool: String,
}

/// The `seal` extension: with it every byte of the file is a function of the signed JSON (design.md, "Sealed").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Version of the rule; 1 is the only one.
    pub version: u64,
    /// Fingerprint of the signing key, 64 lower-case hex digits.
    pub signer: String,
}

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
    /// [`MetadataError`] names the JSON path of the first value that is not as format.md §5 has it.
    pub fn parse(raw: Vec<u8>) -> Result<Self, MetadataError> {
        let root = Json::parse(&raw).map_err(MetadataError::Json)?;
        let top = Cursor { path: String::new(), value: Some(&root) };
        top.object(TOP_KEYS)?;
        let format = top.key("format").string()?;
        if format != FORMAT {
            return Err(top.key("format").error("the string \"PSPF/2025\""));
        }
        let package = top.key("package");
        package.object(&["name", "version", "description"])?;
        let slots =
            top.key("slots").array()?.into_iter().map(|slot| SlotEntry::read(&slot)).collect::<Result<_, _>>()?;
        let build = top.key("build");
        build.object(&["tool", "tool_version", "timestamp", "deterministic", "platform"])?;
        let (name, version) = (package.key("name").string()?, package.key("version").string()?);
        let (execution, runtime_env) =
            (Execution::read(&top.key("execution"))?, RuntimeEnv::read(&top.key("runtime"))?);
        let workenv = Workenv::read(&top.key("workenv"))?;
        let cache_validation = CacheValidation::read(&top.key("cache_validation"))?;
        let setup_commands = top.key("setup_commands");
        setup_commands.array()?;
        let setup_commands = setup_commands.value.map(|value| value.items().to_vec()).unwrap_or_default();
        let launcher = LauncherEntry::read(&top.key("launcher"))?;
        let (build_tool, seal) = (build.key("tool").string()?, Seal::read(&top.key(SEAL_KEY))?);
        Ok(Self {
            name,
            version,
            slots,
            execution,
            runtime_env,
            workenv,
            cache_validation,
            setup_commands,
            launcher,
            build_tool,
            seal,
            raw,
            root,
        })
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

    /// The position of the slot that the SBOM digest in the index is over (format.md §8).
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

impl SlotEntry {
    fn read(slot: &Cursor<'_>) -> Result<Self, MetadataError> {
        slot.object(&[
            "slot",
            "id",
            "source",
            "target",
            "size",
            "checksum",
            "operations",
            "purpose",
            "lifecycle",
            "permissions",
            "platform",
            "resolution",
            "self_ref",
            "original_size",
        ])?;
        if slot.value.is_none_or(|value| *value == Json::Null) {
            return Err(slot.error("an object"));
        }
        Ok(Self {
            slot: slot.key("slot").integer()?,
            id: slot.key("id").string()?,
            target: slot.key("target").string()?,
            size: slot.key("size").integer()?,
            original_size: slot.key("original_size").integer()?,
            checksum: slot.key("checksum").string()?,
            operations: slot.key("operations").string()?,
            purpose: slot.key("purpose").string()?,
            lifecycle: slot.key("lifecycle").string()?,
            permissions: slot.key("permissions").optional_string()?,
            platform: slot.key("platform").optional_string()?,
            self_ref: slot.key("self_ref").boolean()?,
        })
    }
}

impl Execution {
    fn read(execution: &Cursor<'_>) -> Result<Option<Self>, MetadataError> {
        execution.object(&["command", "env", "environment"])?;
        if execution.value.is_none_or(|value| *value == Json::Null) {
            return Ok(None);
        }
        let mut env = execution.key("environment").string_map()?;
        let newer = execution.key("env").string_map()?;
        let replaced: BTreeSet<&str> = newer.iter().map(|(name, _)| name.as_str()).collect();
        env.retain(|(name, _)| !replaced.contains(name.as_str()));
        env.extend(newer);
        Ok(Some(Self { command: execution.key("command").string()?, env }))
    }
}

impl RuntimeEnv {
    fn read(runtime: &Cursor<'_>) -> Result<Self, MetadataError> {
        runtime.object(&["env"])?;
        let env = runtime.key("env");
        env.object(&["unset", "pass", "map", "set"])?;
        Ok(Self {
            unset: env.key("unset").strings()?,
            pass: env.key("pass").strings()?,
            map: env.key("map").string_map()?,
            set: env.key("set").string_map()?,
        })
    }
}

impl Workenv {
    fn read(workenv: &Cursor<'_>) -> Result<Self, MetadataError> {
        workenv.object(&["directories", "env"])?;
        let mut directories = Vec::new();
        for directory in workenv.key("directories").array()? {
            directory.object(&["path", "mode"])?;
            directories.push((directory.key("path").string()?, directory.key("mode").optional_string()?));
        }
        Ok(Self { directories, env: workenv.key("env").string_map()? })
    }
}

impl CacheValidation {
    fn read(validation: &Cursor<'_>) -> Result<Option<Self>, MetadataError> {
        validation.object(&["check_file", "expected_content"])?;
        let check_file = validation.key("check_file").string()?;
        let expected_content = validation.key("expected_content").string()?;
        Ok((!check_file.is_empty()).then_some(Self { check_file, expected_content }))
    }
}

impl LauncherEntry {
    fn read(launcher: &Cursor<'_>) -> Result<Option<Self>, MetadataError> {
        launcher.object(&["tool", "tool_version", "size", "checksum", "capabilities"])?;
        if launcher.value.is_none_or(|value| *value == Json::Null) {
            return Ok(None);
        }
        Ok(Some(Self {
            size: launcher.key("size").integer()?,
            checksum: launcher.key("checksum").string()?,
            tool: launcher.key("tool").string()?,
        }))
    }
}

impl Seal {
    fn read(seal: &Cursor<'_>) -> Result<Option<Self>, MetadataError> {
        seal.object(&["version", "signer"])?;
        if seal.value.is_none() {
            return Ok(None);
        }
        let version = seal.key("version").integer()?.ok_or_else(|| seal.key("version").error("an integer"))?;
        Ok(Some(Self { version, signer: seal.key("signer").string()? }))
    }
}

/// A value with its JSON path, so that every error can name the place.
struct Cursor<'a> {
    path: String,
    value: Option<&'a Json>,
}

impl<'a> Cursor<'a> {
    fn key(&self, key: &str) -> Cursor<'a> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Cursor { path, value: self.value.and_then(|value| value.get(key)) }
    }

    fn error(&self, expected: &'static str) -> MetadataError {
        let found = match self.value {
            None => "nothing".to_owned(),
            Some(Json::String(text)) => format!("{text:?}"),
            Some(Json::Number(number)) => number.to_string(),
            Some(value) => value.kind().to_owned(),
        };
        MetadataError::Value { path: self.path.clone(), expected, found }
    }

    /// Checks that the value is an object (or absent, or null) and that no key is a known one in another case.
    fn object(&self, known: &[&'static str]) -> Result<(), MetadataError> {
        let entries = match self.value {
            None | Some(Json::Null) => return Ok(()),
            Some(Json::Object(entries)) => entries,
            Some(_) => return Err(self.error("an object")),
        };
        for (key, _) in entries {
            let twin = known.iter().find(|name| name.eq_ignore_ascii_case(key) && *name != key);
            if let Some(name) = twin {
                return Err(MetadataError::KeyCase { path: self.path.clone(), found: key.clone(), known: name });
            }
        }
        Ok(())
    }

    fn optional_string(&self) -> Result<Option<String>, MetadataError> {
        match self.value {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.error("a string")),
        }
    }

    fn string(&self) -> Result<String, MetadataError> {
        Ok(self.optional_string()?.unwrap_or_default())
    }

    fn integer(&self) -> Result<Option<u64>, MetadataError> {
        match self.value {
            None | Some(Json::Null) => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| self.error("a non-negative integer")),
        }
    }

    fn boolean(&self) -> Result<bool, MetadataError> {
        match self.value {
            None | Some(Json::Null) => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| self.error("true or false")),
        }
    }

    fn array(&self) -> Result<Vec<Cursor<'a>>, MetadataError> {
        match self.value {
            None | Some(Json::Null) => Ok(Vec::new()),
            Some(Json::Array(items)) => Ok(items
                .iter()
                .enumerate()
                .map(|(position, item)| Cursor { path: format!("{}[{position}]", self.path), value: Some(item) })
                .collect()),
            Some(_) => Err(self.error("an array")),
        }
    }

    fn strings(&self) -> Result<Vec<String>, MetadataError> {
        self.array()?.iter().map(|item| item.optional_string()?.ok_or_else(|| item.error("a string"))).collect()
    }

    fn string_map(&self) -> Result<Vec<(String, String)>, MetadataError> {
        self.object(&[])?;
        let entries = self.value.map(Json::entries).unwrap_or_default();
        entries
            .iter()
            .map(|(key, value)| {
                let text = value.as_str().ok_or_else(|| self.key(key).error("a string"))?;
                Ok((key.clone(), text.to_owned()))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Metadata, MetadataError> {
        Metadata::parse(text.as_bytes().to_vec())
    }

    #[test]
    fn the_least_that_a_builder_may_write_is_read() {
        let metadata = parse(r#"{"format":"PSPF/2025","slots":[{"id":"a","target":"b"}],"future":[1]}"#).unwrap();
        assert_eq!(metadata.slots[0].id, "a");
        assert_eq!(metadata.document().get("future").unwrap().items().len(), 1);
        assert!(metadata.execution.is_none() && metadata.launcher.is_none() && metadata.seal.is_none());
    }

    #[test]
    fn the_go_spelling_of_env_is_read_and_env_wins() {
        let text =
            r#"{"format":"PSPF/2025","execution":{"command":"x","environment":{"A":"1","B":"2"},"env":{"A":"3"}}}"#;
        let execution = parse(text).unwrap().execution.unwrap();
        assert_eq!(execution.env, [("B".to_owned(), "2".to_owned()), ("A".to_owned(), "3".to_owned())]);
    }

    #[test]
    fn errors_name_the_path() {
        for (text, path) in [
            (r#"{"format":"PSPF/2026"}"#, "`format`"),
            (r#"{"format":"PSPF/2025","slots":{}}"#, "`slots`"),
            (r#"{"format":"PSPF/2025","slots":[null]}"#, "`slots[0]`"),
            (r#"{"format":"PSPF/2025","slots":[{"size":-1}]}"#, "`slots[0].size`"),
            (r#"{"format":"PSPF/2025","slots":[{"size":1.5}]}"#, "`slots[0].size`"),
            (r#"{"format":"PSPF/2025","execution":{"env":{"A":1}}}"#, "`execution.env.A`"),
            (r#"{"format":"PSPF/2025","runtime":{"env":{"unset":["a",2]}}}"#, "`runtime.env.unset[1]`"),
            (r#"{"format":"PSPF/2025","Execution":{}}"#, "`Execution`"),
            (r#"{"format":"PSPF/2025","execution":{"Command":"x"}}"#, "`Command`"),
            (r#"{"format":"PSPF/2025","seal":{}}"#, "`seal.version`"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(path), "{text}: {error}");
        }
    }

    #[test]
    fn environment_names_may_differ_by_case() {
        let text = r#"{"format":"PSPF/2025","execution":{"command":"x","env":{"http_proxy":"1","HTTP_PROXY":"2"}}}"#;
        assert_eq!(parse(text).unwrap().execution.unwrap().env.len(), 2);
    }
}
