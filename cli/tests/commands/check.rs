//! `flavor check` and `flavor init`; every key that is refused or judged by its value, and what outweighs a manifest.

use super::process::{Folder, Run};
use std::{fs, process::Command};

const HEAD: &str = "[project]\nname = 'app'\nversion = '1.0'\n[tool.flavor]\nentry_point = 'app:main'\n";

/// Without it the folder's own files are looked at for what is not said.
const BACKEND: &str = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n";

/// A folder with the modules that the manifests here name.
fn folder() -> Folder {
    let folder = Folder::new();
    for module in ["app.py", "a.py", "poem.py", "poem/cli.py"] {
        folder.write(module, "def main(): pass\n");
    }
    folder
}

fn check(text: &str, words: &[&str]) -> Run {
    let folder = folder();
    folder.write("pyproject.toml", text);
    folder.flavor(&[&["check"], words].concat())
}

#[test]
fn a_right_manifest_is_ready_and_nothing_is_written() {
    let folder = Folder::new();
    folder.write("pyproject.toml", HEAD);
    folder.write("app.py", "");
    folder.flavor(&["check"]).succeeds().says(&["pyproject.toml: app is ready to be packed"]);
    assert_eq!(folder.flavor(&["check", "--json"]).succeeds().json()["name"], "app");
    assert_eq!(folder.listing(), ["app.py", "pyproject.toml"]);
    folder.flavor(&["check", "--manifest", "nope.toml"]).fails(2, &["nope.toml", "flavor init"]);
    let folder = Folder::new().with_app();
    folder.flavor(&["check", "--manifest", "app/app.json"]).succeeds().says(&["app/app.json: app is ready"]);
}

#[test]
fn unknown_keys_are_named_with_the_nearest_and_can_be_errors() {
    let text = format!(
        "{HEAD}buidl.strip = true\n[tool.flavor.build]\nexclud = []\n[tool.flavor.conditions.linux]\nentrypoint = 'x'\n[tool.flavor.conditions.beos]\n[tool.flavor.build.platform.linux_amd46]\n[[tool.flavor.slots]]\nid = 'a'\nsource = 'pyproject.toml'\nlifcycle = 'lazy'\n"
    );
    let text = text.replace("[project]\n", "[project]\nauthor = 'x'\n");
    let expected = [
        ("2:1", "project.author", "authors"),
        ("7:1", "tool.flavor.buidl", "build"),
        ("9:1", "tool.flavor.build.exclud", "exclude"),
        ("11:1", "tool.flavor.conditions.linux.entrypoint", "entry_point"),
        ("13:29", "tool.flavor.build.platform.linux_amd46", "linux_amd64"),
        ("17:1", "tool.flavor.slots[0].lifcycle", "lifecycle"),
    ];
    let run = check(&text, &[]).succeeds();
    for (place, key, near) in expected {
        let line =
            format!("pyproject.toml:{place}: warning: `{key}`: unknown key, ignored\n  hint: did you mean `{near}`?");
        assert!(run.stderr.contains(&line), "{line}\n{}", run.stderr);
    }
    assert!(run.stderr.contains("`tool.flavor.conditions.beos`: unknown key"), "{}", run.stderr);
    let run = check(&text, &["--strict-manifest"]).fails(1, &["error: `tool.flavor.buidl`: unknown key"]);
    assert_eq!(run.errors(), 7, "{run:#?}");
    let folder = Folder::new();
    folder.write("pyproject.toml", format!("{HEAD}[tool.flavor.build]\nexclud = []\n"));
    folder.flavor(&["pack", "--strict-manifest"]).fails(1, &["`tool.flavor.build.exclud`: unknown key"]);
    assert_eq!(folder.listing(), ["pyproject.toml"]);
}

