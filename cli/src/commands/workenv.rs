//! `flavor workenv`.

use crate::{
    arguments::{Workenv, WorkenvCommand},
    path_text,
    problem::{Exit, Failure},
    terminal::{Console, Style, printable, size, table},
    workenv::{self, Refusal, State, Tree, Usage, usage},
};
use flavor_host::{
    calendar,
    command::{stable_prefix, state_dir::StateDir},
    files::base_dir,
    tree_record::Audit,
};
use flavor_manifest::Diagnostic;
use serde::Serialize;
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// So many damaged entries are shown to people; JSON has all.
const DAMAGE_SHOWN: usize = 20;

#[derive(Serialize)]
struct TreeDocument<'a> {
    name: String,
    #[serde(serialize_with = "path_text::one")]
    path: &'a Path,
    state: State,
    /// Bytes on the disk.
    size: u64,
    files: u64,
    /// The content id with the tree's suffix.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<String>,
    /// Process ids.
    used_by: Vec<u32>,
}

#[derive(Serialize)]
struct ListDocument<'a> {
    ok: bool,
    #[serde(serialize_with = "path_text::list")]
    directories: &'a [PathBuf],
    environments: Vec<TreeDocument<'a>>,
    size: u64,
}

#[derive(Serialize)]
struct AuditDocument<'a> {
    ok: bool,
    #[serde(flatten)]
    tree: TreeDocument<'a>,
    audit: &'static str,
    /// Why there was nothing to compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    unproved: Option<&'static str>,
    damage: Vec<DamageDocument>,
}

#[derive(Serialize)]
struct DamageDocument {
    #[serde(serialize_with = "path_text::one")]
    path: PathBuf,
    what: &'static str,
}

#[derive(Serialize)]
struct RemovalDocument<'a> {
    ok: bool,
    dry_run: bool,
    #[serde(serialize_with = "path_text::list")]
    removed: Vec<&'a Path>,
    kept: Vec<KeptDocument<'a>>,
    /// Bytes on the disk.
    freed: u64,
}

#[derive(Serialize)]
struct KeptDocument<'a> {
    #[serde(serialize_with = "path_text::one")]
    path: &'a Path,
    reason: String,
}

/// Runs one of the commands.
///
/// # Errors
/// Where the directories cannot be used, or a name names nothing.
pub fn run(arguments: &Workenv, console: &mut Console) -> Result<Exit, Failure> {
    let trees = workenv::all()?;
    match &arguments.command {
        WorkenvCommand::List => list(&trees, console),
        WorkenvCommand::Info { name: Some(name) } => audit(one(&trees, name)?, Audit::Quick, console),
        WorkenvCommand::Info { name: None } => summary(&trees, console),
        WorkenvCommand::Inspect { name } => audit(one(&trees, name)?, Audit::Full, console),
        WorkenvCommand::Remove { names, yes } => {
            let mut chosen: Vec<&Tree> = Vec::new();
            for name in names {
                for tree in workenv::named(&trees, name)? {
                    if !chosen.iter().any(|other| other.path == tree.path) {
                        chosen.push(tree);
                    }
                }
            }
            let builds = names.iter().map(|name| workenv::builds(&chosen, name)).max().unwrap_or_default();
            if builds > 1 {
                let total: u64 = chosen.iter().map(|tree| usage(&tree.path).bytes).sum();
                let labels: Vec<String> = chosen.iter().map(|tree| printable(&tree.label())).collect();
                let question = format!("{}\nRemove these {}, {}?", labels.join("\n"), chosen.len(), size(total));
                if !console.confirm(*yes, &question)? {
                    return Ok(Exit::Done);
                }
            }
            let removal = Removal::of(&chosen, false, console);
            // What was named and stays is a failure; what was swept over is not.
            let failed = removal.kept.iter().any(|(_, refusal)| refusal.is_some());
            removal.report(console, &[]);
            Ok(if failed { Exit::Failed } else { Exit::Done })
        }
        WorkenvCommand::Clean { older_than, yes, dry_run } => clean(&trees, *older_than, *yes, *dry_run, console),
    }
}

