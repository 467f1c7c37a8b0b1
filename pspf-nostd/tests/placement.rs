//! The judge of what extraction would write.

use pspf_nostd::{
    placement::{
        self, Added, Concern, Fault, Item, ItemKind, Judge, PlacedKind, Replaced, Root, Tree, name_key, target,
    },
    tar::{EntryPath, PathFault},
};

fn path(text: &str) -> EntryPath {
    EntryPath::new(text.as_bytes()).expect("a path")
}

fn item<'a>(slot: usize, path: &'a EntryPath, kind: ItemKind<'a>) -> Item<'a> {
    Item { slot, path, kind, mode: 0o644 }
}

const DIRECTORY: ItemKind<'static> = ItemKind::Directory { mtime: 7 };

fn add(tree: &mut Tree, slot: usize, text: &str, kind: ItemKind<'_>) -> Result<Added, Fault> {
    tree.add(&item(slot, &path(text), kind))
}

#[test]
fn targets_are_paths_inside() {
    for (text, expected) in [
        ("{workenv}/bin/a", "bin/a"),
        ("{workenv}//bin/a", "bin/a"),
        ("a/", "a"),
        ("./a//b", "a/b"),
        ("{package_name}", "{package_name}"),
        ("x{workenv}", "x{workenv}"),
    ] {
        assert_eq!(target(text).expect("a path").as_bytes(), expected.as_bytes(), "{text}");
    }
    for (text, fault) in [
        ("", PathFault::Empty),
        (".", PathFault::Empty),
        ("{workenv}", PathFault::Empty),
        ("{workenv}/", PathFault::Empty),
        ("/etc/evil", PathFault::Absolute),
        ("../../../evil.sh", PathFault::Parent),
        ("a/../b", PathFault::Parent),
        ("..", PathFault::Parent),
        ("{workenv}/../a", PathFault::Parent),
        ("a\0", PathFault::Nul),
    ] {
        assert_eq!(target(text), Err(Fault::Path(fault)), "{text:?}");
    }
    let long = ["n/"; 2048].concat();
    assert_eq!(target(&[&long, "n"].concat()).map_err(|fault| fault.code()), Err("placement.too_long"));
    assert_eq!(target(&["n/"; 129].concat()).map_err(|fault| fault.code()), Err("placement.too_long"));
    assert!(target(&["n/"; 128].concat()).is_ok());
}

#[test]
fn a_tree_takes_what_can_be_beside_each_other() {
    let mut tree = Tree::default();
    let first = add(&mut tree, 0, "a/b/file", ItemKind::File).expect("a place");
    assert_eq!(first, Added { parents: vec![b"a".to_vec(), b"a/b".to_vec()], moved: true, ..Added::default() });
    assert_eq!(add(&mut tree, 0, "a/b/other", ItemKind::File), Ok(Added::default()));
    assert_eq!(add(&mut tree, 1, "a/b", DIRECTORY), Ok(Added { existed: true, moved: true, ..Added::default() }));
    let clash = |found, at: &str, slot| Err(Fault::Clash { found, path: at.as_bytes().to_vec(), slot });
    assert_eq!(add(&mut tree, 1, "a/b", ItemKind::File), clash("directory", "a/b", 1));
    assert_eq!(add(&mut tree, 1, "a/b/file/below", ItemKind::File), clash("file", "a/b/file", 0));
    assert_eq!(add(&mut tree, 1, "a/b/file", DIRECTORY), clash("file", "a/b/file", 0));
    assert_eq!(add(&mut tree, 0, "a/b/file", ItemKind::File), clash("file", "a/b/file", 0));
    let replaced = Some(Replaced { slot: 0, is_file: true });
    assert_eq!(add(&mut tree, 2, "a/b/file", ItemKind::File).map(|added| added.replaced), Ok(replaced));
    // What was refused is not remembered.
    let kinds: Vec<_> = tree.iter().map(|(path, placed)| (path.to_vec(), placed.slot, placed.kind.clone())).collect();
    let directory = |mtime| PlacedKind::Directory { mtime };
    assert_eq!(
        kinds,
        [
            (b"a".to_vec(), 0, directory(None)),
            (b"a/b".to_vec(), 1, directory(Some(7))),
            (b"a/b/file".to_vec(), 2, PlacedKind::File),
            (b"a/b/other".to_vec(), 0, PlacedKind::File),
        ]
    );
}