#[test]
fn what_cannot_be_honoured_is_refused_by_name() {
    for (text, words) in [
        ("features.experimental_compression = true", &["features.experimental_compression`", "there is none"][..]),
        ("features.parallel_extraction = false", &["features.parallel_extraction`", "decides by itself"]),
        ("features.memory_mapping = true", &["features.memory_mapping`", "cut short"]),
        ("features = {optimize_size = true, optimize_speed = true}", &["features.optimize_speed`", "contradicts"]),
        ("security.algorithm = 'rsa'", &["security.algorithm`", "one of ed25519", "found \"rsa\""]),
        ("security.require_signature = false", &["security.require_signature`", "every package is signed"]),
        ("security.integrity.verify_slots = false", &["integrity.verify_slots`", "cannot be turned off"]),
        ("security.integrity.checksum_algorithm = 'md5'", &["checksum_algorithm`", "sha256"]),
        ("security.integrity.verify_cache = 'off'", &["integrity.verify_cache`", "one of quick, full", "\"off\""]),
        ("security.allowed_signers = ['SHA256:abc123...']", &["allowed_signers[0]`", "64 hexadecimal digits"]),
        ("hooks.pre_extract = ['x']", &["hooks.pre_extract`", "post_extract"]),
        ("execution.max_cpu_percent = 80", &["execution.max_cpu_percent`", "max_cpu_seconds"]),
        ("execution.max_memory = '1 gig'", &["execution.max_memory`", "\"2GiB\""]),
        ("execution.timeout = 0", &["execution.timeout`", "out of range"]),
        ("execution.command = '\"open'", &["execution.command`", "cannot be split"]),
        ("execution.working_directory = ''", &["execution.working_directory`", "is empty"]),
        ("python_version = 'three'", &["python_version`", "\"3.12\""]),
        ("python_version = '3.11'\npython.version = '3.12'", &["python_version`", "contradicts"]),
        ("python = {version = '3.12.1', max_version = '3.11'}", &["python.version`", "not between"]),
        ("platforms = ['darwin_arm64']", &["tool.flavor.platforms`", "may not be made for this platform"]),
        ("platforms = ['linux_x86']", &["platforms[0]`", "did you mean"]),
        ("type = 'webapp'", &["tool.flavor.type`", "one of cli, gui, service"]),
        ("build.compression_level = 99", &["build.compression_level`", "0 to 22"]),
        ("build.manylinux = 'manylinux_3'", &["build.manylinux`", "manylinux_2_28"]),
        ("build.manylinux = ['manylinux1']", &["build.manylinux`", "\"manylinux2014\" or newer"]),
        ("build = {manylinux = 'manylinux2014', use_pip = true}", &["build.manylinux`", "use_pip = false"]),
        ("build.exclude = ['a[']", &["build.exclude[0]`", "is not a pattern"]),
        ("build.dependencies = ['./nowhere']", &["build.dependencies[0]`", "is not a Python project"]),
        ("build.dependencies = ['not a requirement !']", &["build.dependencies[0]`", "is not a requirement"]),
        ("build.requirements_file = 'requirements.lock'", &["requirements_file`", "there is no file"]),
        ("runtime.optimization_level = 3", &["runtime.optimization_level`", "0 to 2"]),
        (
            "runtime = {strip_docstrings = true, compile_bytecode = false}",
            &["strip_docstrings`", "compile_bytecode = true"],
        ),
        ("policy.platforms = ['plan9']", &["policy.platforms[0]`", "one of linux_amd64"]),
        ("policy.max_age_days = 0", &["policy.max_age_days`", "1 to 36500"]),
        (
            "metadata.custom.commit = '${FLAVOR_TEST_UNSET}'",
            &["metadata.custom.commit`", "FLAVOR_TEST_UNSET is not set"],
        ),
        ("metadata.package_name = '../../evil'", &["metadata.package_name`", "cannot be a file name"]),
        ("launchers = [{platform = 'linux', binary = 'x'}]", &["launchers[0].platform`", "linux_amd64"]),
    ] {
        let run = check(&format!("{HEAD}{text}\n"), &[]).fails(1, words);
        assert_eq!(run.errors(), 1, "{text}\n{run:#?}");
        assert!(run.stderr.starts_with("pyproject.toml:6:") || run.stderr.contains("\npyproject.toml:"), "{run:#?}");
    }
}

