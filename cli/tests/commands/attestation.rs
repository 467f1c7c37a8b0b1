//! The bill of materials and the provenance that packages carry.

use super::process::{Folder, Run};
use serde_json::Value;
use std::{fs, process::Command};

const PYPROJECT: &str = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n\n\
    [project]\nname = 'bill'\nversion = '1.5'\nlicense = 'MIT'\ndependencies = ['click==8.1.7', 'docopt==0.6.2']\n\n\
    [tool.setuptools]\npackages = ['bill']\n\n[tool.flavor]\nentry_point = 'bill:main'\n\
    hooks.pre_build = 'echo >> pyproject.toml'\n";

fn packed() -> Folder {
    let folder = Folder::new();
    folder.write("project/pyproject.toml", PYPROJECT);
    folder.write("project/bill/__init__.py", "def main():\n    import click, docopt\n");
    let words = ["pack", "--manifest", "project/pyproject.toml", "--output", "bill.psp", "--key-seed", "k"];
    folder.flavor(&[&words[..], &["--level", "1", "--quiet"]].concat()).succeeds();
    folder
}

fn inspected(folder: &Folder, option: &str) -> Value {
    folder.flavor(&["inspect", "bill.psp", option, "--json"]).succeeds().json()
}

/// A Python with the CycloneDX project's own schemas: the one beside uv in the tools that `cargo xtask setup` installs.
fn validated_by_the_official_schema(document: &Value, folder: &Folder) {
    let Some(python) = pspf_test_support::tools_python() else { return };
    let file = folder.write("bom.json", document.to_string());
    let script = "import sys\nfrom cyclonedx.schema import SchemaVersion\nfrom cyclonedx.validation.json import JsonStrictValidator\n\
        error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())\nsys.exit(str(error) if error else 0)";
    Run::of(Command::new(python).args(["-c", script]).arg(file)).succeeds();
}

