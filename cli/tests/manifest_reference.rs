//! What is made from the tables of keys is up to date, and every key in them is read.

mod page;

use flavor_manifest::{
    Document, SourceBase, pyproject,
    schema::{self, Kind, json_schema, keys, reference},
};
use std::path::Path;

const HEAD: &str = "[project]\nname = 'a'\nversion = '1'\n[tool.flavor]\nentry_point = 'a:b'\n";

fn problems(text: &str) -> Vec<String> {
    let document = Document::from_toml(Path::new("pyproject.toml"), text.to_owned()).unwrap();
    let base = SourceBase { directory: "/nonexistent".into(), workenv: "/nonexistent".into(), before_hooks: false };
    let (_, problems) = pyproject::read(&document, &base, "linux_amd64");
    problems.iter().map(ToString::to_string).collect()
}

/// `BLESS=1 cargo test -p flavor-cli` rewrites the page.
#[test]
fn the_reference_page_is_that_of_the_tables() {
    page::is_up_to_date("manifest.md", &reference::page());
}

/// A key of the tables with a value of the wrong type is an error at that key: so there is none that nobody reads.
#[test]
fn every_key_is_read() {
    let mut seen = 0;
    for leaf in schema::leaves() {
        if matches!(leaf.key.kind, Kind::Others) {
            continue;
        }
        if let Kind::Again(names) = leaf.key.kind {
            let found = problems(&format!("{HEAD}conditions.{} = 3\n", names[0]));
            assert!(found.iter().any(|text| text.contains("conditions.linux`: has the wrong type")), "{found:?}");
            continue;
        }
        // A date is no value of any key.
        let path = leaf.path.replace("<name>", "linux_amd64");
        let text = if let Some(key) = path.strip_prefix("tool.flavor.slots[].") {
            let more = [("id", "'x'"), ("source", "'/dev/null'")].into_iter().filter(|(name, _)| *name != key);
            let more: String = more.map(|(name, value)| format!("{name} = {value}\n")).collect();
            format!("{HEAD}[[tool.flavor.slots]]\n{more}{key} = 2020-01-01\n")
        } else if let Some(key) = path.strip_prefix("tool.flavor.launchers[].") {
            let (other, value) = if key == "platform" { ("binary", "'x'") } else { ("platform", "'linux_amd64'") };
            format!("{HEAD}[[tool.flavor.launchers]]\n{other} = {value}\n{key} = 2020-01-01\n")
        } else {
            let (section, key) = path
                .split_once(".flavor.")
                .map_or_else(|| ("project", path.strip_prefix("project.").unwrap()), |(_, key)| ("tool.flavor", key));
            let head = "[project]\nname = 'a'\nversion = '1'\n".replace(&format!("{key} = '"), "#");
            let flavor = if key == "entry_point" { "" } else { "entry_point = 'a:b'\n" };
            if section == "project" {
                format!("{head}{key} = 2020-01-01\n[tool.flavor]\n{flavor}")
            } else {
                let head = "[project]\nname = 'a'\nversion = '1'\n";
                format!("{head}[tool.flavor]\n{flavor}{key} = 2020-01-01\n")
            }
        };
        let found = problems(&text);
        let field = path.replace("[].", "[0].");
        let errors: Vec<_> =
            found.iter().filter(|text| text.contains("error") && text.contains(&format!("`{field}"))).collect();
        assert_eq!(errors.len(), 1, "{path}\n{text}\n{found:#?}");
        assert!(!found.iter().any(|text| text.contains("unknown key")), "{path}: {found:#?}");
        seen += 1;
    }
    assert!(seen > 90, "{seen}");
}

/// Reader and table agree on the range of each number; the schema and the page are made from the table.
#[test]
fn every_number_has_the_range_of_the_table() {
    let mut seen = 0;
    for leaf in schema::leaves() {
        let (least, most) = match leaf.key.kind {
            Kind::Integer(range) => range,
            Kind::Seconds => keys::SECONDS,
            _ => continue,
        };
        // A share of the processors is always refused, a position is compared with the slot's own, a slot's level with its codec.
        if ["max_cpu_percent", "slot", "level"].contains(&leaf.key.name) {
            continue;
        }
        let text = |number: i64| match leaf.path.strip_prefix("tool.flavor.slots[].") {
            Some(key) => format!("{HEAD}[[tool.flavor.slots]]\nid = 'x'\nsource = '/dev/null'\n{key} = {number}\n"),
            None => format!("{HEAD}{} = {number}\n", leaf.path.trim_start_matches("tool.flavor.")),
        };
        let refused = |number: i64| problems(&text(number)).iter().any(|problem| problem.contains("is out of range"));
        for number in [least - 1, most + 1] {
            assert!(refused(number), "{} = {number}: {:#?}", leaf.path, problems(&text(number)));
            let range = format!("{least} to {most}");
            assert!(problems(&text(number)).iter().any(|problem| problem.contains(&range)), "{}: {range}", leaf.path);
        }
        assert!(!refused(least) && !refused(most), "{}", leaf.path);
        seen += 1;
    }
    assert!(seen >= 6, "{seen}");
}

#[test]
fn the_schema_has_every_key_and_its_type() {
    let schema = json_schema::schema();
    for leaf in schema::leaves() {
        let path = leaf.path.replace("[]", ".items").replace("<name>", "properties.linux_amd64");
        let mut node = match path.strip_prefix("tool.flavor.") {
            Some(_) => &schema["definitions"]["flavor"],
            None => &schema["properties"]["project"],
        };
        let rest = path.strip_prefix("tool.flavor.").or_else(|| path.strip_prefix("project.")).unwrap();
        for part in rest.split('.') {
            node = if matches!(part, "items" | "properties" | "linux_amd64") {
                &node[part]
            } else {
                &node["properties"][part]
            };
        }
        assert_eq!(node["description"], leaf.key.about, "{path}");
    }
    assert_eq!(schema["definitions"]["flavor"]["properties"]["build"]["properties"]["strip"]["type"], "boolean");
    assert_eq!(schema["definitions"]["flavor"]["additionalProperties"], false);
}

/// `security.integrity.verify_cache` is the package's own policy, whether the manifest has other rules or not.
#[test]
fn a_closer_look_at_unpacked_files_is_a_rule_of_the_package() {
    for (text, expected) in [
        ("", None),
        ("policy.refuse_root = true\n", Some(None)),
        ("security.integrity.verify_cache = 'quick'\n", Some(Some("quick"))),
        ("policy.refuse_root = true\nsecurity.integrity.verify_cache = 'full'\n", Some(Some("full"))),
    ] {
        let document = Document::from_toml(Path::new("pyproject.toml"), format!("{HEAD}{text}")).unwrap();
        let base = SourceBase { directory: "/nonexistent".into(), workenv: "/nonexistent".into(), before_hooks: false };
        let (spec, problems) = pyproject::read(&document, &base, "linux_amd64");
        assert!(problems.is_empty(), "{text}: {problems:?}");
        let found = spec.policy.as_ref().map(|policy| policy.get("verify_cache").and_then(|word| word.as_str()));
        assert_eq!(found, expected, "{text}");
    }
}
