//! Locks bind: what they pin is packed, and nothing else; one that cannot be honoured stops packing by name.

use super::{
    index::{BACKEND, Index, digest, own, pack_own, says_and_digest, wheels},
    process::{Folder, Run},
};
use serde_json::Value;
use std::{fs, process::Command};

const OLD: &str = "zzprivpkg-1.0-py3-none-any.whl";
const NEW: &str = "zzprivpkg-2.0-py3-none-any.whl";

/// A project, and an index that has two versions of what it needs and one of something else.
fn project() -> (Folder, Index) {
    let folder = Folder::new();
    fs::create_dir(folder.path("served")).unwrap();
    wheels(&folder, &["index/zzprivpkg", OLD, "old", "index/zzprivpkg", NEW, "new"]);
    wheels(&folder, &["index/zzother", "zzother-1.0-py3-none-any.whl", "other"]);
    let index = Index::start(&folder);
    own(&folder, &format!("index_url = '{}'", index.url("index")));
    (folder, index)
}

fn old(folder: &Folder) -> String {
    digest(folder, &format!("served/index/zzprivpkg/{OLD}"))
}

/// A lock of each kind with the old version.
fn locks(folder: &Folder, index: &Index) -> Vec<(&'static str, String)> {
    let (old, url) = (old(folder), index.url("index"));
    let hash = format!("sha256:{old}");
    vec![
        (
            "poetry.lock",
            format!(
                "[[package]]\nname = \"zzprivpkg\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\n\
                 groups = [\"main\"]\nfiles = [\n    {{file = \"{OLD}\", hash = \"{hash}\"}},\n]\n\n\
                 [[package]]\nname = \"zzother\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\n\
                 groups = [\"dev\"]\nmarkers = \"extra == \\\"x\\\"\"\nfiles = [\n    {{file = \"o\", hash = \"{hash}\"}},\n]\n\n\
                 [metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"0\"\n"
            ),
        ),
        (
            "pdm.lock",
            format!(
                "[metadata]\ngroups = [\"default\"]\nstrategy = [\"inherit_metadata\"]\nlock_version = \"4.5.0\"\ncontent_hash = \"sha256:0\"\n\n\
                 [[metadata.targets]]\nrequires_python = \">=3.8\"\n\n[[package]]\nname = \"zzprivpkg\"\nversion = \"1.0\"\ngroups = [\"default\"]\n\
                 files = [\n    {{file = \"{OLD}\", hash = \"{hash}\"}},\n]\n"
            ),
        ),
        (
            "Pipfile.lock",
            format!(
                "{{\"_meta\": {{\"hash\": {{\"sha256\": \"0\"}}, \"pipfile-spec\": 6, \"requires\": {{}}, \"sources\": []}},\n\
                 \"default\": {{\"zzprivpkg\": {{\"hashes\": [\"{hash}\"], \"markers\": \"python_version >= '3.8'\", \"version\": \"==1.0\"}}}},\n\
                 \"develop\": {{}}}}\n"
            ),
        ),
        (
            "pylock.toml",
            format!(
                "lock-version = \"1.0\"\ncreated-by = \"test\"\n\n[[packages]]\nname = \"own\"\ndirectory = {{ path = \".\", editable = true }}\n\n\
                 [[packages]]\nname = \"zzprivpkg\"\nversion = \"1.0\"\nwheels = [{{ url = \"{url}zzprivpkg/{OLD}\", hashes = {{ sha256 = \"{old}\" }} }}]\n"
            ),
        ),
        ("requirements.txt", format!("zzprivpkg==1.0 \\\n    --hash={hash}\n")),
        (
            "uv.lock",
            format!(
                "version = 1\nrevision = 3\nrequires-python = \">=3.8\"\n\n[[package]]\nname = \"own\"\nversion = \"1\"\nsource = {{ editable = \".\" }}\n\
                 dependencies = [\n    {{ name = \"zzprivpkg\" }},\n]\n\n[package.metadata]\nrequires-dist = [{{ name = \"zzprivpkg\" }}]\n\n\
                 [[package]]\nname = \"zzprivpkg\"\nversion = \"1.0\"\nsource = {{ registry = \"{url}\" }}\n\
                 wheels = [\n    {{ url = \"{url}zzprivpkg/{OLD}\", hash = \"{hash}\" }},\n]\n"
            ),
        ),
    ]
}

fn settings(name: &str, index: &Index) -> String {
    let url = format!("index_url = '{}'", index.url("index"));
    if name == "requirements.txt" { format!("{url}\nrequirements_file = 'requirements.txt'") } else { url }
}

