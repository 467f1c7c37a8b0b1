//! The engine in a browser: `wasm-pack test --headless --chrome wasm --test browser`.
#![cfg(target_arch = "wasm32")]

mod host;

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn the_verdict_is_the_same_as_everywhere() {
    host::the_verdict_is_the_same_as_everywhere();
}

#[wasm_bindgen_test]
fn what_is_wrong_is_thrown_with_its_code() {
    host::what_is_wrong_is_thrown_with_its_code();
}
