//! `docs/applications.md`: two tables of which each run replaces the rows that it has measured.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::catalogue::APPS;

/// Rows by application, in the order of the catalogue.
pub(super) struct Page {
    times: Vec<Vec<String>>,
    places: Vec<Vec<String>>,
}

const TIMES: &str = "\
## Times and sizes

| application | pack, s: flavor | flavorpack | PyInstaller | size, MB: flavor | flavorpack | PyInstaller | first run, s: flavor | flavorpack | next run, s: flavor | flavorpack | PyInstaller | remarks |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
";
/// Cells of the table of times that are about our package: pack, size, first, next.
const OURS: [usize; 4] = [1, 4, 7, 9];
/// Those of the published tool's.
const PUBLISHED: [usize; 4] = [2, 5, 8, 10];
/// Those of PyInstaller's, whose runs are all first ones.
const PYINSTALLER: [usize; 3] = [3, 6, 11];
const REMARKS: usize = 12;

const PLACES: &str = "\
## Where it runs

| application | distributions | same bytes | only a libc | empty root | musl | with glibc, MB | others, % |
|---|---|---|---|---|---|---|---|
";

const HEAD: &str = "\
# Applications

What people pack, as small projects around distributions from PyPI ([catalogue](../xtask/src/apps/catalogue.rs)): each is packed, run, and
held against what it must print. This page is written by `cargo xtask apps`, and the columns of other packers by `cargo xtask apps --peers`; with names behind it, only
their rows are measured again.

* *pack*: the second packing, with warm caches of uv and of the interpreter. *first run*: with an empty cache directory. Of three runs of each kind
  the fastest counts.
* *same bytes*: three packings are identical, in different folders, at different times, with files of different age; the last one with another home
  and caches, user id, umask, time zone and language.
* *only a libc*: it runs in a root folder that holds nothing but glibc's libraries and the package; no Python, no shell. *empty root*: packed with
  `--python debian`, which brings glibc along (*with glibc* is its size), it runs in a root folder that holds nothing but the package. *musl*: the same package in a root folder like
  Alpine's, with musl and busybox. In all three the environment is `HOME` alone.
* *others*: what other programs took of the processors meanwhile.
* flavorpack is the published implementation, 0.5.4, with the interpreter that is packed by flavor, without its tests and caches. PyInstaller is the newest one, `--onefile`; it
  unpacks itself at each run. Both pack once, with whatever their caches have.
";

impl Page {
    /// The rows that the page at `path` has; none if it is not there.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = if path.exists() { fs::read_to_string(path)? } else { String::new() };
        let (times, places) = text.split_once(title(PLACES)).unwrap_or((text.as_str(), ""));
        Ok(Self { times: rows(times), places: rows(places) })
    }

    /// Our package was measured: pack, size, first and next run; then where it runs.
    pub(super) fn set_ours(&mut self, app: &str, times: &[String], places: &[String]) {
        let row = row(&mut self.times, app, REMARKS + 1);
        OURS.iter().zip(times).for_each(|(cell, text)| row[*cell] = plain(text));
        let row = self::row(&mut self.places, app, cells(title_row(PLACES)).len());
        row.iter_mut().skip(1).zip(places).for_each(|(cell, text)| *cell = plain(text));
    }

    /// The other packers were: pack, size, first and next run of each, and what went wrong.
    pub(super) fn set_peers(&mut self, app: &str, published: &[String], pyinstaller: &[String], remarks: &str) {
        let row = row(&mut self.times, app, REMARKS + 1);
        PUBLISHED.iter().zip(published).for_each(|(cell, text)| row[*cell] = plain(text));
        let runs = pyinstaller.iter().take(2).chain(pyinstaller.last());
        PYINSTALLER.iter().zip(runs).for_each(|(cell, text)| row[*cell] = plain(text));
        row[REMARKS] = plain(remarks);
    }

    pub(super) fn text(&self) -> Result<String> {
        let mut text = format!("{HEAD}\n{}", self.machine()?);
        for (table, rows) in [(TIMES, &self.times), (PLACES, &self.places)] {
            text.push_str(&format!("\n{table}"));
            rows.iter().for_each(|row| text.push_str(&format!("| {} |\n", row.join(" | "))));
        }
        Ok(text)
    }

    /// What the times were measured on, and what they are worth.
    fn machine(&self) -> Result<String> {
        let others = self.places.iter().filter_map(|row| row.last()?.parse::<u32>().ok()).max().unwrap_or_default();
        let quiet = if others > 10 {
            format!(
                "**The machine was not quiet**: other programs took up to {others} % of its processors while a row was measured, and the times are longer for it. \
                 Packers were measured one after the other: compare their sizes, their times only roughly."
            )
        } else {
            format!("The machine was quiet: other programs took at most {others} % of its processors.")
        };
        let processors = std::thread::available_parallelism()?;
        Ok(format!("Measured on Linux {} with {processors} processors. {quiet}\n", std::env::consts::ARCH))
    }
}

