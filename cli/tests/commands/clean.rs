use super::{process::Run, workenv::Started};

fn flavor(started: &Started, words: &[&str]) -> Run {
    let mut command = started.0.command();
    command.env("FLAVOR_CACHE_DIR", started.0.path("cache")).env("XDG_CACHE_HOME", started.0.path("xdg"));
    Run::of(command.args(words))
}

#[test]
fn what_can_be_made_again_goes_and_the_rest_stays() {
    let started = Started::new();
    flavor(&started, &["clean"]).succeeds().says(&["nothing to remove"]);
    for file in ["encoded/x", "debian/x", "launchers/x", "helpers/bin/theirs"] {
        started.0.write(&format!("xdg/flavor/{file}"), "x".repeat(5000));
    }
    started.0.write("xdg/uv/x", "x");
    started.0.write("cache/start/1.2/file", "x");
    let leftover = started.with_leftover();
    started.with_foreign("other");
    let before = started.0.listing();
    let run = flavor(&started, &["clean", "--dry-run", "--all", "--json"]).succeeds().json();
    assert_eq!(run["removed"].as_array().unwrap().len(), 6, "{run}");
    assert!(run["freed"].as_u64().unwrap() >= 115_000, "{run}");
    assert_eq!(started.0.listing(), before);

    flavor(&started, &["clean", "--helpers", "--dry-run"]).succeeds().says(&["would remove", "launchers"]);
    flavor(&started, &["clean", "--helpers"]).succeeds().says(&["removed", "launchers"]);
    assert!(!started.0.path("xdg/flavor/launchers").exists() && started.0.path("xdg/flavor/encoded/x").exists());
    started.0.write("xdg/flavor/launchers/x", "x");

    flavor(&started, &["clean"]).succeeds().says(&[
        "removed",
        "encoded interpreters",
        "Debian packages",
        "unfinished",
        "freed",
    ]);
    for gone in ["xdg/flavor/encoded", "xdg/flavor/debian", "xdg/flavor/launchers", "cache/start/1.2"] {
        assert!(!started.0.path(gone).exists(), "{gone}");
    }
    assert!(!started.0.path("cache/workenv").join(leftover).exists());
    assert!(started.0.path("xdg/uv/x").exists() && started.0.path("xdg/flavor/helpers/bin/theirs").exists());
    let tree = started.tree();

    flavor(&started, &["clean", "--all"]).fails(2, &["--yes"]);
    flavor(&started, &["clean", "--all", "--yes"]).succeeds().says(&["work environment", "freed"]);
    assert!(!tree.exists() && started.0.path("cache/workenv/other").exists());
}
