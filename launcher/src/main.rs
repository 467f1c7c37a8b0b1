//! The launcher that stands at the front of every package.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    flavor_launcher::run::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("flavor: packages do not run on this system yet; use Linux, macOS or the Windows Subsystem for Linux");
    ExitCode::from(104)
}

/// Threads of the launcher have no names. The standard library's code for names would bring in `snprintf` of a static C
/// library, 16 KB that nothing else here uses.
#[cfg(target_env = "musl")]
#[allow(unsafe_code, reason = "takes the place of a function of the C library; it touches neither argument")]
// SAFETY: the signature is the C library's, and success without an effect is a thing that it may answer.
#[unsafe(no_mangle)]
extern "C" fn pthread_setname_np(_thread: *mut std::ffi::c_void, _name: *const std::ffi::c_char) -> std::ffi::c_int {
    0
}
