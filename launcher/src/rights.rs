//! Whether this process has more rights than whoever started it.

/// Whether it was started set-uid, set-gid, with file capabilities, or into another security domain: then its caller is not to be
/// relied on, and everything that a launcher goes by is the caller's.
#[must_use]
pub(crate) fn more_than_the_caller() -> bool {
    use rustix::process::{getegid, geteuid, getgid, getuid};
    geteuid() != getuid() || getegid() != getgid() || is_secure_execution()
}

/// The kernel's own word.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[allow(unsafe_code, reason = "the auxiliary vector is the C library's to read")]
fn is_secure_execution() -> bool {
    // SAFETY: takes a number and gives one; a kind that is not there gives 0.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_secure_execution() -> bool {
    false
}
