//! The program as a child, where the launcher has to outlive it.
//!
//! The child stays in the launcher's process group, so the terminal and the shell see one job, as if the launcher had become
//! the program: what the terminal sends (Ctrl-C, Ctrl-Z) reaches the child by itself, what is sent to the launcher is
//! forwarded, and the launcher stops, dies and exits as the child does.

#![allow(unsafe_code, reason = "signal masks, and what runs between fork and exec; every use says why it is sound")]

use std::{io, mem, ptr};

use libc::{c_int, pid_t, sigset_t};
use rustix::process::{Pid, Resource, Signal, WaitOptions, getpid, getrlimit, kill_process, setrlimit, waitpid};

use crate::process_image::ProcessImage;

/// What is forwarded to the child.
const FORWARDED: [c_int; 10] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGCONT,
    libc::SIGTSTP,
    libc::SIGWINCH,
];

/// What a terminal sends to the whole process group.
const OF_THE_TERMINAL: [c_int; 4] = [libc::SIGINT, libc::SIGQUIT, libc::SIGTSTP, libc::SIGWINCH];

/// Seconds between SIGTERM and SIGKILL for a program that has run for too long.
const TIMEOUT_GRACE: u32 = 5;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With an exit code.
    Code(u8),
    /// By a signal.
    Signal(c_int),
    /// By us, after its `timeout`.
    TimedOut,
}

/// Runs a program to its end, for at most `timeout` seconds.
///
/// # Errors
/// Those of starting it.
pub(crate) fn run(program: &ProcessImage, timeout: Option<u64>) -> io::Result<Ended> {
    let waited: Vec<c_int> = FORWARDED.into_iter().chain([libc::SIGCHLD]).collect();
    let mask = Mask::block(&waited)?;
    let launcher = getpid();
    let prepare = || {
        end_with_parent(launcher);
        if mask.child_was_ignored {
            // SAFETY: ignores the signal, no handler.
            unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        }
        Mask::set(&mask.before)
    };
    // SAFETY: the closure calls only functions that POSIX or Linux make async-signal-safe (prctl, getppid, sigprocmask,
    // signal, _exit), and allocates nothing.
    let child = unsafe { program.spawn(&prepare)? };
    if let Some(seconds) = timeout {
        set_alarm(u32::try_from(seconds).unwrap_or(u32::MAX));
    }
    Ok(wait(child, &waited, timeout.is_some()))
}

/// Ends this process in the way that the program has ended; returns the exit code where that is its way.
#[must_use]
pub fn end_as(ended: Ended) -> u8 {
    match ended {
        Ended::Code(code) => code,
        Ended::TimedOut => 124,
        Ended::Signal(signal) => {
            // One core dump is enough.
            let core = getrlimit(Resource::Core);
            let _ = setrlimit(Resource::Core, rustix::process::Rlimit { current: Some(0), ..core });
            if let Some(number) = Signal::from_named_raw(signal) {
                // SAFETY: no handler is installed; the default action needs none of our state.
                unsafe { libc::signal(signal, libc::SIG_DFL) };
                let _ = unblock(signal);
                let _ = kill_process(getpid(), number);
            }
            // The first process of a container does not die of signals that it sends itself.
            u8::try_from(128 + signal).unwrap_or(u8::MAX)
        }
    }
}

/// Passes on what happens to the launcher and to the child, until the child is gone.
fn wait(child: Pid, waited: &[c_int], has_timeout: bool) -> Ended {
    let set = set_of(waited);
    let mut timed_out = false;
    loop {
        if let Some(ended) = look_at(child) {
            return if timed_out { Ended::TimedOut } else { ended };
        }
        let Some((signal, from)) = next_signal(&set) else { continue };
        if signal == libc::SIGCHLD {
            continue;
        }
        if signal == libc::SIGALRM && has_timeout && from == From::Kernel {
            let end = if timed_out { Signal::KILL } else { Signal::TERM };
            let _ = kill_process(child, end);
            let _ = kill_process(child, Signal::CONT);
            timed_out = true;
            set_alarm(TIMEOUT_GRACE);
            continue;
        }
        let has_it = match from {
            From::Kernel => OF_THE_TERMINAL.contains(&signal),
            // A program that signals its whole process group has had its own share.
            From::Process(sender) => sender == child.as_raw_pid(),
        };
        if !has_it && let Some(signal) = Signal::from_named_raw(signal) {
            let _ = kill_process(child, signal);
        }
    }
}

