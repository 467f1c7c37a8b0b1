//! Every key of the signed metadata: what its value becomes, and what it may not be.

use pspf_nostd::{
    json::Json,
    metadata::{
        CacheValidation, Execution, LauncherEntry, Metadata, MetadataError, RuntimeEnv, Seal, SearchPath, SlotEntry,
        Workenv,
    },
};

/// Every key that the metadata may have, each with a value of its own.
const EVERY_KEY: &str = r#"{
  "format": "PSPF/2025",
  "format_version": "1.0.0",
  "package": {"name": "a-name", "version": "1.2.3", "description": "a description"},
  "slots": [
    {
      "slot": 0, "id": "an-id", "source": "a-source", "target": "a/target", "size": 11, "original_size": 12,
      "checksum": "sha256:00", "operations": "tar.gz", "purpose": "code", "lifecycle": "cache", "permissions": "0755",
      "platform": "linux_amd64", "resolution": "build", "self_ref": true
    },
    {"id": "another", "lifecycle": "attestation"}
  ],
  "execution": {
    "command": "{workenv}/run", "args": ["-x", ""], "working_directory": "{workenv}", "timeout": 13, "min_memory": 14,
    "max_memory": "15KB", "max_cpu_seconds": 16, "environment": {"OLD": "1"}, "env": {"NEW": "2", "EMPTY": ""},
    "path": {"first": ["a"], "last": ["b", "c"]}, "stable_prefix": true
  },
  "verification": {
    "integrity_seal": {"required": true, "algorithm": "ed25519"}, "signed": true, "require_verification": true, "trust_signatures": {}
  },
  "build": {"tool": "a-tool", "tool_version": "1", "timestamp": "t", "deterministic": true, "platform": {"os": "linux", "arch": "x", "host": "y"}},
  "launcher": {"tool": "a-launcher", "tool_version": "2", "size": 17, "checksum": "sha256:11", "capabilities": ["mmap"]},
  "compatibility": {"min_format_version": "1.0.0", "features": []},
  "cache_validation": {"check_file": "{workenv}/done", "expected_content": "yes"},
  "setup_commands": [
    "first",
    {"type": "write_file", "command": "", "path": "", "content": "", "mode": "", "enumerate": {"path": "", "pattern": ""}}
  ],
  "runtime": {"env": {"unset": ["A", "B*"], "pass": ["C"], "map": {"D": "E"}, "set": {"F": "G", "H": ""}}},
  "workenv": {"directories": [{"path": "{workenv}/tmp", "mode": "0700"}, {"path": "logs"}], "env": {"TMPDIR": "{workenv}/tmp"}, "umask": "0027"},
  "policy": {"platforms": [], "refuse_root": true, "max_age_days": 1, "require_env": []},
  "seal": {"version": 1, "signer": "ab"}
}"#;

fn parse(json: &Json) -> Result<Metadata, MetadataError> {
    Metadata::parse(json.to_pretty())
}

fn document() -> Json {
    Json::parse(EVERY_KEY.as_bytes()).unwrap()
}

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

fn pairs(items: &[(&str, &str)]) -> Vec<(String, String)> {
    items.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The value at a path like `slots[0].size`.
fn at<'a>(json: &'a mut Json, path: &str) -> &'a mut Json {
    path.split(['.', '[']).filter(|step| !step.is_empty()).fold(json, |json, step| match json {
        Json::Array(items) => &mut items[step.trim_end_matches(']').parse::<usize>().unwrap()],
        Json::Object(entries) => {
            &mut entries.iter_mut().find(|(key, _)| key == step).unwrap_or_else(|| panic!("no `{step}` in {path}")).1
        }
        _ => panic!("nothing at {path}"),
    })
}

