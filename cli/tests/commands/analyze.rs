//! `flavor inspect --analyze` and `flavor pack --report`.

use super::{deep::python_package, process::Folder};
use serde_json::{Value, json};
use std::{fs, path::Path};

fn analysis(folder: &Folder, package: &str) -> Value {
    folder.flavor(&["inspect", package, "--analyze", "--json"]).succeeds().json()
}

fn sum(rows: &Value) -> u64 {
    rows.as_array().unwrap().iter().map(|row| row["size"].as_u64().unwrap()).sum()
}

fn size(rows: &Value, kind: &str, name: &str) -> u64 {
    let named = |row: &&Value| row["kind"] == kind && row["name"] == name;
    let row = rows.as_array().unwrap().iter().find(named);
    row.unwrap_or_else(|| panic!("no {kind} {name:?} in {rows:#}"))["size"].as_u64().unwrap()
}

fn tree_size(path: &Path) -> u64 {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { tree_size(&path) } else { fs::symlink_metadata(&path).unwrap().len() }).sum()
}

#[test]
fn the_parts_of_a_package_add_up() {
    let folder = Folder::new().with_package();
    let found = analysis(&folder, "app.psp");
    let bytes = u64::try_from(folder.bytes("app.psp").len()).unwrap();
    assert_eq!((found["size"].as_u64(), sum(&found["parts"])), (Some(bytes), bytes));
    assert_eq!(found["unpacked"].as_u64(), Some(sum(&found["contents"])));
    let mut unpacked = 0;
    for slot in ["script", "tree", "_attestation"] {
        folder.flavor(&["extract", "app.psp", slot, slot]).succeeds();
        unpacked += u64::try_from(folder.bytes(slot).len()).unwrap();
    }
    assert_eq!(found["unpacked"].as_u64(), Some(unpacked));
    let contents = &found["contents"];
    assert_eq!((size(contents, "other", "sub"), size(contents, "other", "data.txt")), (100_000, 10));
    assert_eq!(size(contents, "slot", "script"), fs::metadata(folder.path("app/run.sh")).unwrap().len());
    let sizes: Vec<_> = contents.as_array().unwrap().iter().map(|row| row["size"].as_u64().unwrap()).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
    let text = folder.flavor(&["inspect", "app.psp", "--analyze"]).succeeds();
    text.says(&["app.psp\n", "launcher", "slot 1 (tree)", "sum", "100.0 %", "headers and padding of archives"]);

    let mut damaged = folder.bytes("app.psp");
    damaged[100] ^= 1;
    folder.write("damaged.psp", damaged);
    folder.flavor(&["inspect", "damaged.psp", "--analyze"]).fails(1, &["launcher", "it is not used"]);
}

#[test]
fn files_of_a_python_package_count_for_whom_they_belong_to() {
    let folder = Folder::new();
    python_package(&folder);
    let found = analysis(&folder, "deep.psp");
    let bytes = u64::try_from(folder.bytes("deep.psp").len()).unwrap();
    assert_eq!((sum(&found["parts"]), sum(&found["contents"])), (bytes, found["unpacked"].as_u64().unwrap()));
    for slot in ["runtime", "app"] {
        folder.flavor(&["extract", "deep.psp", slot, "--unpack", slot]).succeeds();
    }
    let lib = fs::read_dir(folder.path("app/lib")).unwrap().next().unwrap().unwrap().path();
    // Debian's Python has another name for it.
    let site =
        ["site-packages", "dist-packages"].map(|name| lib.join(name)).into_iter().find(|path| path.is_dir()).unwrap();
    let contents = &found["contents"];
    let click = tree_size(&site.join("click")) + tree_size(&site.join("click-8.1.7.dist-info"));
    assert_eq!(size(contents, "distribution", "click 8.1.7"), click);
    // Its copies of other distributions are its own bytes.
    let parts = ["setuptools", "setuptools-75.6.0.dist-info", "_distutils_hack", "pkg_resources"];
    let setuptools: u64 =
        parts.iter().map(|part| site.join(part)).filter(|path| path.exists()).map(|path| tree_size(&path)).sum();
    let more = fs::metadata(site.join("distutils-precedence.pth")).map_or(0, |facts| facts.len());
    assert_eq!(size(contents, "distribution", "setuptools 75.6.0"), setuptools + more);
    let mut library = tree_size(&folder.path("runtime/lib").join(lib.file_name().unwrap()));
    // Its rarely imported parts are slots of their own.
    for slot in ["python-tk", "python-rare"] {
        if folder.flavor(&["extract", "deep.psp", slot, "--unpack", slot]).code == Some(0) {
            library += tree_size(&folder.path(slot).join("lib").join(lib.file_name().unwrap()));
        }
    }
    assert_eq!(size(contents, "standard_library", "Python standard library"), library);
}

#[test]
fn packing_reports_the_same_as_inspecting() {
    let folder = Folder::new().with_app();
    let pack = ["pack", "--manifest", "app/app.json", "--output", "app.psp", "--key-seed", "t"];
    let run = folder.flavor(&[&pack[..], &["--report", "report.json"]].concat()).succeeds();
    let mut inspected = analysis(&folder, "app.psp");
    for own in ["ok", "file"] {
        inspected.as_object_mut().unwrap().remove(own).unwrap();
    }
    let written: Value = serde_json::from_slice(&folder.bytes("report.json")).unwrap();
    assert_eq!(written, inspected);
    let table = folder.flavor(&["inspect", "app.psp", "--analyze"]).succeeds().stdout;
    let table = table.strip_prefix("app.psp\n").unwrap();
    assert!(run.stdout.ends_with(table), "{run:#?}");
    let document = folder.flavor(&[&pack[..], &["--json", "--report"]].concat()).succeeds().json();
    assert_eq!(document["report"], inspected);
    assert!(folder.flavor(&[&pack[..], &["--json"]].concat()).succeeds().json().get("report").is_none());

    let before = folder.listing();
    let run = folder.flavor(&["pack", "--manifest", "app/app.json", "--output", "b.psp", "--report", "no/where.json"]);
    run.fails(2, &["no/where.json", "--report"]);
    assert_eq!(folder.listing(), before);
    // Nor may it take the package's place, by whatever way.
    for report in ["app.psp", "./app/../app.psp"] {
        let run = folder.flavor(&[&pack[..], &["--report", report]].concat());
        run.fails(2, &["--report", "this is where the package goes"]);
    }
    folder.flavor(&["verify", "app.psp"]).succeeds();
}

#[test]
fn files_that_stand_in_two_slots_are_counted() {
    let folder = Folder::new();
    for (name, content) in
        [("one/a", "same"), ("one/b", "same"), ("one/c", ""), ("two/d", "same"), ("two/e", ""), ("two/f", "other")]
    {
        folder.write(name, content);
    }
    folder.write(
        "app.json",
        r#"{"package": {"name": "app", "version": "1.0"}, "execution": {"command": "{workenv}/x"}, "slots": [
            {"id": "one", "source": "one", "operations": "tar.zst"}, {"id": "two", "source": "two", "operations": "tar.zst"}]}"#,
    );
    folder.flavor(&["pack", "--manifest", "app.json", "--output", "app.psp", "--key-seed", "test"]).succeeds();
    assert_eq!(analysis(&folder, "app.psp")["repeated"], json!({"files": 1, "size": 4}));
    let text = folder.flavor(&["inspect", "app.psp", "--analyze"]).succeeds();
    text.says(&["files that an earlier slot has, too: 1, 4 B"]);
}
