//! A program as the system is asked to execute it. Everything is made beforehand: between fork and exec nothing may allocate.
//!
//! Not by `std::process`, which would be 20 KB of every package.

#![allow(unsafe_code, reason = "fork, exec and signals; every use says why it is sound")]

use std::{
    ffi::{CString, OsStr, c_char},
    io::{self, Read, Write},
    os::unix::ffi::OsStrExt,
    path::Path,
    ptr,
    sync::atomic::{AtomicBool, Ordering},
};

use rustix::process::{Pid, WaitOptions, chdir, waitpid};

use crate::{environment::Environment, open_file::open};

/// Exit code of a child that could not become its program; its parent is told why by other means.
const NOT_EXECUTED: i32 = 127;

/// Whether the caller of this process ignored SIGPIPE.
static PIPE_IGNORED_BEFORE: AtomicBool = AtomicBool::new(false);

/// Has writing to a pipe that nobody reads fail instead of ending this process. The program gets the caller's setting back.
/// Async-signal-safe.
pub(crate) fn ignore_broken_pipes() {
    // SAFETY: ignores the signal, no handler.
    let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    PIPE_IGNORED_BEFORE.store(before == libc::SIG_IGN, Ordering::Relaxed);
}

/// Gives SIGPIPE back. Async-signal-safe.
fn restore_broken_pipes() {
    if !PIPE_IGNORED_BEFORE.load(Ordering::Relaxed) {
        // SAFETY: sets the default action, no handler.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    }
}

/// A program with its arguments and variables.
pub(crate) struct ProcessImage {
    file: CString,
    arguments: Vec<CString>,
    variables: Vec<CString>,
}

impl ProcessImage {
    /// A program; its first argument is its own name.
    ///
    /// # Errors
    /// A NUL in any of the texts.
    pub(crate) fn new<'a>(
        program: &'a Path,
        arguments: &mut dyn Iterator<Item = &'a OsStr>,
        environment: &Environment,
    ) -> io::Result<Self> {
        let file = text(program.as_os_str())?;
        let mut all = vec![file.clone()];
        for argument in arguments {
            all.push(text(argument)?);
        }
        let mut variables = Vec::new();
        for (name, value) in environment.iter() {
            variables.push(CString::new([name.as_bytes(), b"=", value.as_bytes()].concat())?);
        }
        Ok(Self { file, arguments: all, variables })
    }

    /// Makes this process the program. Returns only where that fails.
    pub(crate) fn execute(&self) -> io::Error {
        let (arguments, variables) = (pointers(&self.arguments), pointers(&self.variables));
        self.execute_with(&arguments, &variables)
    }

    /// Async-signal-safe.
    fn execute_with(&self, arguments: &[*const c_char], variables: &[*const c_char]) -> io::Error {
        restore_broken_pipes();
        // SAFETY: `file` ends with a NUL, and so do the texts that the arrays point to; the arrays end with a null pointer.
        unsafe { libc::execve(self.file.as_ptr(), arguments.as_ptr(), variables.as_ptr()) };
        let error = io::Error::last_os_error();
        // The caller goes on, and says why on standard error.
        ignore_broken_pipes();
        error
    }

    /// Starts the program as a child, in which `prepare` runs first.
    ///
    /// # Errors
    /// Those of starting it, of `prepare`, and of executing the program.
    ///
    /// # Safety
    /// `prepare` runs in a copy of this process that has no other thread: it must call nothing but async-signal-safe
    /// functions, and allocate nothing.
    pub(crate) unsafe fn spawn(&self, prepare: &dyn Fn() -> io::Result<()>) -> io::Result<Pid> {
        let (arguments, variables) = (pointers(&self.arguments), pointers(&self.variables));
        let (mut told, mut tell) = io::pipe()?;
        // SAFETY: the child calls only `prepare`, which the caller vouches for, and functions that are async-signal-safe
        // (signal, execve, write, _exit); it allocates nothing and does not return.
        let child = match unsafe { libc::fork() } {
            0 => {
                let error = match prepare() {
                    Ok(()) => self.execute_with(&arguments, &variables),
                    Err(error) => error,
                };
                let number = error.raw_os_error().unwrap_or(libc::EIO);
                let _ = tell.write_all(&number.to_ne_bytes());
                // SAFETY: ends the process at once.
                unsafe { libc::_exit(NOT_EXECUTED) }
            }
            number => Pid::from_raw(number).filter(|_| number > 0).ok_or_else(io::Error::last_os_error)?,
        };
        drop(tell);
        let mut number = [0; size_of::<i32>()];
        match told.read_exact(&mut number) {
            // The pipe was closed by exec.
            Err(_) => Ok(child),
            Ok(()) => {
                let _ = wait(child);
                Err(io::Error::from_raw_os_error(i32::from_ne_bytes(number)))
            }
        }
    }

    /// Runs the program in `directory` without input. Where it fails: how, and up to `shown` bytes from the end of what it
    /// printed.
    ///
    /// # Errors
    /// Those of starting it.
    pub(crate) fn output(&self, directory: &Path, shown: usize) -> io::Result<Option<Failed>> {
        let directory = text(directory.as_os_str())?;
        let nothing = open(Path::new("/dev/null"))?;
        let (mut read, write) = io::pipe()?;
        let prepare = || {
            rustix::stdio::dup2_stdin(&nothing)?;
            rustix::stdio::dup2_stdout(&write)?;
            rustix::stdio::dup2_stderr(&write)?;
            Ok(chdir(directory.as_c_str())?)
        };
        // SAFETY: dup2 and chdir are async-signal-safe, and nothing is allocated: the path is a C string already.
        let child = unsafe { self.spawn(&prepare)? };
        drop(write);
        let (mut printed, mut piece) = (Vec::new(), [0; 4 << 10]);
        loop {
            match read.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => printed.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
            // Only the end is kept.
            let excess = printed.len().saturating_sub(shown);
            printed.drain(..excess);
        }
        let status = wait(child)?;
        let (word, number) = match (status.exit_status(), status.terminating_signal()) {
            (Some(0), _) => return Ok(None),
            (Some(code), _) => ("exit code ", code),
            (_, signal) => ("signal ", signal.unwrap_or_default()),
        };
        let status = [word, &number.to_string()].concat();
        Ok(Some(Failed { status, printed }))
    }
}

/// How a program failed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Exit code or signal, in words.
    pub status: String,
    /// The end of what it printed.
    pub printed: Vec<u8>,
}

/// Waits for the end of a child.
fn wait(child: Pid) -> io::Result<rustix::process::WaitStatus> {
    loop {
        match waitpid(Some(child), WaitOptions::empty()) {
            Ok(Some((_, status))) => return Ok(status),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn text(text: &OsStr) -> io::Result<CString> {
    Ok(CString::new(text.as_bytes())?)
}

/// The array that the system takes. It holds good as long as the texts.
fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect()
}
