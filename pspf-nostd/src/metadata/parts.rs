//! The parts of the metadata, each read from its value.

use super::{
    CacheValidation, Execution, LauncherEntry, RuntimeEnv, Seal, SearchPath, SlotEntry, Workenv, cursor::Cursor,
};
use crate::json::{Json, keys_in_order};

impl SlotEntry {
    pub(super) fn read(slot: &Cursor<'_>) -> Self {
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
        ]);
        if !slot.is_given() {
            slot.wrong("an object");
        }
        Self {
            slot: slot.integer("slot"),
            id: slot.text("id"),
            target: slot.text("target"),
            size: slot.integer("size"),
            original_size: slot.integer("original_size"),
            checksum: slot.text("checksum"),
            operations: slot.text("operations"),
            purpose: slot.text("purpose"),
            lifecycle: slot.text("lifecycle"),
            permissions: slot.optional_text("permissions"),
            platform: slot.optional_text("platform"),
            self_ref: slot.flag("self_ref"),
        }
    }
}

impl Execution {
    pub(super) fn read(execution: &Cursor<'_>) -> Option<Self> {
        execution.object(&[
            "command",
            "args",
            "working_directory",
            "timeout",
            "min_memory",
            "max_memory",
            "max_cpu_seconds",
            "env",
            "environment",
            "path",
            "stable_prefix",
        ]);
        let mut env = execution.text_map("environment");
        let newer = execution.text_map("env");
        let replaced = keys_in_order(newer.iter().map(|(name, _)| name.as_str()).zip(0..));
        env.retain(|(name, _)| replaced.binary_search_by_key(&name.as_str(), |(name, _)| *name).is_err());
        env.extend(newer);
        execution.is_given().then(|| Self {
            command: execution.text("command"),
            args: execution.texts("args"),
            working_directory: execution.optional_text("working_directory"),
            timeout: execution.integer("timeout"),
            min_memory: execution.bytes("min_memory"),
            max_memory: execution.bytes("max_memory"),
            max_cpu_seconds: execution.integer("max_cpu_seconds"),
            env,
            path: SearchPath::read(&execution.key("path")),
            stable_prefix: execution.flag("stable_prefix"),
        })
    }
}

impl SearchPath {
    fn read(path: &Cursor<'_>) -> Option<Self> {
        path.object(&["first", "last"]);
        path.is_given().then(|| Self { first: path.texts("first"), last: path.texts("last") })
    }
}

impl RuntimeEnv {
    pub(super) fn read(runtime: &Cursor<'_>) -> Self {
        runtime.object(&["env"]);
        let env = runtime.key("env");
        env.object(&["unset", "pass", "map", "set"]);
        Self { unset: env.texts("unset"), pass: env.texts("pass"), map: env.text_map("map"), set: env.text_map("set") }
    }
}

impl Workenv {
    pub(super) fn read(workenv: &Cursor<'_>) -> Self {
        workenv.object(&["directories", "env", "umask"]);
        let directory = |directory: &Cursor<'_>| {
            directory.object(&["path", "mode"]);
            (directory.text("path"), directory.optional_text("mode"))
        };
        Self {
            directories: workenv.key("directories").array().iter().map(directory).collect(),
            env: workenv.text_map("env"),
            umask: workenv.optional_text("umask"),
        }
    }
}

impl CacheValidation {
    pub(super) fn read(validation: &Cursor<'_>) -> Option<Self> {
        validation.object(&["check_file", "expected_content"]);
        let read =
            Self { check_file: validation.text("check_file"), expected_content: validation.text("expected_content") };
        (!read.check_file.is_empty()).then_some(read)
    }
}

impl LauncherEntry {
    pub(super) fn read(launcher: &Cursor<'_>) -> Option<Self> {
        launcher.object(&["tool", "tool_version", "size", "checksum", "capabilities"]);
        launcher.is_given().then(|| Self {
            size: launcher.integer("size"),
            checksum: launcher.text("checksum"),
            tool: launcher.text("tool"),
        })
    }
}

/// A setup command as written; its keys are looked at, its values are the launcher's.
pub(super) fn setup_command(command: &Cursor<'_>) -> Option<Json> {
    if matches!(command.value, Some(Json::Object(_))) {
        command.object(&["type", "command", "path", "content", "mode", "enumerate"]);
        let enumerate = command.key("enumerate");
        if matches!(enumerate.value, Some(Json::Object(_))) {
            enumerate.object(&["path", "pattern"]);
        }
    }
    command.value.cloned()
}

impl Seal {
    pub(super) fn read(seal: &Cursor<'_>) -> Option<Self> {
        seal.object(&["version", "signer"]);
        seal.value?;
        let version = seal.integer("version").unwrap_or_else(|| {
            seal.key("version").wrong("an integer");
            0
        });
        Some(Self { version, signer: seal.text("signer") })
    }
}