/// What has become of the child; stops together with it. Other children are orphans that the first process of a container
/// inherits: they are only laid to rest.
fn look_at(child: Pid) -> Option<Ended> {
    loop {
        match waitpid(None, WaitOptions::NOHANG | WaitOptions::UNTRACED) {
            Err(rustix::io::Errno::INTR) => {}
            // Nobody can tell how it ended; the child is gone all the same.
            Err(_) => return Some(Ended::Code(1)),
            Ok(None) => return None,
            Ok(Some((pid, _))) if pid != child => {}
            Ok(Some((_, status))) => {
                if let Some(code) = status.exit_status() {
                    return Some(Ended::Code(u8::try_from(code & 0xff).unwrap_or(u8::MAX)));
                }
                if let Some(signal) = status.terminating_signal() {
                    return Some(Ended::Signal(signal));
                }
                if status.stopped() {
                    // The shell sees its job stop; SIGCONT wakes us, and is forwarded then.
                    let _ = kill_process(getpid(), Signal::STOP);
                }
            }
        }
    }
}

/// Who sent a signal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Kernel,
    Process(pid_t),
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn next_signal(set: &sigset_t) -> Option<(c_int, From)> {
    // SAFETY: `siginfo_t` is plain data that may be all zeros; both pointers are to live values of the right type.
    let (signal, info) = unsafe {
        let mut info: libc::siginfo_t = mem::zeroed();
        (libc::sigwaitinfo(set, &raw mut info), info)
    };
    if signal <= 0 {
        return None;
    }
    // Codes of processes are 0 and below (`SI_USER`, `SI_QUEUE`, `SI_TKILL`).
    let from = match info.si_code {
        // SAFETY: these codes come with a sender.
        code if code <= 0 => From::Process(unsafe { info.si_pid() }),
        _ => From::Kernel,
    };
    Some((signal, from))
}

/// Where the sender is not told, a terminal that we are in front of is taken for the sender of its own signals.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn next_signal(set: &sigset_t) -> Option<(c_int, From)> {
    use std::io::IsTerminal;
    let mut signal: c_int = 0;
    // SAFETY: both pointers are to live values of the right type.
    if unsafe { libc::sigwait(set, &raw mut signal) } != 0 {
        return None;
    }
    let terminal = signal == libc::SIGALRM || (OF_THE_TERMINAL.contains(&signal) && io::stdin().is_terminal());
    Some((signal, if terminal { From::Kernel } else { From::Process(0) }))
}

/// The child dies with the launcher, also if that is killed.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn end_with_parent(parent: Pid) {
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    // It may have died before.
    if rustix::process::getppid() != Some(parent) {
        // SAFETY: ends the process; async-signal-safe.
        unsafe { libc::_exit(1) };
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn end_with_parent(_parent: Pid) {}

/// Sends this process SIGALRM after so many seconds.
fn set_alarm(seconds: u32) {
    // SAFETY: no memory is involved.
    unsafe { libc::alarm(seconds) };
}

/// Children whose ends are told: a caller's ignored SIGCHLD would make the kernel throw their exit status away. Dropping it
/// leaves the signal as the caller had it.
#[derive(Debug)]
pub struct Heard {
    was_ignored: bool,
}

impl Default for Heard {
    fn default() -> Self {
        // SAFETY: sets the default action, no handler.
        let old = unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
        Self { was_ignored: old == libc::SIG_IGN }
    }
}

impl Heard {
    /// Whether the caller had it ignored; it is not restored here then, but in the child.
    fn left_to_the_child(self) -> bool {
        let was_ignored = self.was_ignored;
        mem::forget(self);
        was_ignored
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        if self.was_ignored {
            // SAFETY: ignores the signal, no handler.
            unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        }
    }
}

/// Signals that wait until they are asked for, from here to the end of the launcher.
struct Mask {
    before: sigset_t,
    child_was_ignored: bool,
}

impl Mask {
    fn block(signals: &[c_int]) -> io::Result<Self> {
        let set = set_of(signals);
        // SAFETY: `sigset_t` is plain data; the call fills `before` or fails.
        let (done, before) = unsafe {
            let mut before: sigset_t = mem::zeroed();
            (libc::sigprocmask(libc::SIG_BLOCK, &raw const set, &raw mut before), before)
        };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { before, child_was_ignored: Heard::default().left_to_the_child() })
    }

    /// Async-signal-safe.
    fn set(mask: &sigset_t) -> io::Result<()> {
        // SAFETY: `mask` is a live set; the old one is not asked for.
        match unsafe { libc::sigprocmask(libc::SIG_SETMASK, mask, ptr::null_mut()) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

fn unblock(signal: c_int) -> io::Result<()> {
    let set = set_of(&[signal]);
    // SAFETY: `set` is a live set; the old one is not asked for.
    match unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, &raw const set, ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn set_of(signals: &[c_int]) -> sigset_t {
    // SAFETY: `sigset_t` is plain data; `sigemptyset` makes it valid, and the signals are constants of the system.
    unsafe {
        let mut set: sigset_t = mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in signals {
            libc::sigaddset(&raw mut set, *signal);
        }
        set
    }
}