#[test]
fn links_stay_inside_and_nothing_goes_through_them() {
    let mut tree = Tree::default();
    let link = |target: &'static str| ItemKind::Symlink { target: target.as_bytes() };
    assert_eq!(add(&mut tree, 0, "d/l", link("../x")).map(|added| added.replaced), Ok(None));
    for target in ["../../x", "/etc/passwd", "a/../../x", ""] {
        let refused = add(&mut tree, 0, "d/m", link(target));
        assert_eq!(refused, Err(Fault::LinkLeaves { target: target.as_bytes().to_vec() }));
    }
    let below = add(&mut tree, 1, "d/l/x", ItemKind::File).expect_err("below a link");
    assert_eq!(below, Fault::Clash { found: "symbolic link", path: b"d/l".to_vec(), slot: 0 });
    let replaced = Some(Replaced { slot: 0, is_file: false });
    assert_eq!(add(&mut tree, 1, "d/l", ItemKind::File).map(|added| added.replaced), Ok(replaced));
    for (slot, target, fine) in [(1, "d/l", true), (0, "d/l", false), (1, "d", false), (1, "none", false)] {
        let to = path(target);
        let outcome = add(&mut tree, slot, &format!("h{slot}{}", target.len()), ItemKind::HardLink { target: &to });
        assert_eq!(outcome.is_ok(), fine, "{slot} {target}");
        assert!(fine || outcome == Err(Fault::HardLink { target: target.as_bytes().to_vec() }));
    }
}

#[test]
fn names_of_the_launcher_and_names_too_long_are_refused() {
    let mut tree = Tree::default();
    for text in [".pspf", ".pspf/complete", ".PSPF/tree", ".Pspf"] {
        assert_eq!(add(&mut tree, 0, text, ItemKind::File), Err(Fault::Reserved), "{text}");
    }
    for text in ["a/.pspf", ".pspf2", "pspf"] {
        assert!(add(&mut tree, 0, text, ItemKind::File).is_ok(), "{text}");
    }
    assert!(add(&mut tree, 0, &"n".repeat(255), ItemKind::File).is_ok());
    let long = add(&mut tree, 0, &format!("d/{}/x", "n".repeat(256)), ItemKind::File);
    assert_eq!(long, Err(Fault::TooLong { what: "bytes in a name", limit: 255 }));
}

#[test]
fn lifecycles_decide_where_slots_go() {
    for (word, root) in [
        ("runtime", Root::WorkEnvironment),
        ("init", Root::WorkEnvironment),
        ("attestation", Root::WorkEnvironment),
        ("nonsense", Root::WorkEnvironment),
        ("startup", Root::Start),
        ("temporary", Root::Start),
        ("temp", Root::Start),
        ("shutdown", Root::Start),
        ("config", Root::State),
        ("lazy", Root::Own(3)),
    ] {
        assert_eq!(Root::of_lifecycle(word, 3), root, "{word}");
    }
}

/// What is said of files put one after the other: lifecycle, platform, path, mode.
fn judged(files: &[(&str, &str, &str, u32)]) -> Vec<Vec<&'static str>> {
    let mut judge = Judge::default();
    let judge_one = |(slot, (lifecycle, platform, text, mode)): (usize, &(&str, &str, &str, u32))| {
        judge.begin(slot, lifecycle, platform);
        let judgement = judge.judge(&Item::file(slot, &path(text), *mode));
        let fault = judgement.fault.iter().map(Fault::code);
        fault.chain(judgement.concerns.iter().map(Concern::code)).collect()
    };
    files.iter().enumerate().map(judge_one).collect()
}

#[test]
fn modes_and_names_are_concerns() {
    for (mode, codes) in [
        (0o755, &[][..]),
        (0o666, &["placement.world_writable"]),
        (0o1666, &["placement.world_writable"]),
        (0o4755, &["placement.set_id"]),
        (0o2711, &["placement.set_id"]),
        (0o6777, &["placement.set_id", "placement.world_writable"]),
    ] {
        assert_eq!(judged(&[("runtime", "", "a", mode)]), [codes], "{mode:o}");
    }
    for name in ["a/CON:x", "NUL", "aux.txt", "a.", "a ", "a\tb", "a\u{7f}", "com¹", "a\\b", "q?"] {
        assert_eq!(judged(&[("runtime", "", name, 0o644)]), [["placement.not_portable"]], "{name:?}");
    }
    let mut judge = Judge::default();
    judge.begin(0, "runtime", "");
    let tmp = path("tmp");
    let sticky = judge.judge(&Item { slot: 0, path: &tmp, kind: DIRECTORY, mode: 0o1777 });
    assert!(sticky.fault.is_none() && sticky.concerns.is_empty());
    let open = judge.judge(&Item { slot: 0, path: &tmp, kind: DIRECTORY, mode: 0o777 });
    assert_eq!(open.concerns, [Concern::WorldWritable { mode: 0o777 }]);
}

