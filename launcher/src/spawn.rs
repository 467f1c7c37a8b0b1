//! The program as a child, where the launcher has to outlive it.
//!
//! The child stays in the launcher's process group, so the terminal and the shell see one job, as if the launcher had become
//! the program: what the terminal sends (Ctrl-C, Ctrl-Z) reaches the child by itself, what is sent to the launcher is
//! forwarded, and the launcher stops, dies and exits as the child does.

use std::{io, process::Command};

use libc::{c_int, pid_t};
use nix::{
    sys::signal::{SigSet, SigmaskHow, Signal},
    unistd::alarm,
};
use rustix::process::{Pid, Resource, WaitOptions, getpid, getrlimit, kill_process, setrlimit, waitpid};

use flavor_host::signals::{Action, Heard, Inherited, set_action};

/// What is forwarded to the child.
const FORWARDED: [Signal; 10] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGCONT,
    Signal::SIGTSTP,
    Signal::SIGWINCH,
];

/// What a terminal sends to the whole process group.
const OF_THE_TERMINAL: [Signal; 4] = [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTSTP, Signal::SIGWINCH];

/// Seconds between SIGTERM and SIGKILL for a program that has run for too long.
const TIMEOUT_GRACE: u32 = 5;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
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
pub(crate) fn run(mut program: Command, timeout: Option<u64>) -> io::Result<Ended> {
    let waited: SigSet = FORWARDED.into_iter().chain([Signal::SIGCHLD]).collect();
    let mask = waited.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let heard = Heard::default();
    Inherited::of_child(getpid(), mask, heard.was_ignored()).pass_to(&mut program);
    let child = program.spawn().inspect_err(|_| {
        // The caller goes on: it starts a shell, or says what is wrong.
        let _ = mask.thread_set_mask();
    })?;
    let child = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
    if let Some(seconds) = timeout {
        alarm::set(u32::try_from(seconds).unwrap_or(u32::MAX));
    }
    Ok(wait(child, &waited, timeout.is_some()))
}

/// Ends this process in the way that the program has ended; returns the exit code where that is its way.
#[must_use]
pub(crate) fn end_as(ended: Ended) -> u8 {
    match ended {
        Ended::Code(code) => code,
        Ended::TimedOut => 124,
        Ended::Signal(signal) => {
            // One core dump is enough.
            let core = getrlimit(Resource::Core);
            let _ = setrlimit(Resource::Core, rustix::process::Rlimit { current: Some(0), ..core });
            if let Ok(signal) = Signal::try_from(signal) {
                set_action(signal, Action::Default);
                let _ = SigSet::from(signal).thread_unblock();
                send(getpid(), signal);
            }
            // The first process of a container does not die of signals that it sends itself.
            u8::try_from(128 + signal).unwrap_or(u8::MAX)
        }
    }
}

/// Passes on what happens to the launcher and to the child, until the child is gone.
fn wait(child: Pid, waited: &SigSet, has_timeout: bool) -> Ended {
    let signals = Signals::of(waited);
    let mut timed_out = false;
    loop {
        if let Some(ended) = look_at(child) {
            return if timed_out { Ended::TimedOut } else { ended };
        }
        let Some((signal, from)) = signals.next() else { continue };
        if signal == Signal::SIGCHLD {
            continue;
        }
        if signal == Signal::SIGALRM && has_timeout && from == From::Kernel {
            send(child, if timed_out { Signal::SIGKILL } else { Signal::SIGTERM });
            send(child, Signal::SIGCONT);
            timed_out = true;
            alarm::set(TIMEOUT_GRACE);
            continue;
        }
        let has_it = match from {
            From::Kernel => OF_THE_TERMINAL.contains(&signal),
            // A program that signals its whole process group has had its own share.
            From::Process(sender) => sender == child.as_raw_pid(),
        };
        if !has_it {
            send(child, signal);
        }
    }
}

/// Sends a signal; a process that is gone does not need it.
fn send(to: Pid, signal: Signal) {
    if let Some(signal) = rustix::process::Signal::from_named_raw(signal as c_int) {
        let _ = kill_process(to, signal);
    }
}

/// What has become of the child; stops together with it. Other children are orphans that the first process of a container
/// inherits: they are only reaped.
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
                    send(getpid(), Signal::SIGSTOP);
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

/// The blocked signals, taken one after the other.
#[cfg(any(target_os = "linux", target_os = "android"))]
struct Signals(Option<nix::sys::signalfd::SignalFd>, SigSet);

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Signals {
    fn of(set: &SigSet) -> Self {
        use nix::sys::signalfd::{SfdFlags, SignalFd};
        Self(SignalFd::with_flags(set, SfdFlags::SFD_CLOEXEC).ok(), *set)
    }

    /// Waits for the next one.
    fn next(&self) -> Option<(Signal, From)> {
        // Without a descriptor left for it, the sender is not told.
        let Some(descriptor) = &self.0 else { return Some((self.1.wait().ok()?, From::Kernel)) };
        let info = descriptor.read_signal().ok()??;
        let signal = Signal::try_from(c_int::try_from(info.ssi_signo).ok()?).ok()?;
        // Codes of processes are 0 and below (`SI_USER`, `SI_QUEUE`, `SI_TKILL`).
        let from = match info.ssi_code {
            code if code <= 0 => From::Process(pid_t::try_from(info.ssi_pid).unwrap_or_default()),
            _ => From::Kernel,
        };
        Some((signal, from))
    }
}

/// Where the sender is not told, a terminal that we are in front of is taken for the sender of its own signals.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
struct Signals(SigSet);

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Signals {
    fn of(set: &SigSet) -> Self {
        Self(*set)
    }

    /// Waits for the next one.
    fn next(&self) -> Option<(Signal, From)> {
        use std::io::IsTerminal;
        let signal = self.0.wait().ok()?;
        let terminal = signal == Signal::SIGALRM || (OF_THE_TERMINAL.contains(&signal) && io::stdin().is_terminal());
        Some((signal, if terminal { From::Kernel } else { From::Process(0) }))
    }
}