#[test]
fn slots_are_judged_before_anything_is_built() {
    for (text, words) in [
        ("source = 'nowhere'", &["slots[0].source`", "cannot read \"nowhere\""][..]),
        ("source = '*.nothing'", &["slots[0].source`", "finds 0 files"]),
        ("source = 'data'\nlifecycle = 'attestation'", &["slots[0].lifecycle`", "reserved"]),
        ("source = 'data'\nplatform = 'linux_x64'", &["slots[0].platform`", "did you mean"]),
        ("source = 'data'\nextract_to = '{home}/.config'", &["slots[0].extract_to`", "state directory"]),
        ("source = 'data'\nextract_to = '{tmp}/x'\nlifecycle = 'lazy'", &["extract_to`", "for one start only"]),
        ("source = 'data'\nextract_to = '../x'", &["slots[0].extract_to`", "not a path inside"]),
        ("source = 'data'\nextract_to = 'a'\ntarget = 'b'", &["slots[0].target`", "contradicts `extract_to`"]),
        ("source = 'data'\noperations = 'tar'\ncompression = 'gzip'", &["slots[0].compression`", "one of the two"]),
        ("source = 'data'\ncompression = 'lz4'", &["slots[0].compression`", "one of none, raw"]),
        ("source = 'data'\ncompression = 'gzip'\ncompression_level = 12", &["slots[0]`", "gzip has no level 12"]),
        ("source = 'data/a.json'\npermissions = 'rwx'", &["slots[0].permissions`", "octal"]),
        ("source = 'data/a.json'\nchecksum = 'md5:1'", &["slots[0].checksum`", "64 hexadecimal digits"]),
        ("source = 'data'\nchecksum = 'sha256:HASH'", &["slots[0]`", "not one file"]),
        (
            "source = 'data/a.json'\nchecksum = 'sha256:HASH'",
            &["slots[0]`", "expected sha256:0000", "found sha256:ca3d163bab05"],
        ),
        ("source = 'data'\nencryption = 'aes256'", &["slots[0].encryption`", "no encryption"]),
        ("source = 'data'\nkey_source = 'env:X'", &["slots[0].key_source`", "no encryption"]),
    ] {
        let folder = folder();
        folder.write("data/a.json", "{}\n");
        let text = text.replace("HASH", &"0".repeat(64));
        folder.write("pyproject.toml", format!("{HEAD}[[tool.flavor.slots]]\nid = 'x'\n{text}\n"));
        let run = folder.flavor(&["check"]).fails(1, words);
        assert_eq!(run.errors(), 1, "{text}\n{run:#?}");
    }
    let folder = folder();
    folder.write("data/a.json", "{}\n");
    let slots = "[[tool.flavor.slots]]\nid = 'a'\nsource = 'data'\nsize_hint = 10\npurpose = 'data-fils'\n\
        [[tool.flavor.slots]]\nid = 'b'\nsource = 'no'\noptional = true\n\
        [[tool.flavor.slots]]\nid = 'c'\nsource = 'no'\nplatform = 'windows'\n\
        [[tool.flavor.slots]]\nid = 'd'\nsource = 'data/a.json'\n\
        checksum = 'sha256:ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356'\n";
    folder.write("pyproject.toml", format!("{HEAD}{slots}"));
    let document = folder.flavor(&["check", "--json"]).succeeds().json();
    assert_eq!(document["slots"], 2);
    let left_out = document["left_out"].to_string();
    assert!(left_out.contains("slot \\\"b\\\"") && left_out.contains("it is for windows"), "{left_out}");
    let warnings = document["warnings"].to_string();
    assert!(warnings.contains("slot.size_hint") && warnings.contains("did you mean `data-files`?"), "{warnings}");
}