fn lock_of(folder: &Folder) -> Value {
    let provenance = folder.flavor(&["inspect", "--provenance", "own.psp"]).succeeds().json();
    provenance["predicate"]["buildDefinition"].clone()
}

#[test]
fn what_a_lock_pins_is_what_is_packed() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let (folder, index) = project();
    for (name, text) in locks(&folder, &index) {
        own(&folder, &settings(name, &index));
        let path = folder.write(&format!("own/{name}"), &text);
        pack_own(&folder).succeeds();
        assert_eq!(says_and_digest(&folder), ("old\n".to_owned(), old(&folder)), "{name}");
        let build = lock_of(&folder);
        assert_eq!(build["externalParameters"]["lock"], name);
        let inputs = build["resolvedDependencies"].as_array().unwrap();
        let input = inputs.iter().find(|input| input["name"] == name).unwrap();
        assert_eq!(input["digest"]["sha256"], digest(&folder, &format!("own/{name}")));
        // Another archive under the same name is not taken.
        let other = digest(&folder, &format!("served/index/zzprivpkg/{NEW}"));
        fs::write(&path, text.replace(&old(&folder), &other)).unwrap();
        pack_own(&folder).fails(1, &["an archive is not the one whose hash was stated", "zzprivpkg"]);
        fs::remove_file(&path).unwrap();
    }
    own(&folder, &settings("", &index));
    pack_own(&folder).succeeds();
    assert_eq!(says_and_digest(&folder).0, "new\n");
    assert_eq!(lock_of(&folder)["externalParameters"]["lock"], Value::Null);
}

#[test]
fn a_lock_that_does_not_fit_stops_packing_until_it_is_passed_over() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let (folder, index) = project();
    for (name, text) in locks(&folder, &index) {
        own(&folder, &settings(name, &index));
        folder.write(&format!("own/{name}"), &text);
        // The project needs what is not in the lock.
        let manifest = fs::read_to_string(folder.path("own/pyproject.toml")).unwrap();
        folder.write("own/pyproject.toml", manifest.replace("['zzprivpkg']", "['zzprivpkg', 'zznew']"));
        folder.write(
            "own/backend.py",
            BACKEND.replace("Requires-Dist: zzprivpkg\\n", "Requires-Dist: zzprivpkg\\nRequires-Dist: zznew\\n"),
        );
        wheels(&folder, &["index/zznew", "zznew-1.0-py3-none-any.whl", "new"]);
        let update = match name {
            "requirements.txt" => "uv pip compile",
            "Pipfile.lock" => "pipenv lock",
            "pylock.toml" => "uv export",
            _ => &*format!("{} lock", name.trim_end_matches(".lock")),
        };
        pack_own(&folder).fails(1, &[&format!("{name} is out of date"), update, "--no-lock"]);
        // Two stand for all: one that is installed from, one that constrains.
        if !["pylock.toml", "poetry.lock"].contains(&name) {
            fs::remove_file(folder.path(&format!("own/{name}"))).unwrap();
            continue;
        }
        // It needs another version than the lock has.
        folder.write("own/pyproject.toml", manifest.replace("['zzprivpkg']", "['zzprivpkg>=2']"));
        folder
            .write("own/backend.py", BACKEND.replace("Requires-Dist: zzprivpkg\\n", "Requires-Dist: zzprivpkg>=2\\n"));
        pack_own(&folder).fails(1, &[&format!("{name} is out of date"), "zzprivpkg", "--no-lock"]);
        let mut command = folder.command();
        command.args(["pack", "--manifest", "own/pyproject.toml", "--output", "own.psp", "--json", "--no-lock"]);
        let summary = Run::of(command.env("UV_NO_CACHE", "1")).succeeds().json();
        assert_eq!(summary["lock"], false, "{summary}");
        assert!(summary["notices"].to_string().contains(&format!("{name} was passed over")), "{summary}");
        assert_eq!(says_and_digest(&folder).0, "new\n", "{name}");
        assert_eq!(lock_of(&folder)["externalParameters"]["lock"], false);
        fs::remove_file(folder.path(&format!("own/{name}"))).unwrap();
    }
}

