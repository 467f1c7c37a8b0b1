#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pspf_fuzz::encoders(bytes));