#[test]
fn flags_outweigh_variables_outweigh_conditions_outweigh_the_manifest() {
    let folder = folder();
    let text = format!(
        "{HEAD}description = 'plain'\n[tool.flavor.build]\nstrip = false\nindex_url = 'https://me:secret@example.org/simple'\nseed = 'hidden words'\n[tool.flavor.conditions.linux]\ndescription = 'on linux'\npackage_name = 'linux-app'\n"
    );
    folder.write("pyproject.toml", text);
    let show = |variables: &[(&str, &str)], words: &[&str]| {
        let mut command = folder.command();
        command.args(["check", "--show-config", "--json"]).args(words).envs(variables.iter().copied());
        let document = Run::of(&mut command).succeeds().json();
        move |key: &str| {
            let all = document["config"].as_array().unwrap();
            let found = all.iter().find(|setting| setting["key"] == key).unwrap_or_else(|| panic!("{key}: {all:#?}"));
            (found["value"].clone(), found["origin"].as_str().unwrap().to_owned())
        }
    };
    let get = show(&[], &[]);
    assert_eq!(get("tool.flavor.description"), ("on linux".into(), "pyproject.toml:12 (conditions)".to_owned()));
    assert_eq!(get("tool.flavor.build.strip"), (false.into(), "pyproject.toml:8".to_owned()));
    assert_eq!(get("tool.flavor.build.index_url").0, "https://…@example.org/simple");
    assert_eq!(get("tool.flavor.build.seed").0, "(hidden)");
    let variables = [
        ("FLAVOR_PACKAGE_NAME", "other"),
        ("FLAVOR_VERSION", "2.0"),
        ("FLAVOR_ENTRY_POINT", "a:y"),
        ("FLAVOR_METADATA_PACKAGE_NAME", "third"),
        ("FLAVOR_BUILD_DEPENDENCIES", "wheel,setuptools"),
        ("FLAVOR_BUILD_STRIP", "1"),
        ("FLAVOR_BUILD_DETERMINISTIC", "0"),
        ("FLAVOR_RUNTIME_ENV_PASSTHROUGH", "HOME,USER"),
        ("FLAVOR_RUNTIME_ENV_SET", "APP_ENV=production"),
        ("FLAVOR_SEED", "a"),
        ("FLAVOR_KEY_SEED", "b"),
    ];
    let get = show(&variables, &[]);
    for (key, value, variable) in [
        ("tool.flavor.package_name", "other".into(), "FLAVOR_PACKAGE_NAME"),
        ("project.version", "2.0".into(), "FLAVOR_VERSION"),
        ("tool.flavor.entry_point", "a:y".into(), "FLAVOR_ENTRY_POINT"),
        ("tool.flavor.metadata.package_name", "third".into(), "FLAVOR_METADATA_PACKAGE_NAME"),
        ("tool.flavor.build.dependencies", serde_json::json!(["wheel", "setuptools"]), "FLAVOR_BUILD_DEPENDENCIES"),
        ("tool.flavor.build.strip", true.into(), "FLAVOR_BUILD_STRIP"),
        ("tool.flavor.build.deterministic", false.into(), "FLAVOR_BUILD_DETERMINISTIC"),
        (
            "tool.flavor.execution.runtime.env.pass",
            serde_json::json!(["HOME", "USER"]),
            "FLAVOR_RUNTIME_ENV_PASSTHROUGH",
        ),
        ("tool.flavor.execution.runtime.env.set.APP_ENV", "production".into(), "FLAVOR_RUNTIME_ENV_SET"),
        ("tool.flavor.build.seed", "(hidden)".into(), "FLAVOR_SEED"),
        ("tool.flavor.security.key_seed", "(hidden)".into(), "FLAVOR_KEY_SEED"),
    ] {
        assert_eq!(get(key), (value, variable.to_owned()), "{key}");
    }
    let get = show(&[("FLAVOR_BUILD_STRIP", "0")], &["--strip", "--level", "3"]);
    assert_eq!(get("tool.flavor.build.strip"), (true.into(), "--strip".to_owned()));
    assert_eq!(get("tool.flavor.build.compression_level"), (3.into(), "--level".to_owned()));
    let mut command = folder.command();
    let run = Run::of(command.arg("check").env("FLAVOR_BUILD_STRIP", "perhaps"));
    run.fails(1, &["FLAVOR_BUILD_STRIP cannot be read", "found \"perhaps\""]);
    let mut command = folder.command();
    let run = Run::of(command.arg("check").env("FLAVOR_PACKAGE_NAME", "../../evil"));
    run.fails(1, &["FLAVOR_PACKAGE_NAME (`tool.flavor.package_name`)", "cannot be a file name"]);
}

#[test]
fn the_schema_is_json() {
    let folder = Folder::new();
    let schema = folder.flavor(&["check", "--schema"]).succeeds().json();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    folder.flavor(&["check", "--schema", "--show-config"]).fails(2, &["cannot be used with"]);
}