#[derive(Serialize)]
struct SummaryDocument<'a> {
    ok: bool,
    #[serde(serialize_with = "path_text::list")]
    directories: &'a [PathBuf],
    count: usize,
    size: u64,
}

/// Where work environments are, how many, and how large.
fn summary(trees: &[Tree], console: &mut Console) -> Result<Exit, Failure> {
    let directories = workenv::directories()?;
    let bytes = trees.iter().map(|tree| usage(&tree.path).bytes).sum();
    if console.json() {
        console.document(&SummaryDocument { ok: true, directories: &directories, count: trees.len(), size: bytes });
        return Ok(Exit::Done);
    }
    for directory in &directories {
        console.say(&format!("in {}", printable(&directory.display().to_string())));
    }
    let plural = if trees.len() == 1 { "" } else { "s" };
    console.say(&format!("{} work environment{plural}, {}", trees.len(), size(bytes)));
    Ok(Exit::Done)
}

fn one<'a>(trees: &'a [Tree], name: &OsStr) -> Result<&'a Tree, Failure> {
    let found = workenv::named(trees, name)?;
    match found.as_slice() {
        [] => Err(Diagnostic::error("workenv.absent", "there is no such work environment").into()),
        [tree] => Ok(tree),
        // The work environment itself comes before the trees of its slots, for its name is the shorter one.
        [tree, rest @ ..] if rest.iter().all(|other| other.label().starts_with(&tree.label())) => Ok(tree),
        several => {
            let names: Vec<String> = several.iter().map(|tree| tree.label()).collect();
            let problem = Diagnostic::error("workenv.ambiguous", "this names more than one work environment");
            Err(problem.found(names.join(", ")).hint("give a whole name").into())
        }
    }
}

fn date(time: Option<SystemTime>) -> Option<String> {
    let since = time?.duration_since(UNIX_EPOCH).ok()?;
    Some(calendar::text(since.as_secs()))
}

fn document(tree: &Tree, usage: Usage) -> TreeDocument<'_> {
    TreeDocument {
        name: tree.label(),
        path: &tree.path,
        state: tree.state,
        size: usage.bytes,
        files: usage.files,
        content: tree.record.as_ref().map(|record| record.content.as_str()),
        made: date(tree.made),
        last_used: date(tree.last_used),
        used_by: tree.users(),
    }
}

fn state(console: &Console, state: State) -> String {
    let (word, style) = match state {
        State::Complete => return "complete".to_owned(),
        State::Incomplete => ("not finished", Style::Yellow),
        State::Leftover => ("being made or left over", Style::Yellow),
        State::Foreign => ("of another tool", Style::Dim),
    };
    console.styled(style, word)
}

/// How long ago something was, for people.
fn ago(time: Option<SystemTime>) -> String {
    let Some(time) = time else { return "-".to_owned() };
    let passed = SystemTime::now().duration_since(time).unwrap_or_default().as_secs();
    let text = |count: u64, unit: &str| format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
    match passed {
        0..120 => "just now".to_owned(),
        120..7_200 => text(passed / 60, "minute"),
        7_200..172_800 => text(passed / 3600, "hour"),
        _ => text(passed / 86_400, "day"),
    }
}

fn list(trees: &[Tree], console: &mut Console) -> Result<Exit, Failure> {
    let directories = workenv::directories()?;
    let documents: Vec<TreeDocument<'_>> = trees.iter().map(|tree| document(tree, usage(&tree.path))).collect();
    let total = documents.iter().map(|tree| tree.size).sum();
    if console.json() {
        console.document(&ListDocument { ok: true, directories: &directories, environments: documents, size: total });
        return Ok(Exit::Done);
    }
    if trees.is_empty() {
        console.say("there is no work environment; starting a package makes one");
        return Ok(Exit::Done);
    }
    let mut rows = vec![["NAME", "SIZE", "LAST USE", "STATE"].map(str::to_owned).to_vec()];
    for (tree, document) in trees.iter().zip(&documents) {
        let mut word = state(console, tree.state);
        if !document.used_by.is_empty() {
            word.push_str(", in use");
        }
        rows.push(vec![printable(&document.name), size(document.size), ago(tree.last_of_use()), word]);
    }
    console.say(&table(&rows, &[1], ""));
    for directory in directories {
        console.say(&format!("in {}", printable(&directory.display().to_string())));
    }
    console.say(&format!("{} in all", size(total)));
    Ok(Exit::Done)
}

