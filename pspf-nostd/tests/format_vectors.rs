//! The format's vector files (`tests/vectors/format`) against operations, digests, keys, signature and slot words.

use base64ct::{Base64, Encoding};
use pspf_nostd::digest::{adler32, hex, index_checksum, sha256, trunc64, unhex};
use pspf_nostd::key::{PublicKey, SigningKey};
use pspf_nostd::operation::{Operation, OperationChain, published};
use pspf_nostd::signature::{SignatureError, verify_strict};
use pspf_nostd::slot_words::{self, Builder};
use serde_json::Value;

fn read(json: &str) -> Value {
    serde_json::from_str(json).expect("a vector file is JSON")
}

macro_rules! vectors {
    ($name:literal) => {
        read(include_str!(concat!("../../tests/vectors/format/", $name)))
    };
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a string, not {value}"))
}

fn rows(value: &Value) -> &[Value] {
    let rows = value.as_array().expect("a list");
    assert!(!rows.is_empty());
    rows
}

fn number(value: &Value) -> u64 {
    let text = text(value).split(' ').next().unwrap_or_default();
    u64::from_str_radix(text.strip_prefix("0x").expect("0x"), 16).expect("hex")
}

fn codes(value: &Value) -> Vec<u8> {
    let code = |code: &Value| u8::try_from(code.as_u64().expect("a number")).expect("a byte");
    value.as_array().expect("a list").iter().map(code).collect()
}

#[test]
fn chains_pack_as_listed() {
    let file = vectors!("operations.json");
    for row in rows(&file["pack"]) {
        let operations: Vec<_> = codes(&row["codes"]).into_iter().map(Operation).collect();
        let chain = OperationChain::from_operations(&operations).expect("a short chain");
        assert_eq!(chain.packed(), number(&row["packed"]), "{row}");
        assert_eq!(hex(&chain.packed().to_le_bytes()), text(&row["le_bytes"]), "{row}");
        assert_eq!(OperationChain::parse(text(&row["name"])), Ok(chain), "{row}");
        assert_eq!(published::python(text(&row["name"])), Ok(chain), "{row}");
    }
    for row in rows(&file["unpack_stops_at_first_zero"]) {
        let chain = OperationChain::from_packed(number(&row["packed"]));
        assert_eq!(chain.operations().map(|Operation(code)| code).collect::<Vec<_>>(), codes(&row["codes"]), "{row}");
        assert_eq!(chain.packed(), number(&row["packed"]), "kept as read: {row}");
    }
}

#[test]
fn operation_strings_give_what_each_builder_writes() {
    let file = vectors!("operations.json");
    let accepted = &file["string_accepted_by_builder_0_5_4"];
    for (builder, parse) in [("rust", published::rust as fn(&str) -> OperationChain), ("go", published::go)] {
        let table = accepted[builder].as_object().expect("a table");
        assert!(table.len() >= 10);
        for (string, packed) in table {
            assert_eq!(parse(string).packed(), number(packed), "{builder}: {string:?}");
        }
    }
    for row in rows(&vectors!("builder-words.json")["operations"]) {
        let string = text(&row["text"]);
        let python = published::python(string).ok().map(OperationChain::packed);
        assert_eq!(python, row["python"].as_str().map(|_| number(&row["python"])), "python: {row}");
        assert_eq!(published::rust(string).packed(), number(&row["rust"]), "rust: {row}");
        assert_eq!(published::go(string).packed(), number(&row["go"]), "go: {row}");
    }
}

#[test]
fn our_own_parser_takes_every_string_that_a_builder_honours_whole() {
    let mut honoured = 0;
    for row in rows(&vectors!("builder-words.json")["operations"]) {
        let string = text(&row["text"]);
        // The Rust builder skips parts it does not know and drops what comes after eight; we refuse such a list or mean all of it.
        let parts: Vec<_> = string.split(',').map(str::trim).collect();
        let rust_takes_all = string == "tgz" || parts.len() <= 8 && parts.iter().all(|p| matches!(*p, "tar" | "gzip"));
        // The Python builder overlooks empty elements and takes control characters for blanks; we do not.
        let python_takes_all = !string.contains('\u{1c}')
            && (!string.contains('|') || string.split('|').all(|part| !part.trim().is_empty()));
        for (builder, takes_all) in [("rust", rust_takes_all), ("go", true), ("python", python_takes_all)] {
            if takes_all && row[builder].is_string() && number(&row[builder]) != 0 {
                honoured += 1;
                let packed = OperationChain::parse(string).map(OperationChain::packed);
                assert_eq!(packed, Ok(number(&row[builder])), "{builder}: {row}");
            }
        }
    }
    assert!(honoured > 30, "{honoured}");
}

