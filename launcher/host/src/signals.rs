//! Signal dispositions and masks that the caller left to this process, and that its program gets back.

#![allow(unsafe_code, reason = "signal actions, and what runs before exec; every use says why it is sound")]

use std::{
    io, mem,
    os::unix::process::CommandExt as _,
    process::Command,
    ptr,
    sync::atomic::{AtomicBool, Ordering},
};

use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use rustix::process::Pid;

/// Whether the caller ignored SIGPIPE, as service managers do.
static CALLER_IGNORES_PIPES: AtomicBool = AtomicBool::new(false);

/// Looks at SIGPIPE before the standard library ignores it on its way to `main`.
extern "C" fn look_at_pipes() {
    // SAFETY: `sigaction` is plain data that may be all zeros; no action is set, the present one is written to a live value.
    let handler = unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        libc::sigaction(libc::SIGPIPE, ptr::null(), &raw mut action);
        action.sa_sigaction
    };
    CALLER_IGNORES_PIPES.store(handler == libc::SIG_IGN, Ordering::Relaxed);
}

// SAFETY: the C library calls the functions of this section once, before `main`, with no arguments or with those of `main`,
// which the C calling convention lets a function ignore. The function needs nothing of the standard library's runtime.
#[used]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static LOOK_AT_PIPES: extern "C" fn() = look_at_pipes;

/// What the launcher sets for a signal: never a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Default,
    Ignore,
}

/// Sets the action of a signal; whether it was ignored before. Async-signal-safe.
pub fn set_action(of: Signal, action: Action) -> bool {
    let handler = match action {
        Action::Default => SigHandler::SigDfl,
        Action::Ignore => SigHandler::SigIgn,
    };
    // SAFETY: no code of this program becomes a handler.
    let before = unsafe { signal(of, handler) };
    matches!(before, Ok(SigHandler::SigIgn))
}

/// The signals of the program to be: as the caller of the launcher had them.
#[derive(Clone, Copy, Debug)]
pub struct Inherited {
    mask: SigSet,
    child_ignored: bool,
    parent: Option<Pid>,
}

impl Inherited {
    /// With the mask as it is now.
    pub fn now() -> io::Result<Self> {
        Ok(Self { mask: SigSet::thread_get_mask()?, child_ignored: false, parent: None })
    }

    /// For a child of `parent`, which dies with it: with a mask from before signals were blocked, and SIGCHLD ignored where the
    /// caller had it so.
    pub fn of_child(parent: Pid, mask: SigSet, child_ignored: bool) -> Self {
        Self { mask, child_ignored, parent: Some(parent) }
    }

    /// Has `command` begin with these signals, where the standard library would reset them.
    pub fn pass_to(self, command: &mut Command) {
        let restore = move || {
            if let Some(parent) = self.parent {
                end_with_parent(parent)?;
            }
            if CALLER_IGNORES_PIPES.load(Ordering::Relaxed) {
                set_action(Signal::SIGPIPE, Action::Ignore);
            }
            if self.child_ignored {
                set_action(Signal::SIGCHLD, Action::Ignore);
            }
            Ok(self.mask.thread_set_mask()?)
        };
        // SAFETY: `prctl`, `getppid`, `signal` and `pthread_sigmask` are async-signal-safe, and nothing is allocated.
        unsafe { command.pre_exec(restore) };
    }
}

/// The child dies with the launcher, also if that is killed.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn end_with_parent(parent: Pid) -> io::Result<()> {
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    // It may have died before.
    if rustix::process::getppid() == Some(parent) { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ESRCH)) }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn end_with_parent(_parent: Pid) -> io::Result<()> {
    Ok(())
}

/// Children whose ends are told: a caller's ignored SIGCHLD would make the kernel throw their exit status away. Dropping it
/// leaves the signal as the caller had it.
#[derive(Debug)]
pub struct Heard {
    was_ignored: bool,
}

impl Default for Heard {
    fn default() -> Self {
        Self { was_ignored: set_action(Signal::SIGCHLD, Action::Default) }
    }
}

impl Heard {
    /// Whether the caller had it ignored.
    pub fn was_ignored(&self) -> bool {
        self.was_ignored
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        if self.was_ignored {
            set_action(Signal::SIGCHLD, Action::Ignore);
        }
    }
}