/// A text that does not end its cell.
fn plain(text: &str) -> String {
    text.replace('|', "/")
}

fn title(table: &str) -> &str {
    table.lines().next().unwrap_or_default()
}

fn title_row(table: &str) -> &str {
    table.lines().nth(2).unwrap_or_default()
}

fn cells(row: &str) -> Vec<String> {
    row.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn rows(text: &str) -> Vec<Vec<String>> {
    text.lines().filter(|line| line.starts_with('|')).map(cells).filter(|row| position(row).is_some()).collect()
}

fn position(row: &[String]) -> Option<usize> {
    let name = row.first()?;
    APPS.iter().position(|app| app.name == name)
}

/// The row of an application, made where there is none.
fn row<'a>(rows: &'a mut Vec<Vec<String>>, app: &str, length: usize) -> &'a mut Vec<String> {
    let at = rows.iter().position(|row| row.first().is_some_and(|name| name == app)).unwrap_or_else(|| {
        let mut row = vec![String::new(); length];
        row[0] = app.to_owned();
        let at = rows.partition_point(|other| position(other) < position(&row));
        rows.insert(at, row);
        at
    });
    let row = &mut rows[at];
    row.resize(length, String::new());
    row
}

/// Writes the page in one step.
pub(super) fn write(path: &Path, page: &Page) -> Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, page.text()?)?;
    fs::rename(&new, path).with_context(|| format!("could not write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<const N: usize>(texts: [&str; N]) -> [String; N] {
        texts.map(str::to_owned)
    }

    #[test]
    fn a_run_replaces_its_cells_and_keeps_the_others() {
        let file = std::env::temp_dir().join(format!("applications-{}", std::process::id()));
        let mut page = Page::read(&file).unwrap();
        let places = texts(["black", "yes", "yes", "yes", "yes", "13.0", "3"]);
        page.set_ours("black", &texts(["old", "1", "2", "3"]), &places);
        page.set_ours("click-rich", &texts(["kept", "1", "2", "3"]), &places);
        page.set_peers("black", &texts(["40", "30", "1", "2"]), &texts(["50", "20", "9", "8"]), "a | b");
        write(&file, &page).unwrap();
        let mut again = Page::read(&file).unwrap();
        assert_eq!(again.text().unwrap(), page.text().unwrap());
        again.set_ours("black", &texts(["new", "4", "5", "6"]), &places);
        let rows: Vec<String> = again.times.iter().map(|row| row.join(" ")).collect();
        assert_eq!(rows, ["click-rich kept   1   2  3   ", "black new 40 50 4 30 20 5 1 6 2 8 a / b"]);
        assert_eq!(again.places.len(), 2);
        fs::remove_file(file).unwrap();
    }

    #[test]
    fn the_page_says_when_the_machine_was_busy() {
        let mut page = Page { times: Vec::new(), places: Vec::new() };
        page.set_ours("black", &[], &texts(["", "", "", "", "", "", "9"]));
        assert!(page.text().unwrap().contains("was quiet"));
        page.set_ours("flit", &[], &texts(["", "", "", "", "", "", "61"]));
        assert!(page.text().unwrap().contains("**The machine was not quiet**: other programs took up to 61 %"));
    }
}
