//! Feeds a file to the verification engine, by positioned reads on one open descriptor: the sections of a large package by
//! several threads at once.

use pspf_nostd::{
    limits::READ_WINDOW,
    offsets::{length, position},
    verify::{Outcome, Scope, Section, TrustedKeys, Verification},
};
use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

/// Smallest section for which a thread of its own is started, in bytes.
const THREAD_FROM: u64 = 2 << 20;
/// Bytes that a section is read by: they are hashed while they are in the processor's own memory.
const PIECE: usize = 256 << 10;
/// Stack of a thread in bytes. None of them recurses.
const STACK: usize = 256 << 10;

/// Verifies an open package. `progress` is called with bytes done and the total after each read.
///
/// # Errors
/// Those of reading; a file that shrinks meanwhile is [`io::ErrorKind::UnexpectedEof`].
pub fn verify_file(
    file: &File,
    scope: Scope,
    trusted: TrustedKeys,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<Outcome> {
    let mut verification = Verification::new(file.metadata()?.len(), scope, trusted);
    verify_rest(file, &mut verification, progress)?;
    Ok(verification.finish())
}

/// Verifies trailer, metadata and slot table of an open package, so that only its content is left to be read.
///
/// # Errors
/// As [`verify_file`].
pub fn verify_head(file: &File, trusted: TrustedKeys) -> io::Result<Verification> {
    let mut verification = Verification::new(file.metadata()?.len(), Scope::Content, trusted);
    supply(file, &mut verification, &mut |verification| !verification.wants_content())?;
    Ok(verification)
}

/// Reads what a verification still wants, by as many threads as are worth it. `progress` is called with bytes done and the total
/// after each read.
///
/// # Errors
/// As [`verify_file`].
pub fn verify_rest(file: &File, verification: &mut Verification, progress: &mut dyn FnMut(u64, u64)) -> io::Result<()> {
    verify_rest_by(available_threads, file, verification, progress)
}

/// The same by at most as many threads as `threads` says of the lengths of what is left.
///
/// # Errors
/// As [`verify_file`].
pub fn verify_rest_by(
    threads: fn(&[u64]) -> usize,
    file: &File,
    verification: &mut Verification,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<()> {
    let size = file.metadata()?.len();
    if !verification.wants_content() {
        supply(file, verification, &mut |verification| {
            progress(verification.progress(), size);
            !verification.wants_content()
        })?;
    }
    let mut sections = verification.sections();
    // The longest first, so that no thread has much left when the others are done.
    sections.sort_by_key(|section| std::cmp::Reverse(section.wants().len()));
    let lengths: Vec<u64> = sections.iter().map(|section| section.wants().len()).collect();
    let before = size.saturating_sub(lengths.iter().fold(0, |sum, length| sum.saturating_add(*length)));
    let (read, outcome) =
        read_sections(file, sections, threads(&lengths), &mut |done| progress(before.saturating_add(done), size));
    read.into_iter().for_each(|section| verification.restore(section));
    outcome
}

/// As many threads as there are processors, and sections that are long enough.
fn available_threads(lengths: &[u64]) -> usize {
    let long = lengths.iter().filter(|length| **length >= THREAD_FROM).count();
    if long < 2 { 1 } else { thread::available_parallelism().map_or(1, usize::from).min(long) }
}

/// Reads sections by this thread and `threads - 1` others. Gives all of them back, read or not.
fn read_sections(
    file: &File,
    sections: Vec<Section>,
    threads: usize,
    progress: &mut dyn FnMut(u64),
) -> (Vec<Section>, io::Result<()>) {
    let all = sections.len();
    let waiting = Mutex::new(sections.into_iter());
    let (read, failed) = (Mutex::new(Vec::with_capacity(all)), Mutex::new(None));
    let work = |done: &mut dyn FnMut(u64)| {
        let mut window = Vec::new();
        loop {
            // Taken by itself, so that the queue is free while the section is read.
            let section = lock(&waiting).next();
            let Some(mut section) = section else { return };
            if lock(&failed).is_none()
                && let Err(error) = read_section(file, &mut section, &mut window, done)
            {
                lock(&failed).get_or_insert(error);
            }
            lock(&read).push(section);
        }
    };
    thread::scope(|scope| {
        let (told, news) = mpsc::channel();
        let start = |_| {
            let (told, work) = (told.clone(), &work);
            let work = move || {
                work(&mut |bytes| {
                    let _ = told.send(bytes);
                });
            };
            thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()
        };
        let helpers: Vec<_> = (1..threads).map_while(start).collect();
        drop(told);
        let mut done = 0_u64;
        work(&mut |bytes| {
            done = news.try_iter().fold(done.saturating_add(bytes), u64::saturating_add);
            progress(done);
        });
        for bytes in &news {
            done = done.saturating_add(bytes);
            progress(done);
        }
        // The scope itself waits for their work only; a thread that is still ending would take signals meant for others.
        for helper in helpers {
            let _ = helper.join();
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    (read.into_inner().unwrap_or_else(PoisonError::into_inner), failed.map_or(Ok(()), Err))
}

/// Reads a section to its end.
fn read_section(file: &File, section: &mut Section, window: &mut Vec<u8>, done: &mut dyn FnMut(u64)) -> io::Result<()> {
    loop {
        let wanted = section.wants();
        let piece = position(wanted.len()).min(PIECE);
        if piece == 0 {
            return Ok(());
        }
        if window.len() < piece {
            window.resize(piece, 0);
        }
        let bytes = &mut window[..piece];
        file.read_exact_at(bytes, wanted.start)?;
        section.supply(bytes);
        done(length(bytes));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads what is wanted for as long as `go_on` says so.
fn supply(
    file: &File,
    verification: &mut Verification,
    go_on: &mut dyn FnMut(&Verification) -> bool,
) -> io::Result<()> {
    let mut window = Vec::new();
    while let Some(range) = verification.wants() {
        window.resize(position(range.len().min(READ_WINDOW)), 0);
        file.read_exact_at(&mut window, range.start)?;
        verification.supply(&window).map_err(|_| io::ErrorKind::InvalidData)?;
        if !go_on(verification) {
            break;
        }
    }
    Ok(())
}