#[test]
fn python_packages_say_what_is_in_them_and_how_they_were_made() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = packed();
    let sbom = inspected(&folder, "--sbom");
    let components = sbom["components"].as_array().unwrap();
    let component =
        |name: &str| components.iter().find(|found| found["name"] == name).unwrap_or_else(|| panic!("{name}"));
    let click = component("click");
    assert_eq!(click["purl"], "pkg:pypi/click@8.1.7");
    // As PyPI publishes it for click-8.1.7-py3-none-any.whl.
    assert_eq!(click["hashes"][0]["content"], "ae74fb96c20a0277a1d615f1e4d73c8414f5a98db8b799a7931d1582f3390c28");
    // There is no wheel of docopt 0.6.2: this is its source archive.
    assert_eq!(component("docopt")["properties"][0]["value"], "docopt-0.6.2.tar.gz");
    assert_eq!(component("python")["type"], "framework");
    assert!(component("flavor-launcher")["hashes"][0]["content"].as_str().unwrap().len() == 64);
    assert_eq!(component("flavor-launcher")["licenses"][0]["license"]["id"], "Apache-2.0");
    assert_eq!(component("python")["licenses"][0]["license"]["id"], "PSF-2.0");
    assert!(!components.iter().any(|found| found["name"] == "bill"), "the application is the root");
    assert_eq!(sbom["metadata"]["component"]["purl"], "pkg:pypi/bill@1.5");
    assert_eq!(sbom["metadata"]["component"]["licenses"][0]["expression"], "MIT");
    validated_by_the_official_schema(&sbom, &folder);

    let tree = folder.flavor(&["inspect", "bill.psp", "--deps"]).succeeds();
    tree.says(&["bill 1.5\n", "├── click 8.1.7\n", "── docopt 0.6.2\n", "── python 3."]);

    let statement = inspected(&folder, "--provenance");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    // The manifest is the text that was obeyed, whatever happened to the file since.
    assert_ne!(folder.bytes("project/pyproject.toml"), PYPROJECT.as_bytes());
    let materials = statement["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().unwrap();
    let manifest = materials.iter().find(|found| found["name"] == "pyproject.toml").unwrap();
    assert_eq!(manifest["digest"]["sha256"], pspf_nostd::digest::sha256(PYPROJECT.as_bytes()).to_string());
    let report = folder.flavor(&["verify", "bill.psp", "--json"]).succeeds().json();
    for subject in statement["subject"].as_array().unwrap() {
        let name = subject["name"].as_str().unwrap();
        let digest = subject["digest"]["sha256"].as_str().unwrap();
        if let Some(id) = name.strip_prefix("slot/") {
            let slot = report["slots"].as_array().unwrap().iter().find(|slot| slot["id"] == id).unwrap();
            assert_eq!(slot["sha256"], digest, "{slot}");
        }
    }
    let inputs = statement["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().unwrap();
    assert!(inputs.iter().any(|input| input["name"] == "pyproject.toml"));
    assert!(inputs.iter().any(|input| input["name"] == "click-8.1.7-py3-none-any.whl"));
}

#[test]
fn debians_packages_are_components_with_the_digests_of_its_signed_index() {
    if !pspf_test_support::has_uv() {
        return;
    }
    if !pspf_test_support::has_debian_keys() {
        return;
    }
    let folder = Folder::new();
    let pyproject = PYPROJECT.replace("'click==8.1.7', 'docopt==0.6.2'", "");
    folder.write("project/pyproject.toml", pyproject);
    folder.write("project/bill/__init__.py", "def main():\n    import ssl\n");
    let words = ["pack", "--manifest", "project/pyproject.toml", "--output", "bill.psp", "--key-seed", "k", "--quiet"];
    folder.flavor(&[&words[..], &["--level", "1", "--python", "debian:3.11"]].concat()).succeeds();
    let sbom = inspected(&folder, "--sbom");
    let components = sbom["components"].as_array().unwrap();
    let glibc = components.iter().find(|found| found["name"] == "libc6").unwrap();
    let reference = glibc["purl"].as_str().unwrap();
    assert!(reference.starts_with("pkg:deb/debian/libc6@2.36-") && reference.ends_with("&distro=bookworm"), "{glibc}");
    assert_eq!(glibc["hashes"][0]["content"].as_str().unwrap().len(), 64);
    assert!(glibc["properties"][0]["value"].as_str().unwrap().starts_with("libc6_2.36-"));
    let edges = sbom["dependencies"].as_array().unwrap();
    let of = |name: &str| edges.iter().find(|edge| edge["ref"] == name).unwrap()["dependsOn"].as_array().unwrap();
    assert!(of("python-runtime").contains(&glibc["bom-ref"]) && of("python-runtime").len() > 10);
    let openssl = components.iter().find(|found| found["name"] == "libssl3").unwrap();
    assert!(of(openssl["bom-ref"].as_str().unwrap()).contains(&glibc["bom-ref"]));
    validated_by_the_official_schema(&sbom, &folder);
    // Licences are those of the packages' own copyright files, which are in the tree.
    let licences = |name: &str| &components.iter().find(|found| found["name"] == name).unwrap()["licenses"];
    assert_eq!(licences("zlib1g"), &serde_json::json!([{"license": {"id": "Zlib"}}]));
    assert_eq!(licences("libexpat1"), &serde_json::json!([{"license": {"id": "MIT"}}]));
    let of_openssl = licences("libssl3").as_array().unwrap();
    assert!(of_openssl.contains(&serde_json::json!({"license": {"id": "Apache-2.0"}})), "{of_openssl:?}");
    let names_only = licences("libsqlite3-0").as_array().unwrap();
    assert!(names_only.contains(&serde_json::json!({"license": {"name": "public-domain"}})), "{names_only:?}");
    // Those that are for people only are named, and nothing is guessed.
    assert!(licences("libc6").is_null(), "{glibc}");
    let runtime = folder.flavor(&["extract-all", "bill.psp", "all"]).succeeds();
    for package in components.iter().filter(|found| found["purl"].as_str().is_some_and(|it| it.starts_with("pkg:deb/")))
    {
        let properties = package["properties"].as_array().unwrap();
        let copyright = properties.iter().find(|property| property["name"] == "flavor:copyright");
        let path = copyright.unwrap_or_else(|| panic!("{package}"))["value"].as_str().unwrap();
        let is_there = folder.listing().iter().any(|file| file.starts_with("all/") && file.ends_with(path));
        assert!(is_there, "{path}: {runtime:#?}");
    }
    let statement = inspected(&folder, "--provenance");
    let inputs = statement["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().unwrap();
    let input = inputs.iter().find(|input| input["uri"] == reference).unwrap();
    assert_eq!(input["digest"]["sha256"], glibc["hashes"][0]["content"]);
    folder.flavor(&["inspect", "bill.psp", "--deps"]).succeeds().says(&["── python 3.11", "── libc6 2.36-"]);
    folder.flavor(&["verify", "bill.psp", "--deep"]).succeeds();
}

#[test]
fn the_source_revision_is_in_the_provenance() {
    if !pspf_test_support::has(&["git"]) {
        return;
    }
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new().with_app();
    let git = |words: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-C"];
        Run::of(Command::new("git").args(identity).arg(folder.path("app")).args(words))
            .succeeds()
            .stdout
            .trim()
            .to_owned()
    };
    git(&["init", "--quiet"]);
    git(&["remote", "add", "origin", "https://user:secret@example.org/app.git"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "first"]);
    let commit = git(&["rev-parse", "HEAD"]);
    let pack = ["pack", "--manifest", "app/app.json", "--output", "app.psp", "--key-seed", "t", "--quiet"];
    folder.flavor(&pack).succeeds();
    let source = |folder: &Folder| {
        let statement = folder.flavor(&["inspect", "app.psp", "--provenance", "--json"]).succeeds().json();
        statement["predicate"]["buildDefinition"]["resolvedDependencies"][0].clone()
    };
    let found = source(&folder);
    assert_eq!(found["digest"]["gitCommit"], commit);
    assert_eq!(
        (&found["uri"], &found["annotations"]["modified"]),
        (&"git+https://example.org/app.git".into(), &false.into())
    );
    fs::write(folder.path("app/tree/data.txt"), "changed").unwrap();
    folder.flavor(&pack).succeeds();
    assert_eq!(source(&folder)["annotations"]["modified"], true);
}

#[test]
fn packages_of_files_list_their_slots() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new().with_package();
    let sbom = folder.flavor(&["inspect", "app.psp", "--sbom"]).succeeds();
    let sbom: Value = serde_json::from_str(&sbom.stdout).unwrap();
    let names: Vec<_> =
        sbom["components"].as_array().unwrap().iter().map(|found| found["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["flavor-launcher", "script", "tree"]);
}

#[test]
fn a_package_without_an_attestation_says_so() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new().with_app();
    let pack = ["pack", "--manifest", "app/app.json", "--output", "app.psp", "--key-seed", "t", "--quiet"];
    folder.flavor(&[&pack[..], &["--no-attestation"]].concat()).succeeds();
    let run = folder.flavor(&["inspect", "app.psp", "--sbom"]);
    run.fails(1, &["app.psp", "no attestation slot", "--no-attestation"]);
}

#[test]
fn a_changed_attestation_is_refused() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new().with_package();
    let report = folder.flavor(&["verify", "app.psp", "--json"]).succeeds().json();
    let slot = report["slots"].as_array().unwrap().iter().find(|slot| slot["id"] == "_attestation").unwrap();
    let start = usize::try_from(slot["range"]["start"].as_u64().unwrap()).unwrap();
    let mut bytes = folder.bytes("app.psp");
    bytes[start + 10] ^= 1;
    fs::write(folder.path("app.psp"), bytes).unwrap();
    folder.flavor(&["inspect", "app.psp", "--sbom"]).fails(1, &["not what was signed", "_attestation"]);
}