#[test]
fn every_key_is_read() {
    let metadata = Metadata::parse(EVERY_KEY.as_bytes().to_vec()).unwrap();
    assert_eq!(metadata.raw(), EVERY_KEY.as_bytes());
    assert_eq!(metadata.document(), &document());
    assert_eq!((metadata.name.as_str(), metadata.version.as_str()), ("a-name", "1.2.3"));
    assert_eq!(metadata.build_tool, "a-tool");
    let slot = SlotEntry {
        slot: Some(0),
        id: "an-id".to_owned(),
        target: "a/target".to_owned(),
        size: Some(11),
        original_size: Some(12),
        checksum: "sha256:00".to_owned(),
        operations: "tar.gz".to_owned(),
        purpose: "code".to_owned(),
        lifecycle: "cache".to_owned(),
        permissions: Some("0755".to_owned()),
        platform: Some("linux_amd64".to_owned()),
        self_ref: true,
    };
    let other = SlotEntry { id: "another".to_owned(), lifecycle: "attestation".to_owned(), ..SlotEntry::default() };
    assert_eq!(metadata.slots, [slot, other]);
    assert_eq!(metadata.attestation_slot(), Some(1));
    let execution = Execution {
        command: "{workenv}/run".to_owned(),
        args: texts(&["-x", ""]),
        working_directory: Some("{workenv}".to_owned()),
        timeout: Some(13),
        min_memory: Some(14),
        max_memory: Some(15 << 10),
        max_cpu_seconds: Some(16),
        env: pairs(&[("OLD", "1"), ("NEW", "2"), ("EMPTY", "")]),
        path: Some(SearchPath { first: texts(&["a"]), last: texts(&["b", "c"]) }),
        stable_prefix: true,
    };
    assert_eq!(metadata.execution, Some(execution));
    let launcher = LauncherEntry { size: Some(17), checksum: "sha256:11".to_owned(), tool: "a-launcher".to_owned() };
    assert_eq!(metadata.launcher, Some(launcher));
    let validation = CacheValidation { check_file: "{workenv}/done".to_owned(), expected_content: "yes".to_owned() };
    assert_eq!(metadata.cache_validation, Some(validation));
    assert_eq!(metadata.setup_commands, at(&mut document(), "setup_commands").items());
    let runtime_env = RuntimeEnv {
        unset: texts(&["A", "B*"]),
        pass: texts(&["C"]),
        map: pairs(&[("D", "E")]),
        set: pairs(&[("F", "G"), ("H", "")]),
    };
    assert_eq!(metadata.runtime_env, runtime_env);
    let workenv = Workenv {
        directories: vec![("{workenv}/tmp".to_owned(), Some("0700".to_owned())), ("logs".to_owned(), None)],
        env: pairs(&[("TMPDIR", "{workenv}/tmp")]),
        umask: Some("0027".to_owned()),
    };
    assert_eq!(metadata.workenv, workenv);
    assert_eq!(metadata.policy(), Some(&*at(&mut document(), "policy")));
    assert_eq!(metadata.seal, Some(Seal { version: 1, signer: "ab".to_owned() }));
}

#[test]
fn the_least_that_a_builder_may_write_leaves_everything_else_empty() {
    for text in [
        r#"{"format":"PSPF/2025","future":[1]}"#,
        r#"{"format":"PSPF/2025","slots":[],"policy":{},"cache_validation":{}}"#,
    ] {
        let metadata = Metadata::parse(text.as_bytes().to_vec()).unwrap();
        assert_eq!([metadata.name.as_str(), &metadata.version, &metadata.build_tool], ["", "", ""]);
        assert!(metadata.slots.is_empty() && metadata.setup_commands.is_empty());
        assert_eq!(
            (metadata.execution.as_ref(), metadata.launcher.as_ref(), metadata.seal.as_ref()),
            (None, None, None)
        );
        assert_eq!((&metadata.runtime_env, &metadata.workenv), (&RuntimeEnv::default(), &Workenv::default()));
        assert_eq!(
            (metadata.cache_validation.as_ref(), metadata.policy(), metadata.attestation_slot()),
            (None, None, None)
        );
    }
}

const TEXT: &str = "a string";
const NUMBER: &str = "a non-negative integer";
const BYTES: &str = "a number of bytes, like 1048576 or \"512MB\"";
const FLAG: &str = "true or false";
const OBJECT: &str = "an object";
const ARRAY: &str = "an array";

