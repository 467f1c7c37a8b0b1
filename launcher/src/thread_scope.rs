//! Threads that help with one piece of work and end before it does.
//!
//! Not those of the standard library: their names, handlers of stack overflows and reading of control groups would be 15 KB
//! of every package.

#![allow(unsafe_code, reason = "the C library's threads; every use says why it is sound")]

use std::{
    ffi::c_void,
    mem::{self, MaybeUninit},
    ptr,
};

use libc::pthread_t;

/// What a thread does: once, until it returns.
type Work<'env> = &'env (dyn Fn() + Sync);

/// The threads of one [`scope`]. All of them have ended when it is dropped.
pub(crate) struct Scope<'env> {
    /// With what each was told to do: the box stays in its place while the thread reads it.
    threads: Vec<(pthread_t, Box<Work<'env>>)>,
    stack: usize,
}

/// Runs `work`, which may start threads with stacks of `stack` bytes; returns when all of them have ended.
pub(crate) fn scope<'env, R>(stack: usize, work: impl FnOnce(&mut Scope<'env>) -> R) -> R {
    // It never leaves this function, so it is dropped here, and nothing that threads borrow for `'env` ends before that.
    work(&mut Scope { threads: Vec::new(), stack })
}

impl<'env> Scope<'env> {
    /// Starts a thread; false where the system has none to spare.
    pub(crate) fn spawn(&mut self, work: Work<'env>) -> bool {
        let work = Box::new(work);
        let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
        let mut thread = MaybeUninit::<pthread_t>::uninit();
        // SAFETY: `pthread_attr_init` makes the attributes valid for the two calls behind it; where it fails, they are not
        // made. `start` gets a pointer to a boxed `Work<'_>` that lives until the thread was joined, in `drop`.
        let created = unsafe {
            libc::pthread_attr_init(attributes.as_mut_ptr()) == 0
                && libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), self.stack) == 0
                && libc::pthread_create(
                    thread.as_mut_ptr(),
                    attributes.as_ptr(),
                    start,
                    ptr::from_ref::<Work<'env>>(&work).cast_mut().cast(),
                ) == 0
        };
        if created {
            // SAFETY: `pthread_create` has written it.
            self.threads.push((unsafe { thread.assume_init() }, work));
        }
        created
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        for (thread, _work) in self.threads.drain(..) {
            // SAFETY: it was created joinable, and is joined once.
            let joined = unsafe { libc::pthread_join(thread, ptr::null_mut()) };
            // What it borrows must not end before it does.
            if joined != 0 {
                std::process::abort();
            }
        }
    }
}

/// A panic ends the process: it cannot leave a function of this kind.
extern "C" fn start(work: *mut c_void) -> *mut c_void {
    // SAFETY: `spawn` passes a pointer to a `Work` that outlives this thread.
    let work = unsafe { &*work.cast::<Work<'_>>() };
    work();
    ptr::null_mut()
}

/// How many threads can run at once.
pub(crate) fn parallelism() -> usize {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let count = {
        // SAFETY: a set of processors is plain data that may be all zeros; the call writes no more than its size into it.
        unsafe {
            let mut set: libc::cpu_set_t = mem::zeroed();
            libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut set);
            libc::CPU_COUNT(&set)
        }
    };
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    // SAFETY: no memory is involved.
    let count = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    usize::try_from(count).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn all_threads_have_ended_behind_their_scope() {
        for threads in [0, 1, 7] {
            let count = AtomicUsize::new(0);
            let work = || {
                std::thread::sleep(std::time::Duration::from_millis(5));
                count.fetch_add(1, Ordering::Relaxed);
            };
            let started = scope(128 << 10, |scope| (0..threads).filter(|_| scope.spawn(&work)).count());
            assert_eq!((started, count.load(Ordering::Relaxed)), (threads, threads));
        }
    }

    #[test]
    fn without_memory_for_its_stack_a_thread_does_not_start() {
        assert!(!scope(usize::MAX / 2, |scope| scope.spawn(&|| unreachable!())));
        assert!(parallelism() >= 1);
    }
}