fn audit(tree: &Tree, audit: Audit, console: &mut Console) -> Result<Exit, Failure> {
    let document = document(tree, usage(&tree.path));
    let outcome = tree.audit(audit);
    let full = audit == Audit::Full;
    let damage = outcome.as_ref().map(Vec::as_slice).unwrap_or_default();
    let whole = outcome.as_ref().is_ok_and(Vec::is_empty);
    // To look at something that has no record is no failure of looking.
    let exit = if whole || (!full && outcome.is_err()) { Exit::Done } else { Exit::Failed };
    if console.json() {
        console.document(&AuditDocument {
            ok: exit == Exit::Done,
            tree: document,
            audit: if full { "full" } else { "quick" },
            unproved: outcome.as_ref().err().copied(),
            damage: damage.iter().map(|one| DamageDocument { path: one.path.clone(), what: one.what }).collect(),
        });
        return Ok(exit);
    }
    let mut rows = vec![
        ("name", printable(&document.name)),
        ("path", printable(&tree.path.display().to_string())),
        ("state", state(console, tree.state)),
        ("size", format!("{}, {} files", size(document.size), document.files)),
    ];
    rows.extend(document.content.map(|content| ("content", printable(content))));
    rows.extend(document.made.map(|made| ("made", made)));
    rows.extend(document.last_used.map(|used| ("last use", used)));
    if !document.used_by.is_empty() {
        let users: Vec<String> = document.used_by.iter().map(ToString::to_string).collect();
        rows.push(("in use by", format!("process {}", users.join(", "))));
    }
    let compared = if full { "every file was read" } else { "by size, mode and time" };
    rows.push(match &outcome {
        Ok(damage) if damage.is_empty() => {
            ("content", console.styled(Style::Green, &format!("as it was published ({compared})")))
        }
        Ok(damage) => {
            let entries = if damage.len() == 1 { "entry differs" } else { "entries differ" };
            let text = format!("{} {entries} from what was published ({compared})", damage.len());
            ("content", console.styled(Style::Red, &text))
        }
        Err(reason) => ("content", format!("cannot be compared: {reason}")),
    });
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    console.say(&table(&rows, &[], ""));
    for one in damage.iter().take(DAMAGE_SHOWN) {
        console.say(&format!("  {}", printable(&one.to_string())));
    }
    if let Some(more) = damage.len().checked_sub(DAMAGE_SHOWN).filter(|more| *more > 0) {
        console.say(&format!("  and {more} more; --json lists them all"));
    }
    if !damage.is_empty() {
        console.say("`flavor workenv remove` removes it; the next start makes it anew");
    }
    Ok(exit)
}

fn clean(
    trees: &[Tree],
    older_than: Option<Duration>,
    yes: bool,
    dry_run: bool,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let (foreign, ours): (Vec<&Tree>, Vec<&Tree>) = trees.iter().partition(|tree| tree.state == State::Foreign);
    let Swept { chosen, stable } = sweep(&ours, older_than);
    let total: u64 = chosen.iter().map(|tree| usage(&tree.path).bytes).sum();
    let count = chosen.len();
    if !dry_run && !chosen.is_empty() {
        let plural = if count == 1 { "" } else { "s" };
        let question = format!("Remove {count} work environment{plural}, {}?", size(total));
        if !console.confirm(yes, &question)? {
            return Ok(Exit::Done);
        }
    }
    Removal::of(&chosen, dry_run, console).with_stable(stable, console).report(console, &foreign);
    Ok(Exit::Done)
}

/// What can go.
pub struct Swept<'a> {
    /// Trees to remove.
    pub chosen: Vec<&'a Tree>,
    /// Trees that would be among them, if no stable prefix led to them: each with that link.
    pub stable: Vec<(&'a Tree, PathBuf)>,
}