/// Every value that has a type, with what is expected there and whether `null` may stand for nothing.
const TYPES: &[(&str, &str, bool)] = &[
    ("package", OBJECT, true),
    ("package.name", TEXT, true),
    ("package.version", TEXT, true),
    ("slots", ARRAY, true),
    ("slots[0]", OBJECT, false),
    ("slots[0].slot", NUMBER, true),
    ("slots[0].id", TEXT, true),
    ("slots[0].target", TEXT, true),
    ("slots[0].size", NUMBER, true),
    ("slots[0].original_size", NUMBER, true),
    ("slots[0].checksum", TEXT, true),
    ("slots[0].operations", TEXT, true),
    ("slots[0].purpose", TEXT, true),
    ("slots[0].lifecycle", TEXT, true),
    ("slots[0].permissions", TEXT, true),
    ("slots[0].platform", TEXT, true),
    ("slots[0].self_ref", FLAG, true),
    ("execution", OBJECT, true),
    ("execution.command", TEXT, true),
    ("execution.args", ARRAY, true),
    ("execution.args[1]", TEXT, false),
    ("execution.working_directory", TEXT, true),
    ("execution.timeout", NUMBER, true),
    ("execution.min_memory", BYTES, true),
    ("execution.max_memory", BYTES, true),
    ("execution.max_cpu_seconds", NUMBER, true),
    ("execution.environment", OBJECT, true),
    ("execution.environment.OLD", TEXT, false),
    ("execution.env", OBJECT, true),
    ("execution.env.NEW", TEXT, false),
    ("execution.path", OBJECT, true),
    ("execution.path.first", ARRAY, true),
    ("execution.path.first[0]", TEXT, false),
    ("execution.path.last", ARRAY, true),
    ("execution.stable_prefix", FLAG, true),
    ("build", OBJECT, true),
    ("build.tool", TEXT, true),
    ("launcher", OBJECT, true),
    ("launcher.size", NUMBER, true),
    ("launcher.checksum", TEXT, true),
    ("launcher.tool", TEXT, true),
    ("cache_validation", OBJECT, true),
    ("cache_validation.check_file", TEXT, true),
    ("cache_validation.expected_content", TEXT, true),
    ("setup_commands", ARRAY, true),
    ("runtime", OBJECT, true),
    ("runtime.env", OBJECT, true),
    ("runtime.env.unset", ARRAY, true),
    ("runtime.env.unset[0]", TEXT, false),
    ("runtime.env.pass", ARRAY, true),
    ("runtime.env.pass[0]", TEXT, false),
    ("runtime.env.map", OBJECT, true),
    ("runtime.env.map.D", TEXT, false),
    ("runtime.env.set", OBJECT, true),
    ("runtime.env.set.F", TEXT, false),
    ("workenv", OBJECT, true),
    ("workenv.directories", ARRAY, true),
    ("workenv.directories[1]", OBJECT, true),
    ("workenv.directories[1].path", TEXT, true),
    ("workenv.directories[0].mode", TEXT, true),
    ("workenv.umask", TEXT, true),
    ("workenv.env", OBJECT, true),
    ("workenv.env.TMPDIR", TEXT, false),
    ("seal", OBJECT, false),
    ("seal.version", NUMBER, false),
    ("seal.signer", TEXT, true),
];