#[test]
fn slot_words_give_what_each_builder_writes() {
    let file = vectors!("builder-words.json");
    for (name, builder) in [("python", Builder::Python), ("rust", Builder::Rust), ("go", Builder::Go)] {
        for row in rows(&file["purpose"]) {
            let code = u64::from(slot_words::purpose_code(builder, text(&row["text"])));
            assert_eq!(Some(code), row[name].as_u64(), "{name} purpose {row}");
        }
        for row in rows(&file["lifecycle"]) {
            let code = u64::from(slot_words::lifecycle_code(builder, text(&row["text"])));
            assert_eq!(Some(code), row[name].as_u64(), "{name} lifecycle {row}");
        }
        for row in rows(&file["permissions"]) {
            let mode = slot_words::permissions(builder, row["text"].as_str());
            let expected = u16::from_str_radix(text(&row[name]), 8).expect("octal");
            assert_eq!(mode, expected, "{name} permissions {row}");
        }
    }
    for row in rows(&vectors!("descriptors.json")) {
        let builder = match text(&row["builder"]) {
            "py" => Builder::Python,
            "rs" => Builder::Rust,
            _ => Builder::Go,
        };
        let (slot, bytes) = (&row["metadata"], unhex::<64>(text(&row["descriptor_hex"])).expect("64 bytes"));
        let Some(id) = slot["id"].as_str() else { continue };
        let hashed = if builder == Builder::Go { text(&slot["target"]) } else { id };
        assert_eq!(bytes[8..16], trunc64(hashed.as_bytes()).to_le_bytes(), "{row}");
        assert_eq!(bytes[56], slot_words::purpose_code(builder, text(&slot["purpose"])), "{row}");
        assert_eq!(bytes[57], slot_words::lifecycle_code(builder, text(&slot["lifecycle"])), "{row}");
        assert_eq!(
            bytes[62..64],
            slot_words::permissions(builder, slot["permissions"].as_str()).to_le_bytes(),
            "{row}"
        );
    }
}

#[test]
fn words_and_codes_of_a_builder_agree_both_ways() {
    for builder in Builder::ALL {
        for code in 0..=255 {
            if let Some(name) = slot_words::purpose_name(builder, code) {
                assert_eq!(slot_words::purpose_code(builder, name), code, "{builder:?} {name}");
            }
        }
    }
    for code in 0..=255 {
        assert_eq!(slot_words::lifecycle_name(code).is_some(), code <= 11);
        if let Some(name) = slot_words::lifecycle_name(code) {
            assert_eq!(slot_words::lifecycle_code(Builder::Python, name), code, "{name}");
        }
    }
}

#[test]
fn the_registry_has_every_name_and_no_other() {
    let file = vectors!("registry.json");
    let table = file.as_object().expect("a table");
    assert_eq!(table.len(), 101);
    for code in 0..=255u8 {
        let expected =
            table.get(&format!("0x{code:x}")).map(|name| text(name).trim_start_matches("OP_").to_lowercase());
        assert_eq!(Operation(code).name(), expected.as_deref(), "0x{code:02x}");
        if let Some(name) = expected {
            assert_eq!(Operation::from_name(&name), Some(Operation(code)));
        }
    }
    assert!(Operation::registered().map(|Operation(code)| code).is_sorted_by(|a, b| a < b));
    assert_eq!(Operation::registered().count(), 101);
}

#[test]
fn checksums_and_name_hashes_are_as_listed() {
    for row in rows(&vectors!("checksums.json")) {
        let length = usize::try_from(row["len"].as_u64().expect("a length")).expect("small");
        let input = match row["input_hex"].as_str() {
            Some(digits) => digits
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex"))
                .collect(),
            None => vec![if text(&row["input_desc"]).ends_with("0xff") { 0xff } else { 0 }; length],
        };
        assert_eq!(input.len(), length);
        assert_eq!(u64::from(adler32(&input)), number(&row["adler32"]), "{row}");
        assert_eq!(sha256(&input).to_string(), text(&row["sha256"]), "{row}");
        assert_eq!(trunc64(&input), number(&row["slot_checksum_u64"]), "{row}");
        assert_eq!(hex(&trunc64(&input).to_le_bytes()), text(&row["slot_checksum_bytes"]), "{row}");
    }
    for row in rows(&vectors!("name_hash.json")) {
        assert_eq!(trunc64(text(&row["name"]).as_bytes()), number(&row["u64"]), "{row}");
    }
}