#[test]
fn poetry_projects_are_read_without_their_backend() {
    let text = "[build-system]\nrequires = ['poetry-core']\nbuild-backend = 'poetry.core.masonry.api'\n[tool.poetry]\nname = 'poem'\nversion = '1.2'\ndescription = 'x'\n[tool.poetry.scripts]\npoem = 'poem.cli:main'\n\
        tool = {reference = 'poem.cli:tool', type = 'console'}\nfile = {reference = 'bin/x.sh', type = 'file'}\n[tool.poetry.extras]\nfast = ['six']\n";
    let run = check(text, &["--show-config"]).succeeds();
    run.says(&[
        "project.name = \"poem\"",
        "project.scripts.poem = \"poem.cli:main\"",
        "project.scripts.tool = \"poem.cli:tool\"",
    ]);
    check(&text.replace("version = '1.2'", "version = 3"), &[])
        .fails(1, &["pyproject.toml:6:11: error: `project.version`"]);
}

#[test]
fn init_leaves_no_half_of_a_file_where_there_is_no_room() {
    let folder = Folder::new();
    let limited = |blocks: u32, words: &str| {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" {words}");
        let inner = folder.command();
        Run::of(Command::new("sh").args(["-c", &script]).arg(inner.get_program()).current_dir(folder.path("")))
    };
    limited(0, "init new").fails(1, &["new/pyproject.toml: error: cannot write this: File too large"]);
    assert_eq!(folder.listing(), ["new"]);
    let text = format!("[project]\nname = 'a'\nversion = '1'\n{}", "# as long as it is\n".repeat(24));
    assert!((480..512).contains(&text.len()));
    folder.write("pyproject.toml", &text);
    limited(1, "init").fails(1, &["pyproject.toml: error: cannot write the manifest: File too large"]);
    assert_eq!(folder.bytes("pyproject.toml"), text.as_bytes());
}

#[test]
fn init_writes_what_is_missing_and_nothing_else() {
    let folder = Folder::new();
    folder.flavor(&["init", "my tool"]).succeeds().says(&["pyproject.toml", "src/my_tool/__init__.py", "flavor pack"]);
    folder.flavor(&["check", "--manifest", "my tool/pyproject.toml", "--strict-manifest"]).succeeds();
    let before = folder.bytes("my tool/pyproject.toml");
    folder.flavor(&["init", "my tool"]).fails(1, &["there is a [tool.flavor] already", "pyproject.toml:"]);
    assert_eq!(folder.bytes("my tool/pyproject.toml"), before);
    folder.write(
        "pyproject.toml",
        "[project]\nname = 'Some-App'\nversion = '1'\n[project.scripts]\nrun-it = 'some.cli:go'\n",
    );
    folder.write("some/cli.py", "def go(): pass\n");
    assert_eq!(folder.flavor(&["init", "--json"]).succeeds().json()["ok"], true);
    let text = fs::read_to_string(folder.path("pyproject.toml")).unwrap();
    assert!(text.ends_with("\n[tool.flavor]\nentry_point = \"run-it\"\n"), "{text}");
    folder.flavor(&["check"]).succeeds();
    folder.flavor(&["init", "x", "--name", "bad-"]).fails(2, &["--name", "not the name"]);
}

#[test]
fn poetry_projects_need_their_backend_named() {
    let text = "[tool.poetry]\nname = 'poem'\nversion = '1'\n[tool.poetry.scripts]\npoem = 'poem:main'\n";
    check(text, &[]).fails(1, &["`[tool.poetry]` comes without `[build-system]`", "poetry-core"]);
}

#[test]
fn what_is_no_pattern_of_variables_is_said() {
    let text = "[project]\nname = 'a'\nversion = '1'\n[tool.flavor]\nentry_point = 'a:b'\n\
        [tool.flavor.execution.runtime.env]\nunset = ['[AB]X', 'A[BC]*', 'D?']\npass = ['{E,F}*']\n";
    let run = check(text, &[]).succeeds();
    assert!(
        run.stderr.contains("\"[AB]X\" is the name of one variable") && run.stderr.contains("\"{E,F}*\""),
        "{run:#?}"
    );
    assert_eq!(run.stderr.matches("is the name of one variable").count(), 2, "{run:#?}");
}