#[test]
fn a_value_of_another_type_is_refused_with_its_path() {
    let values: [(&str, &str, &[&str]); 8] = [
        ("true", "a boolean", &[FLAG]),
        ("12", "12", &[NUMBER, BYTES]),
        ("-12", "-12", &[]),
        ("1.5", "1.5", &[]),
        ("18446744073709551616", "18446744073709551616", &[]),
        (r#""t\"ext""#, r#""t\"ext""#, &[TEXT]),
        ("[]", "an array", &[ARRAY]),
        ("{}", "an object", &[OBJECT]),
    ];
    for (path, expected, _) in TYPES {
        for (value, found, accepted_by) in values {
            let mut json = document();
            *at(&mut json, path) = Json::parse(value.as_bytes()).unwrap();
            let read = parse(&json);
            // An empty object in place of the seal lacks its version.
            if accepted_by.contains(expected) && *path != "seal" {
                assert!(read.is_ok(), "{path} = {value}: {}", read.unwrap_err());
                continue;
            }
            let (path, expected, found) = match (*path, value) {
                ("seal", "{}") => ("seal.version", "an integer", "nothing"),
                (path, _) => (path, *expected, found),
            };
            let error = MetadataError::Value { path: path.to_owned(), expected, found: found.to_owned() };
            assert_eq!(read.unwrap_err(), error, "{path} = {value}");
        }
    }
}

#[test]
fn null_stands_for_an_absent_value_where_there_may_be_none() {
    for (path, expected, optional) in TYPES {
        let mut json = document();
        *at(&mut json, path) = Json::Null;
        match parse(&json) {
            Ok(_) => assert!(optional, "{path} may not be null"),
            Err(MetadataError::Value { path: refused, found, .. }) => {
                assert!(!optional, "{path} ({expected}) may be null");
                let place = if *path == "seal" { "seal.version" } else { path };
                assert!(refused == place && (found == "null" || found == "nothing"), "{path}: {refused}, {found}");
            }
            Err(error) => panic!("{path}: {error}"),
        }
    }
}

#[test]
fn the_format_is_exactly_the_one() {
    for (format, found) in [
        (r#""PSPF/2026""#, r#""PSPF/2026""#),
        (r#""pspf/2025""#, r#""pspf/2025""#),
        ("null", "null"),
        (r#""""#, r#""""#),
    ] {
        let error = Metadata::parse(format!(r#"{{"format":{format}}}"#).into_bytes()).unwrap_err();
        assert_eq!(error.to_string(), format!("metadata `format`: expected the string \"PSPF/2025\", found {found}"));
    }
    let error = Metadata::parse(b"{}".to_vec()).unwrap_err();
    assert_eq!(error.to_string(), "metadata `format`: expected the string \"PSPF/2025\", found nothing");
    for (text, found) in [("[]", "an array"), ("null", "null"), ("7", "7")] {
        assert!(Metadata::parse(text.as_bytes().to_vec()).is_err(), "{found}");
    }
    let error = Metadata::parse(b"{\"format\":\"PSPF/2025\",}".to_vec()).unwrap_err().to_string();
    assert!(error.starts_with("metadata is not strict JSON: line 1, column "), "{error}");
}

#[test]
fn the_first_of_several_faults_is_reported() {
    let text = r#"{"format":"PSPF/2025","slots":[{},{"size":"x","slot":"y"},{"slot":"z"}]}"#;
    let error = Metadata::parse(text.as_bytes().to_vec()).unwrap_err();
    assert_eq!(error.to_string(), "metadata `slots[1].slot`: expected a non-negative integer, found \"y\"");
}

/// Every object of [`EVERY_KEY`] whose keys are fixed, with its path.
fn objects(json: &Json, path: &str, found: &mut Vec<String>) {
    const FREE: [&str; 5] =
        ["execution.environment", "execution.env", "runtime.env.map", "runtime.env.set", "workenv.env"];
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    if !json.entries().is_empty() && !FREE.contains(&path) {
        found.push(path.to_owned());
    }
    for (key, value) in json.entries() {
        objects(value, &join(key), found);
    }
    for (number, value) in json.items().iter().enumerate() {
        objects(value, &format!("{path}[{number}]"), found);
    }
}

#[test]
fn every_known_key_is_refused_in_another_case() {
    let mut paths = Vec::new();
    objects(&document(), "", &mut paths);
    assert_eq!(paths.len(), 22, "{paths:?}");
    let mut keys = 0;
    for path in paths {
        for (number, (key, _)) in at(&mut document(), &path).entries().to_vec().into_iter().enumerate() {
            for twin in [key.to_ascii_uppercase(), key[..1].to_ascii_uppercase() + &key[1..]] {
                let mut json = document();
                let Json::Object(entries) = at(&mut json, &path) else { panic!("{path}") };
                entries.insert(number, (twin.clone(), Json::Null));
                match parse(&json) {
                    Err(MetadataError::KeyCase { path: refused, found, known }) => {
                        assert_eq!((refused, found.as_str(), known), (path.clone(), twin.as_str(), key.as_str()));
                    }
                    other => panic!("{path}: `{twin}` beside `{key}`: {other:?}"),
                }
            }
            keys += 1;
        }
    }
    assert_eq!(keys, 95);
    let error = Metadata::parse(br#"{"format":"PSPF/2025","build":{"TOOL":"x"}}"#.to_vec()).unwrap_err();
    let message = "metadata `build`: key `TOOL` differs from `tool` by case only, and readers disagree";
    assert_eq!(error.to_string(), message);
}

#[test]
fn names_of_variables_may_differ_by_case() {
    for place in ["execution.environment", "execution.env", "runtime.env.map", "runtime.env.set", "workenv.env"] {
        let mut json = document();
        let Json::Object(entries) = at(&mut json, place) else { panic!("{place}") };
        entries.extend([("http_proxy".to_owned(), "1".into()), ("HTTP_PROXY".to_owned(), "2".into())]);
        assert!(parse(&json).is_ok(), "{place}");
    }
}

#[test]
fn the_go_spelling_of_env_is_read_and_env_wins() {
    let text =
        r#"{"format":"PSPF/2025","execution":{"environment":{"A":"1","B":"2","C":"3"},"env":{"C":"4","A":"5"}}}"#;
    let execution = Metadata::parse(text.as_bytes().to_vec()).unwrap().execution.unwrap();
    assert_eq!(execution.env, pairs(&[("B", "2"), ("C", "4"), ("A", "5")]));
}

#[test]
fn memory_is_a_number_or_a_text_with_a_unit_that_is_a_power_of_1024() {
    let read = |key: &str, value: &str| {
        let mut json = document();
        *at(&mut json, &format!("execution.{key}")) = Json::parse(value.as_bytes()).unwrap();
        let execution = parse(&json)?.execution.unwrap();
        Ok(if key == "min_memory" { execution.min_memory } else { execution.max_memory })
    };
    for (value, expected) in [
        ("0", 0),
        ("1000", 1000),
        (r#""1000""#, 1000),
        (r#""1000B""#, 1000),
        (r#""3K""#, 3 << 10),
        (r#""3KB""#, 3 << 10),
        (r#""3 KiB""#, 3 << 10),
        (r#""3M""#, 3 << 20),
        (r#""3MB""#, 3 << 20),
        (r#""3  MiB""#, 3 << 20),
        (r#""3G""#, 3 << 30),
        (r#""3GB""#, 3 << 30),
        (r#""3GiB""#, 3 << 30),
        (r#""3T""#, 3 << 40),
        (r#""3TB""#, 3 << 40),
        (r#""3TiB""#, 3 << 40),
        (r#""16777215T""#, 16_777_215 << 40),
    ] {
        for key in ["min_memory", "max_memory"] {
            assert_eq!(read(key, value), Ok(Some(expected)), "{key} = {value}");
        }
    }
    for value in
        [r#""MB""#, r#""""#, r#""1mb""#, r#""1 P""#, r#""1.5GB""#, r#""-1""#, r#"" 1""#, r#""1KB ""#, r#""16777216T""#]
    {
        for key in ["min_memory", "max_memory"] {
            let Err(MetadataError::Value { path, expected, found }) = read(key, value) else { panic!("{value}") };
            assert_eq!((path, expected, found), (format!("execution.{key}"), BYTES, value.to_owned()));
        }
    }
}

/// Go takes `ſ` for `s` and the Kelvin sign for `k`, in every object that it reads into a struct.
#[test]
fn a_key_is_printable_ascii_wherever_readers_look_for_known_ones() {
    let mut paths = Vec::new();
    objects(&document(), "", &mut paths);
    let mut keys = 0;
    for path in paths {
        for (number, (key, _)) in at(&mut document(), &path).entries().to_vec().into_iter().enumerate() {
            let folded =
                [('s', "\u{17f}"), ('k', "\u{212a}"), ('S', "\u{17f}")].map(|(from, to)| key.replace(from, to));
            for other in folded.into_iter().filter(|other| *other != key).chain(["é".into(), format!("{key}\0")]) {
                let mut json = document();
                let Json::Object(entries) = at(&mut json, &path) else { panic!("{path}") };
                entries.insert(number, (other.clone(), Json::Null));
                let Err(MetadataError::Key(found)) = parse(&json) else { panic!("{path}: {other:?} is taken") };
                assert_eq!((found.path.as_str(), found.key, found.twin), (path.as_str(), other, None));
                keys += 1;
            }
        }
    }
    assert!(keys > 200, "{keys}");
    let text = r#"{"format":"PSPF/2025","package":{"Tag":1,"x":2,"tag":3}}"#;
    let error = Metadata::parse(text.as_bytes().to_vec()).unwrap_err().to_string();
    assert_eq!(
        error,
        "metadata `package`: keys `Tag` and `tag` differ by case only, and readers disagree on which of them counts"
    );
}

#[test]
fn names_of_variables_may_be_of_any_letters() {
    for place in ["execution.environment", "execution.env", "runtime.env.map", "runtime.env.set", "workenv.env"] {
        let mut json = document();
        let Json::Object(entries) = at(&mut json, place) else { panic!("{place}") };
        entries.extend([("\u{17f}etup_commands".to_owned(), "1".into()), ("\u{1}".to_owned(), "2".into())]);
        assert!(parse(&json).is_ok(), "{place}");
    }
    // Values may, too.
    let text = r#"{"format":"PSPF/2025","package":{"name":"ſ"},"execution":{"command":"K"}}"#;
    assert!(Metadata::parse(text.as_bytes().to_vec()).is_ok());
}