#[test]
fn index_checksums_are_as_listed() {
    for row in rows(&vectors!("index.json")) {
        let head = unhex::<1568>(text(&row["first_1568_bytes"])).expect("hex");
        let mut block = [0; 8192];
        block[..head.len()].copy_from_slice(&head);
        assert_eq!(sha256(&block).to_string(), text(&row["sha256_of_8192"]), "{}", row["profile"]);
        let checksum = index_checksum(&block);
        assert_eq!(u64::from(checksum), number(&row["index_checksum"]), "{}", row["profile"]);
        assert_eq!(checksum.to_le_bytes(), block[4..8], "{}", row["profile"]);
    }
}

#[test]
fn keys_follow_from_seed_texts() {
    for row in rows(&vectors!("keys.json")) {
        let key = SigningKey::from_seed_text(text(&row["key_seed"])).expect("a key");
        assert_eq!(hex(key.private_seed().as_ref()), text(&row["ed25519_private_seed"]), "{row}");
        assert_eq!(key.public_key().to_string(), text(&row["public_key"]), "{row}");
        let fingerprint = key.public_key().fingerprint();
        assert_eq!(fingerprint.to_string(), text(&row["fingerprint"]), "{row}");
        assert_eq!(fingerprint.short(), text(&row["fingerprint"])[..16], "{row}");
        assert_eq!(key.to_pem().as_str(), text(&row["private_pem_pkcs8"]), "{row}");
        assert_eq!(key.public_key().to_pem(), text(&row["public_pem_spki"]), "{row}");
        let read = SigningKey::from_pem(text(&row["private_pem_pkcs8"]).as_bytes()).expect("PKCS#8");
        assert_eq!(read.public_key(), key.public_key());
        assert_eq!(PublicKey::from_pem(text(&row["public_pem_spki"]).as_bytes()), Ok(key.public_key()));
    }
}

#[test]
fn the_signature_is_reproduced_and_the_universal_forgery_refused() {
    let row = vectors!("signature.json");
    let json = text(&row["json_utf8"]).as_bytes();
    assert_eq!(hex(json), text(&row["json_hex"]));
    let key = SigningKey::from_seed_text(text(&row["key_seed"])).expect("a key");
    let signature = key.sign(json);
    assert_eq!(hex(&signature), text(&row["signature"]));
    assert_eq!(verify_strict(&key.public_key(), json, &signature), Ok(()));

    let forged = &row["must_be_rejected_by_a_strict_verifier"];
    let public = PublicKey(unhex(text(&forged["public_key"])).expect("hex"));
    let signature = unhex(text(&forged["signature"])).expect("hex");
    for message in [json, b"", b"anything"] {
        assert_eq!(verify_strict(&public, message, &signature), Err(SignatureError::KeySmallOrder));
    }
}

#[test]
fn golden_packages_carry_good_checksums_and_signatures() {
    for row in rows(&vectors!("golden-packages.json")) {
        let gzip = Base64::decode_vec(text(&row["package_gzip_base64"])).expect("base64");
        let package = miniz_oxide::inflate::decompress_to_vec(&gzip[10..]).expect("deflate behind a plain gzip header");
        assert_eq!(sha256(&package).to_string(), text(&row["sha256"]), "{}", row["builder"]);
        let block: &[u8; 8192] = package[package.len() - 8196..].first_chunk().expect("a trailer");
        assert_eq!(index_checksum(block).to_le_bytes(), block[4..8], "{}", row["builder"]);

        let public = PublicKey(block[64..96].try_into().expect("32 bytes"));
        assert_eq!(public, SigningKey::from_seed_text("gold").expect("a key").public_key());
        assert_eq!(public.fingerprint().to_string().as_bytes(), &block[1376..1440]);
        let (json, signature) = (text(&row["metadata_json"]).as_bytes(), block[128..192].try_into().expect("64 bytes"));
        assert_eq!(verify_strict(&public, json, &signature), Ok(()), "{}", row["builder"]);
        assert_eq!(verify_strict(&public, &json[1..], &signature), Err(SignatureError::Mismatch));
    }
}