#[test]
fn slots_of_one_tree_meet_and_others_do_not() {
    let two = |a: (&'static str, &'static str, &'static str), b: (&'static str, &'static str, &'static str)| {
        judged(&[(a.0, a.1, a.2, 0o644), (b.0, b.1, b.2, 0o644)]).remove(1)
    };
    let run = |platform, name| ("runtime", platform, name);
    assert_eq!(two(run("", "a"), run("", "a")), ["placement.replaces"]);
    assert_eq!(two(run("", "a"), ("init", "", "a")), ["placement.replaces"]);
    assert_eq!(two(run("", "a"), run("", "a/b")), ["placement.clash"]);
    assert_eq!(two(run("", "a/b"), run("", "a")), ["placement.clash"]);
    for other in ["lazy", "config", "startup", "temporary"] {
        assert!(two(run("", "a"), (other, "", "a/b")).is_empty(), "{other}");
    }
    assert!(two(("lazy", "", "a"), ("lazy", "", "a")).is_empty());
    assert_eq!(two(("startup", "", "a"), ("shutdown", "", "a")), ["placement.replaces"]);
    // Slots for two platforms are never on one machine.
    assert!(two(run("linux_amd64", "a"), run("darwin_arm64", "a/b")).is_empty());
    assert_eq!(two(run("linux_amd64", "a"), run("linux_amd64", "a/b")), ["placement.clash"]);
    assert_eq!(two(run("linux_amd64", "a"), run("", "a/b")), ["placement.clash"]);
    assert_eq!(two(run("", "a"), run("linux_amd64", "a/b")), ["placement.clash"]);
    let three = judged(&[
        ("runtime", "linux_amd64", "a", 0o644),
        ("runtime", "darwin_arm64", "a/b", 0o644),
        ("runtime", "darwin_arm64", "a", 0o644),
    ]);
    assert_eq!(three, [&[][..], &[], &["placement.clash"]]);
}

#[test]
fn many_platforms_are_no_way_out() {
    let platforms: Vec<String> = (0..100).map(|number| format!("os{number}_x")).collect();
    let files: Vec<_> = platforms.iter().map(|platform| ("runtime", platform.as_str(), "a", 0o644)).collect();
    let said = judged(&files);
    assert!(said[..16].iter().all(Vec::is_empty));
    assert!(said[16..].iter().all(|codes| codes == &["placement.replaces"]), "{said:?}");
}

#[test]
fn names_that_some_hosts_take_for_one_file() {
    let second = |a, b| judged(&[("runtime", "", a, 0o644), ("runtime", "", b, 0o644)]).remove(1);
    for (a, b) in [
        ("Readme", "README"),
        ("lib/a", "LIB/A"),
        ("caf\u{e9}", "cafe\u{301}"),
        ("CAF\u{c9}", "cafe\u{301}"),
        ("stra\u{df}e", "STRASSE"),
        ("\u{3c3}\u{3c2}", "\u{3a3}\u{3a3}"),
        ("\u{212a}", "k"),
        ("\u{17f}", "s"),
    ] {
        assert_eq!(second(a, b), ["placement.same_name"], "{a} {b}");
        assert_eq!(second(b, a), ["placement.same_name"], "{b} {a}");
    }
    assert_eq!(second("a", "A/b"), ["placement.same_name"]);
    assert_eq!(second("A/b", "a"), ["placement.same_name"]);
    // Directories may be one; trees of terminfo have such.
    assert!(second("terminfo/a/x", "terminfo/A/y").is_empty());
    assert!(second("a", "b").is_empty());
    assert_eq!(name_key(&path("lib./read.me. .")), b"lib/read.me");
    assert_ne!(name_key(&path(".a")), name_key(&path("a")));
}

#[test]
fn an_entry_of_an_archive_is_judged_as_a_file_is() {
    let mut judge = Judge::default();
    judge.begin(0, "runtime", "");
    let out = path("l");
    let link = Item { slot: 0, path: &out, kind: ItemKind::Symlink { target: b"../x" }, mode: 0o777 };
    let judgement = judge.judge(&link);
    assert_eq!(judgement.fault.map(|fault| fault.code()), Some("placement.link_out"));
    assert!(judgement.concerns.is_empty(), "the mode of a link says nothing");
    assert_eq!(placement::inside_workenv("{workenv}/a"), "a");
}
