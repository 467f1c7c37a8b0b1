//! The launcher that stands at the front of every package.

#![cfg_attr(unix, no_main)]

/// The C library's way in. The standard library's own would install handlers for overflowing stacks, 6 KB, and what else it
/// does is done here: the standard descriptors are there, and the arguments are passed on.
#[cfg(unix)]
#[allow(unsafe_code, reason = "the arguments of `main` are pointers, and descriptors are looked at by number")]
mod entry {
    use std::{
        ffi::{CStr, OsStr, OsString, c_char, c_int},
        os::unix::ffi::OsStrExt,
    };

    // SAFETY: the C library calls exactly one function of this name, with these arguments.
    #[unsafe(no_mangle)]
    extern "C" fn main(count: c_int, arguments: *const *const c_char) -> c_int {
        open_standard_descriptors();
        let count = usize::try_from(count).unwrap_or(0);
        // SAFETY: the array has `count` pointers to texts that end with a NUL, which stay as long as the process.
        let argument = |at| unsafe { CStr::from_ptr(*arguments.add(at)) };
        let arguments: Vec<OsString> =
            (0..count).map(|at| OsStr::from_bytes(argument(at).to_bytes()).to_owned()).collect();
        c_int::from(flavor_launcher::run::main(arguments))
    }

    /// Where a caller has closed one of them, the next file to be opened would take its place, and get what is printed.
    fn open_standard_descriptors() {
        let mut standard = [0, 1, 2].map(|fd| libc::pollfd { fd, events: 0, revents: 0 });
        // SAFETY: the array has three entries. Nothing is waited for.
        unsafe { libc::poll(standard.as_mut_ptr(), 3, 0) };
        for _closed in standard.iter().filter(|found| found.revents & libc::POLLNVAL != 0) {
            // SAFETY: the path ends with a NUL. The lowest free number is taken: that of the first that is still closed.
            if unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) } < 0 {
                std::process::abort();
            }
        }
    }
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    eprintln!("flavor: packages do not run on this system yet; use Linux, macOS or the Windows Subsystem for Linux");
    std::process::ExitCode::from(104)
}
