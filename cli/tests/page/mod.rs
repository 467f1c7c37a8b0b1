//! Pages of `docs/` that are made from the source.

use std::{env, fs, path::Path};

/// Holds `docs/NAME` against what it should be; with `BLESS=1` in the environment it is rewritten first.
pub(crate) fn is_up_to_date(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    if env::var_os("BLESS").is_some() {
        fs::write(&path, page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let test = env!("CARGO_CRATE_NAME");
    assert!(found == page, "docs/{name} is stale: run `BLESS=1 cargo test -p flavor-cli --test {test}`");
}