#[test]
fn a_lock_that_cannot_be_read_is_found_before_anything_is_built() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let (folder, index) = project();
    let check = || folder.flavor(&["check", "--manifest", "own/pyproject.toml"]);
    for (name, text) in
        locks(&folder, &index).into_iter().filter(|(name, _)| !["uv.lock", "requirements.txt"].contains(name))
    {
        let path = folder.write(&format!("own/{name}"), &text);
        check().succeeds();
        let version = ["lock-version = \"2.1", "lock_version = \"4.5", "pipfile-spec\": 6", "lock-version = \"1.0"];
        let newer = version.iter().fold(text.clone(), |text, known| {
            text.replace(known, &format!("{}9", known.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')))
        });
        for (damaged, words) in [
            (newer, &["version", "format"][..]),
            (text.replace(&old(&folder), ""), &[]),
            (text.replace("zzprivpkg", "zz\\nprivpkg"), &[]),
            ("{[".to_owned(), &["cannot be read"]),
        ] {
            fs::write(&path, damaged).unwrap();
            check().fails(1, &[name]).fails(1, words);
        }
        fs::remove_file(&path).unwrap();
    }
    // pip reads none of the others.
    folder.write("own/poetry.lock", &locks(&folder, &index)[0].1);
    own(&folder, "use_pip = true");
    check().fails(1, &["pip does not read poetry.lock", "--no-lock"]);
    // The first of several binds, and the others are named.
    own(&folder, "");
    folder.write("own/pdm.lock", &locks(&folder, &index)[1].1);
    let run = check().succeeds();
    assert!(run.stderr.contains("pdm.lock") && run.stderr.contains("poetry.lock outweighs it"), "{run:#?}");
    let mut wanted = folder.command();
    wanted.args(["check", "--manifest", "own/pyproject.toml", "--no-lock"]).env("UV_REQUIRE_HASHES", "1");
    Run::of(&mut wanted).fails(1, &["UV_REQUIRE_HASHES", "uv lock"]);
}

#[test]
fn a_member_takes_sources_settings_and_lock_from_its_workspace() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let (folder, index) = project();
    fs::create_dir_all(folder.path("space/packages")).unwrap();
    fs::rename(folder.path("own"), folder.path("space/packages/own")).unwrap();
    // The index has one of this name, too, and the member itself does not say that it is not meant.
    folder.write(
        "space/pyproject.toml",
        format!(
            "[tool.uv.workspace]\nmembers = ['packages/*']\n[tool.uv.sources]\nzzprivpkg = {{ workspace = true }}\n\
             [[tool.uv.index]]\nurl = '{}'\ndefault = true\n",
            index.url("index")
        ),
    );
    folder.write(
        "space/packages/library/pyproject.toml",
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n[project]\nname = 'zzprivpkg'\nversion = '7'\ndependencies = ['zzother']\n\
         requires-python = '>=3.8'\n",
    );
    folder.write("space/packages/library/own.py", "WORD = 'of the workspace'\n");
    let backend = BACKEND
        .replace("'own.py': open", "'zzprivpkg.py': open")
        .replace("own-1", "zzprivpkg-7")
        .replace("Name: own\\nVersion: 1", "Name: zzprivpkg\\nVersion: 7");
    folder.write(
        "space/packages/library/backend.py",
        backend.replace("Requires-Dist: zzprivpkg", "Requires-Dist: zzother"),
    );
    let manifest = "space/packages/own/pyproject.toml";
    let text = fs::read_to_string(folder.path(manifest)).unwrap();
    folder.write(manifest, text.lines().filter(|line| !line.starts_with("index_url")).collect::<Vec<_>>().join("\n"));
    let pack = || {
        let mut command = folder.command();
        command.args(["pack", "--manifest", manifest, "--output", "own.psp", "--quiet"]).env_remove("UV_DEFAULT_INDEX");
        Run::of(command.env("UV_NO_CACHE", "1"))
    };
    pack().succeeds();
    assert_eq!(Run::of(&mut folder.package("own.psp", &[])).succeeds().stdout, "of the workspace\n");
    let uv = pspf_test_support::uv().expect("uv was looked for above");
    let mut lock = Command::new(uv);
    lock.args(["lock", "--quiet"]).current_dir(folder.path("space")).env("UV_NO_CACHE", "1");
    Run::of(&mut lock).succeeds();
    wheels(&folder, &["index/zzother", "zzother-2.0-py3-none-any.whl", "newer"]);
    pack().succeeds();
    let bom = folder.flavor(&["inspect", "--sbom", "own.psp"]).succeeds().json();
    let other = bom["components"].as_array().unwrap().iter().find(|component| component["name"] == "zzother").unwrap();
    assert_eq!(
        (&other["version"], &lock_of(&folder)["externalParameters"]["lock"]),
        (&"1.0".into(), &"uv.lock".into())
    );
}
