//! Whether this process has more rights than its caller.

/// Whether it was started set-uid, set-gid, with file capabilities, or into another security domain: then the caller's
/// environment, which decides what a launcher runs, must not be trusted.
#[must_use]
pub(crate) fn more_than_the_caller() -> bool {
    use rustix::process::{getegid, geteuid, getgid, getuid};
    geteuid() != getuid() || getegid() != getgid() || is_secure_execution()
}

/// What the kernel says.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[allow(unsafe_code, reason = "the auxiliary vector is the C library's to read")]
fn is_secure_execution() -> bool {
    // SAFETY: takes and returns integers only; unknown kinds give 0.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_secure_execution() -> bool {
    false
}
