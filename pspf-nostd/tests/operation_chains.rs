//! Operation chains: packing, text, decoding order, and what is refused.

use proptest::prelude::*;
use pspf_nostd::operation::{Codec, Operation, OperationChain, OperationError, OperationRange};

fn chain(codes: &[u8]) -> OperationChain {
    let operations: Vec<_> = codes.iter().copied().map(Operation).collect();
    OperationChain::from_operations(&operations).expect("a chain")
}

#[test]
fn chains_print_as_the_published_inspect_does() {
    for (packed, text) in [
        (0, "raw"),
        (0x1000, "raw"),
        (0x01, "tar"),
        (0x1b, "zstd"),
        (0x1001, "tar.gz"),
        (0x1301, "tar.bz2"),
        (0x1601, "tar.xz"),
        (0x1b01, "tar.zst"),
        (0x1010, "gzip|gzip"),
        (0x1b_10_01, "tar|gzip|zstd"),
        (0x99, "0x99"),
        (0x2e_01, "tar|0x2E"),
        (0xff_0f, "bundle_reserved_f|terminal"),
    ] {
        assert_eq!(OperationChain::from_packed(packed).to_string(), text, "0x{packed:x}");
    }
}

#[test]
fn codecs_come_in_decoding_order_with_tar_aside() {
    let chain = OperationChain::parse("tar|gzip|zstd|xz|bzip2").expect("a chain");
    assert!(chain.is_tar());
    assert_eq!(chain.codecs(), Ok(vec![Codec::Bzip2, Codec::Xz, Codec::Zstd, Codec::Gzip]));
    assert_eq!(OperationChain::RAW.codecs(), Ok(vec![]));
    assert!(!OperationChain::RAW.is_tar());
}

#[test]
fn what_is_never_decoded_is_named() {
    let unsupported = chain(&[0x01, 0x1e]).codecs().expect_err("lz4");
    assert_eq!(unsupported, OperationError::Unsupported { operation: Operation(0x1e), position: 1 });
    assert_eq!(
        unsupported.to_string(),
        "operation 0x1E (lz4) at position 1 is not supported; supported are tar, gzip, bzip2, xz and zstd"
    );
    let nameless = chain(&[0x99]).codecs().expect_err("no name");
    assert!(nameless.to_string().starts_with("operation 0x99 (no registered name) at position 0"), "{nameless}");
    assert_eq!(chain(&[0x10, 0x01]).codecs(), Err(OperationError::TarNotFirst { position: 1 }));
    assert_eq!(chain(&[0x01, 0x01]).codecs(), Err(OperationError::TarNotFirst { position: 1 }));
    let terminal = OperationChain::from_packed(0xff).codecs();
    assert_eq!(terminal, Err(OperationError::Unsupported { operation: Operation::TERMINAL, position: 0 }));
}

#[test]
fn a_hole_is_seen_and_kept() {
    for (packed, hole, operations) in [
        (0x1000, true, 0),
        (0x10_0001, true, 1),
        (0x1001, false, 2),
        (0, false, 0),
        (1 << 56, true, 0),
        (u64::MAX, false, 8),
    ] {
        let chain = OperationChain::from_packed(packed);
        assert_eq!((chain.has_hole(), chain.operations().count()), (hole, operations), "0x{packed:x}");
        assert_eq!(chain.packed(), packed);
    }
}

#[test]
fn strings_that_mean_nothing_are_refused() {
    for text in
        ["gzipp", "tar.lz4", "tar|", "|", ",", "tar,,gzip", "tgz|zstd", "tar|gzip,xz", "none|gzip", "0x10", "lz4"]
    {
        let error = OperationChain::parse(text).expect_err(text);
        assert!(matches!(error, OperationError::UnknownName { .. }), "{text}: {error}");
    }
    let nine = ["gzip"; 9].join("|");
    assert_eq!(OperationChain::parse(&nine), Err(OperationError::TooMany { found: 9 }));
    let none = OperationChain::from_operations(&[Operation::TAR, Operation::NONE]);
    assert_eq!(none, Err(OperationError::NotAnOperation { operation: Operation::NONE }));
}

#[test]
fn our_own_words_and_lists_are_understood() {
    for (text, packed) in [
        (" RAW ", 0),
        ("TZST", 0x1b01),
        ("Tar.Zst", 0x1b01),
        ("tar | zstd", 0x1b01),
        ("tar,zstd", 0x1b01),
        ("tar , gzip", 0x1001),
        ("ZSTD", 0x1b),
    ] {
        assert_eq!(OperationChain::parse(text).map(OperationChain::packed), Ok(packed), "{text:?}");
    }
}

#[test]
fn ranges_cover_all_codes_in_order() {
    let names: Vec<_> = (0..=255).map(|code| Operation(code).range().name()).collect();
    let mut distinct = names.clone();
    distinct.dedup();
    let order = "none bundle compress encrypt encode hash signature transform custom vendor terminal";
    assert_eq!(distinct.join(" "), order);
    assert_eq!(Operation::ZSTD.range(), OperationRange::Compress);
    assert_eq!(Operation(0x2f).range(), OperationRange::Compress);
    assert_eq!(Operation(0x30).range(), OperationRange::Encrypt);
}

proptest! {
    #[test]
    fn chains_survive_packing(codes in prop::collection::vec(1u8..=254, 0..=8)) {
        let packed = chain(&codes).packed();
        let read = OperationChain::from_packed(packed);
        prop_assert_eq!(read.operations().map(|Operation(code)| code).collect::<Vec<_>>(), codes);
        prop_assert!(!read.has_hole());
        prop_assert_eq!(read, chain(&read.operations().map(|Operation(code)| code).collect::<Vec<_>>()));
    }

    #[test]
    fn printed_writable_chains_parse_back(picks in prop::collection::vec(0usize..5, 0..=8)) {
        let codes: Vec<u8> = picks.iter().map(|&pick| [0x01, 0x10, 0x13, 0x16, 0x1b][pick]).collect();
        let chain = chain(&codes);
        prop_assert_eq!(OperationChain::parse(&chain.to_string()), Ok(chain));
    }

    #[test]
    fn any_packed_value_is_readable(packed: u64) {
        let chain = OperationChain::from_packed(packed);
        let _ = (chain.to_string(), chain.codecs(), chain.is_tar());
        let bytes = packed.to_le_bytes();
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(8);
        prop_assert_eq!(chain.operations().count(), end);
        prop_assert_eq!(chain.has_hole(), bytes[end..].iter().any(|&byte| byte != 0));
    }

    #[test]
    fn no_string_makes_a_parser_panic(text: String) {
        use pspf_nostd::operation::published;
        let _ = (OperationChain::parse(&text), published::python(&text), published::rust(&text), published::go(&text));
        for builder in pspf_nostd::slot_words::Builder::ALL {
            let _ = pspf_nostd::slot_words::permissions(builder, Some(&text));
        }
    }
}