/// Of our trees, those that were last of use before some time; and all that is not finished.
#[must_use]
pub fn sweep<'a>(ours: &[&'a Tree], older_than: Option<Duration>) -> Swept<'a> {
    let limit = older_than.map(|age| SystemTime::now().checked_sub(age).unwrap_or(UNIX_EPOCH));
    let old = |tree: &Tree| limit.is_none_or(|limit| tree.last_of_use().is_some_and(|used| used < limit));
    let links = stable_prefix::all(&StateDir::all(base_dir::variable));
    let mut swept = Swept { chosen: Vec::new(), stable: Vec::new() };
    for &tree in ours.iter().filter(|tree| tree.state != State::Complete || old(tree)) {
        match links.iter().find(|(_, target)| *target == tree.path) {
            Some((link, _)) => swept.stable.push((tree, link.clone())),
            None => swept.chosen.push(tree),
        }
    }
    swept
}

/// What was removed, or would be.
pub struct Removal<'a> {
    /// With what each has freed.
    pub removed: Vec<(&'a Tree, Usage)>,
    /// What stays, and why; without a reason where somebody else has removed it meanwhile.
    pub kept: Vec<(&'a Tree, Option<Refusal>)>,
    dry_run: bool,
}

impl<'a> Removal<'a> {
    /// Says of these that they stay.
    #[must_use]
    pub fn with_stable(mut self, stable: Vec<(&'a Tree, PathBuf)>, console: &mut Console) -> Self {
        stable.into_iter().for_each(|(tree, link)| self.keep(tree, Refusal::Stable(link), console));
        self
    }

    fn keep(&mut self, tree: &'a Tree, refusal: Refusal, console: &mut Console) {
        if !console.json() {
            let problem = Diagnostic::warning("workenv.kept", format!("not removed: {refusal}"));
            console.warn(problem.file(&tree.path));
        }
        self.kept.push((tree, Some(refusal)));
    }

    /// Removes trees, or only looks which could be.
    #[must_use]
    pub fn of(trees: &[&'a Tree], dry_run: bool, console: &mut Console) -> Self {
        let mut removal = Self { removed: Vec::new(), kept: Vec::new(), dry_run };
        for &tree in trees {
            let outcome = match (dry_run, tree.users()) {
                (true, users) if users.is_empty() => Ok(usage(&tree.path)),
                (true, users) => Err(Refusal::Used(users)),
                (false, _) => workenv::remove(tree),
            };
            match outcome {
                Ok(usage) => removal.removed.push((tree, usage)),
                Err(_) if !tree.path.exists() => removal.kept.push((tree, None)),
                Err(refusal) => removal.keep(tree, refusal, console),
            }
        }
        removal
    }

    /// Bytes that were freed, or would be.
    #[must_use]
    pub fn freed(&self) -> u64 {
        self.removed.iter().map(|(_, usage)| usage.bytes).sum()
    }

    fn report(&self, console: &mut Console, foreign: &[&Tree]) {
        if console.json() {
            let kept = self.kept.iter().filter_map(|(tree, refusal)| {
                Some(KeptDocument { path: &tree.path, reason: refusal.as_ref()?.to_string() })
            });
            let kept: Vec<_> = kept.collect();
            console.document(&RemovalDocument {
                ok: kept.is_empty(),
                dry_run: self.dry_run,
                removed: self.removed.iter().map(|(tree, _)| tree.path.as_path()).collect(),
                kept,
                freed: self.freed(),
            });
            return;
        }
        let word = if self.dry_run { "would remove" } else { "removed" };
        for (tree, usage) in &self.removed {
            console.say(&format!("{word}  {}  {}", printable(&tree.label()), size(usage.bytes)));
        }
        if self.removed.is_empty() {
            console.say("nothing to remove");
        } else {
            let verb = if self.dry_run { "to be freed" } else { "freed" };
            console.say(&format!("{} {verb}", size(self.freed())));
        }
        if !foreign.is_empty() {
            let names: Vec<String> = foreign.iter().map(|tree| printable(&tree.label())).collect();
            console.say(&format!("left alone, as they are of another tool: {}", names.join(", ")));
        }
    }
}