#[test]
fn versions_of_python_that_contradict_each_other_are_found() {
    let head = "[project]\nname = 'a'\nversion = '1'\n[tool.flavor]\nentry_point = 'a:b'\n[tool.flavor.python]\n";
    for (rest, why) in [
        ("min_version = '3.13'\nmax_version = '3.12'\n", "is older than `min_version`"),
        ("min_version = '3.13.2'\nmax_version = '3.13.1'\n", "is older than `min_version`"),
        ("version = '3.11'\nmin_version = '3.12'\n", "is not between"),
        ("version = '3.11.4'\nmax_version = '3.10'\n", "is not between"),
    ] {
        check(&format!("{head}{rest}"), &[]).fails(1, &["python.", why]);
    }
    // Whether this machine has such a Python is another question.
    for rest in ["version = '3.11'\nmin_version = '3.11.4'\n", "min_version = '3.13.2'\nmax_version = '3.13'\n"] {
        let run = check(&format!("{head}{rest}"), &[]);
        assert!(!run.stderr.contains("is older than") && !run.stderr.contains("is not between"), "{run:#?}");
    }
}

/// Each is wrong in one way: both commands refuse it, by the same codes, and neither has built or written anything.
#[test]
fn check_refuses_what_pack_refuses() {
    let toml = |rest: &str| ("pyproject.toml", format!("{HEAD}{rest}\n"));
    let changed = |from: &str, to: &str| ("pyproject.toml", HEAD.replace(from, to));
    let slot = |rest: &str| toml(&format!("[[tool.flavor.slots]]\nsource = 'app.py'\n{rest}"));
    let json = |execution: &str, rest: &str| {
        ("app.json", format!(r#"{{"package": {{"name": "app", "version": "1"}}, "execution": {{{execution}}}{rest}}}"#))
    };
    let slots = |slot: &str| json(r#""command": "x""#, &format!(r#", "slots": [{{"source": "app.py", {slot}}}]"#));
    let table: Vec<((&str, String), &str)> = vec![
        (changed("app:main", "nope:main"), "python.entry_point.module"),
        (changed("app:main", "app.nope:main"), "python.entry_point.module"),
        (changed("app:main", "App:main"), "python.entry_point.module"),
        (changed("app:main", "app main"), "entry_point"),
        (changed("entry_point = 'app:main'\n", BACKEND), "entry_point.missing"),
        (changed("'1.0'", "'1.x.y'"), "project.version"),
        (changed("'1.0'", "'one'"), "project.version"),
        (changed("'1.0'", "''"), "manifest.empty"),
        (changed("version = '1.0'", "version = '1.0'\nrequires-python = '>=4'"), "python.runtime.none"),
        (changed("version = '1.0'", "version = '1.0'\nrequires-python = 'three'"), "project.requires_python"),
        (changed("version = '1.0'", "version = '1.0'\ndependencies = ['a b']"), "project.requirement"),
        (changed("[project]", "[project"), "manifest.toml"),
        (toml("python_version = '2.7'"), "python.version"),
        (toml("python.version = '3.7.17'"), "python.version"),
        (toml("python.max_version = '2.7'"), "python.version"),
        (toml("python_version = '3.x'"), "python.version"),
        (toml("execution.command = 'python -c \"open'"), "execution.command"),
        (toml("execution.command = '  '"), "execution.command"),
        (toml("execution.command = '{slot:7}'"), "slot.place"),
        (toml("execution.args = ['--data={slot:3}']"), "slot.place"),
        (toml("execution.runtime.env.set = {A = '{slot:x}'}"), "slot.place"),
        (toml("execution.working_directory = '{slot:9}'"), "slot.place"),
        (toml("hooks.post_extract = ['{slot:7}/x']"), "slot.place"),
        (toml("hooks.post_extract = [\"open '\"]"), "hooks.post_extract"),
        (slot("id = 'x'\nlifecycle = 'persistant'"), "slot.lifecycle"),
        (slot("id = 'x'\nlifecycle = 'Lazy'"), "slot.lifecycle"),
        (slot("id = 'a b/../c'"), "slot.id"),
        (slot("id = '-x'"), "slot.id"),
        (slot("id = 'ü'"), "slot.id"),
        (slot("id = ''"), "manifest.empty"),
        (slot("id = 'x'\ntarget = 'a/../../b'"), "slot.target"),
        (slot("id = 'x'\ntarget = '.pspf/x'"), "slot.place"),
        (slot("id = 'runtime'"), "slot.id.twice"),
        (toml("security.private_key_path = 'no.pem'"), "file.open"),
        (toml("policy.max_age_days = 1"), "policy.days"),
        (json(r#""command": "run 'open""#, ""), "execution.command"),
        (json(r#""command": "run {slot:7}""#, ""), "slot.place"),
        (json(r#""command": "run", "env": {"A": "{slot:1}"}"#, ""), "slot.place"),
        (
            json(r#""command": "run""#, r#", "setup_commands": [{"type": "execute", "command": "a \"b"}]"#),
            "execution.command",
        ),
        (json(r#""command": "run""#, r#", "setup_commands": [{"type": "execut", "command": "a"}]"#), "setup.type"),
        (json("", ""), "manifest.missing"),
        (slots(r#""id": "x", "lifecycle": "persistant""#), "slot.lifecycle"),
        (slots(r#""id": "a b/../c""#), "slot.id"),
        (slots(r#""id": "x", "target": "../x""#), "slot.target"),
        (slots(r#""id": "x", "operations": "tar""#), "slot.operations"),
    ];
    let mut wrong = Vec::new();
    for ((name, text), code) in table {
        let folder = folder();
        folder.write(name, &text);
        let before = folder.listing();
        let codes = |command: &str| {
            let run = folder.flavor(&[command, "--json", "--manifest", name]);
            assert!(matches!(run.code, Some(1 | 2)), "{command}: {text}\n{run:#?}");
            let document = run.json();
            let codes =
                document["errors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap().to_owned());
            (run.code, codes.collect::<Vec<_>>())
        };
        let (checked, packed) = (codes("check"), codes("pack"));
        if checked != packed || checked.1 != [code] || folder.listing() != before {
            wrong.push(format!("{text}\n  expected {code}, check {checked:?}, pack {packed:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn misspelt_words_are_refused_with_the_nearest() {
    let slot = |rest: &str| format!("{HEAD}[[tool.flavor.slots]]\nsource = 'app.py'\nid = 'x'\n{rest}\n");
    check(&slot("lifecycle = 'persistant'"), &[]).fails(1, &["slots[0].lifecycle`", "did you mean `persistent`?"]);
    check(&slot("lifecycle = 'cahced'"), &[]).fails(1, &["did you mean `cached`?"]);
}

/// What only the build can tell is not refused before it.
#[test]
fn an_entry_point_that_may_come_from_elsewhere_is_not_refused() {
    let nope = HEAD.replace("app:main", "nope:main");
    let with = |more: &str| nope.replace("version = '1.0'", &format!("version = '1.0'\n{more}"));
    let run = check(&with("dependencies = ['click']"), &[]).succeeds();
    assert!(run.stderr.contains("warning") && run.stderr.contains("a dependency must bring it"), "{run:#?}");
    for text in [
        with("dependencies = ['nope>1']"),
        with("dynamic = ['dependencies']"),
        format!("{nope}[tool.setuptools.package-dir]\nnope = 'app'\n"),
        format!("{nope}build.pre_build = ['echo > nope.py']\n"),
        format!("{nope}[tool.flavor.build]\nextra_packages = ['click']\n"),
    ] {
        check(&text, &[]).succeeds();
    }
    let folder = folder();
    folder.write("pyproject.toml", &nope);
    folder.write(
        "setup.py",
        "from setuptools import setup, Extension\nsetup(ext_modules=[Extension('nope', ['x.c'])])\n",
    );
    folder.flavor(&["check"]).succeeds();
}

#[test]
fn values_that_may_be_secret_are_not_shown() {
    let text = format!(
        "{HEAD}[tool.flavor.build]\nenv = {{TOKEN = 'hush'}}\nplatform.linux_amd64.env = {{OTHER = 'hush'}}\n\
         extra_index_urls = ['https://hush@x.org/', 'https://me:hush@y.org/']\nseed = 'hush'\n\
         [tool.flavor.metadata.custom]\nplace = {{url = 'https://u:hush@z.org/p'}}\n"
    );
    for words in [&["--show-config"][..], &["--show-config", "--json"]] {
        let run = check(&text, words).succeeds();
        assert!(!run.stdout.contains("hush") && run.stdout.contains("https://…@y.org/"), "{run:#?}");
        assert!(run.stdout.contains("tool.flavor.build.env.TOKEN"), "{run:#?}");
    }
}
