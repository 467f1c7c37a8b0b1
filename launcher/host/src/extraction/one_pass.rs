//! The first start: every byte of the package is read once. What is read is hashed for the verification in progress, and where
//! it belongs to a slot that is wanted, decoded and put into the directory on the way.
//!
//! In a large package, threads read, hash and decode slots ahead of the one that is being unpacked, and others create the
//! files. A small one is done before threads would have started.

use std::{
    collections::VecDeque,
    fs::File,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use pspf_nostd::{
    codec::{Codec, Sink, Stop},
    limits::DECODE_WINDOW_MAX,
    offsets::length,
    verify::{Authenticated, Section, SlotFacts, Verification},
};
use rustix::process::{Resource, getrlimit};

use crate::{
    console::Progress,
    extraction::{
        ExtractError, ExtractFault, add_slot,
        bounded_queue::Queue,
        extraction_root::ExtractionRoot,
        file_writer::FileWriter,
        finish,
        slot_reader::{self, SlotFault},
    },
};

/// Smallest package for which threads are started, in stored bytes.
const THREADS_FROM: u64 = 2 << 20;
/// Most threads that decode; [`MEMORY_MAX`] is what bounds them where windows are large.
const DECODERS_MAX: usize = 3;
/// Most threads that create files: the file system is what they wait for.
const WRITERS_MAX: usize = 4;
/// Bytes that are decoded ahead, of each slot.
const AHEAD_MAX: usize = 1 << 20;
/// Bytes that the windows and the pieces of all slots in progress may take: one of the largest windows that `flavor pack`
/// makes, and some slots ahead. Everything else that a first start needs is small, and 64 MB have to do. A slot that needs
/// more, of another packer, is alone.
const MEMORY_MAX: u64 = 40 << 20;
/// Stack of a thread in bytes. None of them recurses.
const STACK: usize = 512 << 10;
/// Descriptors that have to be allowed before several files are open at once.
const DESCRIPTORS_MIN: u64 = 32;

/// Extracts the slots chosen by `wanted` into `root`, and completes it, while reading all of the content.
///
/// Nothing is known of what was extracted until `verification` is finished.
///
/// # Errors
/// [`ExtractError`]: what was extracted by then is not to be used.
pub(crate) fn extract(
    root: &mut ExtractionRoot,
    file: &File,
    package: &Authenticated,
    verification: &mut Verification,
    wanted: impl Fn(usize) -> bool,
) -> Result<(), Box<ExtractError>> {
    let sections = verification.sections();
    let stored: u64 = sections.iter().map(|section| section.wants().len()).sum();
    let jobs = jobs(package, sections, wanted);
    let slots: Vec<_> = jobs.iter().filter_map(|job| job.decoded.clone()).collect();
    let jobs = Mutex::new(Jobs { waiting: jobs, held: 0 });
    let (done, faults, spare) = (Mutex::default(), Mutex::default(), Mutex::default());
    let progress = Mutex::new((Progress::new(&label(package)), 0));
    let freed = Condvar::new();
    let reading = Reading { file, package, jobs, freed, done, faults, spare, stored, progress };
    let threads = threads(stored);
    let writer = Arc::new(FileWriter::new(true));
    let decode = || while reading.next() {};
    let write = || writer.work();
    let extracted = thread::scope(|scope| {
        let decoders = helpers(scope, threads.min(DECODERS_MAX), &decode);
        let writers = helpers(scope, if decoders.is_empty() { 0 } else { threads.min(WRITERS_MAX) }, &write);
        if !writers.is_empty() {
            root.set_writer(Arc::clone(&writer));
        }
        let extracted = unpack(root, &reading, &slots, !decoders.is_empty());
        if extracted.is_err() {
            reading.give_up();
        }
        slots.iter().for_each(|slot| slot.pieces.abandon());
        writer.close();
        while reading.next() {}
        // The scope itself waits for their work only. A thread that is still ending would take signals that are meant for the
        // program's parent, with the default action.
        for helper in decoders.into_iter().chain(writers) {
            let _ = helper.join();
        }
        extracted
    });
    for section in lock(&reading.done).drain(..) {
        verification.restore(section);
    }
    extracted?;
    match lock(&reading.faults).pop() {
        Some((_, fault)) => Err(ExtractError::new("", None, ExtractFault::Slot(fault))),
        None => Ok(()),
    }
}

fn label(package: &Authenticated) -> String {
    ["extracting ", &package.metadata().name].concat()
}

fn unpack(
    root: &mut ExtractionRoot,
    reading: &Reading<'_>,
    slots: &[Arc<Decoded>],
    ahead: bool,
) -> Result<(), Box<ExtractError>> {
    for slot in slots {
        add_slot(root, reading.package, slot.number, &mut |out| match ahead {
            true => slot.take(reading, out),
            false => reading.decode_next(out),
        })?;
    }
    finish(root, reading.package)
}

/// How many threads of each kind a package of so many bytes is worth.
fn threads(stored: u64) -> usize {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if stored < THREADS_FROM || descriptors < DESCRIPTORS_MIN {
        return 0;
    }
    thread::available_parallelism().map_or(1, usize::from)
}

/// Starts `count` threads, or as many as the system has to spare.
fn helpers<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    count: usize,
    work: &'scope (impl Fn() + Sync),
) -> Vec<thread::ScopedJoinHandle<'scope, ()>> {
    let start = |_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok();
    (0..count).map_while(start).collect()
}

/// The wanted slots in their order, then everything else: whoever waits for a slot never waits for one behind it.
fn jobs(package: &Authenticated, sections: Vec<Section>, wanted: impl Fn(usize) -> bool) -> VecDeque<Job> {
    let mut of_slots: Vec<Option<Section>> = package.slots().iter().map(|_| None).collect();
    let mut others = Vec::new();
    for section in sections {
        match section.slot().and_then(|slot| of_slots.get_mut(slot)) {
            Some(place) => *place = Some(section),
            None => others.push(Job { section: Some(section), decoded: None, window: 0 }),
        }
    }
    let mut jobs = VecDeque::new();
    for (number, (section, facts)) in of_slots.into_iter().zip(package.slots()).enumerate() {
        if wanted(number) && !facts.entry().self_ref {
            let (window, ahead) = memory(facts);
            let decoded = Arc::new(Decoded { number, pieces: Queue::new(AHEAD_MAX), ahead });
            jobs.push_back(Job { section, decoded: Some(decoded), window });
        } else if section.is_some() {
            others.push(Job { section, decoded: None, window: 0 });
        }
    }
    jobs.extend(others);
    jobs
}

/// Bytes of memory that a slot takes while it is decoded, and until it is unpacked. No decoder has a window that is longer than
/// what it holds, except in frames that do not tell their length.
fn memory(facts: &SlotFacts) -> (u64, u64) {
    let size = facts.original_size().unwrap_or(u64::MAX);
    let windows = facts
        .operations()
        .codecs()
        .is_ok_and(|codecs| codecs.iter().any(|codec| matches!(codec, Codec::Zstd | Codec::Xz)));
    let window = if windows { size.min(DECODE_WINDOW_MAX) } else { 0 };
    (window, size.min(u64::try_from(AHEAD_MAX).unwrap_or(u64::MAX)))
}

/// A stretch of the file to be read.
struct Job {
    /// `None` where it is empty.
    section: Option<Section>,
    /// Where its content goes, if it is wanted.
    decoded: Option<Arc<Decoded>>,
    /// Bytes that decoding it may take.
    window: u64,
}

impl Job {
    fn memory(&self) -> u64 {
        self.window.saturating_add(self.decoded.as_ref().map_or(0, |decoded| decoded.ahead))
    }
}

/// The jobs that are not begun, and the bytes that those in progress hold.
struct Jobs {
    waiting: VecDeque<Job>,
    held: u64,
}

/// The content of a slot, on its way from the thread that decodes it.
struct Decoded {
    number: usize,
    pieces: Queue<Vec<u8>>,
    /// Bytes that may be in `pieces`.
    ahead: u64,
}

impl Decoded {
    fn take(&self, reading: &Reading<'_>, out: &mut Sink<'_>) -> Result<(), SlotFault> {
        while let Some(mut piece) = self.pieces.pop() {
            out(&piece).map_err(|Stop| SlotFault::Stopped)?;
            piece.clear();
            lock(&reading.spare).push(piece);
        }
        reading.free(self.ahead);
        let mut faults = lock(&reading.faults);
        match faults.iter().position(|(slot, _)| *slot == Some(self.number)) {
            Some(at) => Err(faults.swap_remove(at).1),
            None => Ok(()),
        }
    }
}

/// What the threads share.
struct Reading<'a> {
    file: &'a File,
    package: &'a Authenticated,
    jobs: Mutex<Jobs>,
    /// Memory was freed, or there are no jobs any more.
    freed: Condvar,
    done: Mutex<Vec<Section>>,
    /// What could not be read, by slot.
    faults: Mutex<Vec<(Option<usize>, SlotFault)>>,
    /// Buffers that were taken.
    spare: Mutex<Vec<Vec<u8>>>,
    /// Bytes of all jobs, and how many of them were read.
    stored: u64,
    progress: Mutex<(Progress, u64)>,
}

impl Reading<'_> {
    /// Does the next job; false where there is none left.
    fn next(&self) -> bool {
        let Some(Job { section, decoded, window }) = self.pop() else { return false };
        let mut push = |bytes: &[u8]| match &decoded {
            Some(decoded) => {
                let mut piece = lock(&self.spare).pop().unwrap_or_default();
                piece.extend_from_slice(bytes);
                if decoded.pieces.push(piece, bytes.len()) { Ok(()) } else { Err(Stop) }
            }
            None => Ok(()),
        };
        let number = decoded.as_ref().map(|decoded| decoded.number);
        let outcome = self.read(section, number, &mut push);
        self.free(window);
        if let Err(fault) = outcome {
            lock(&self.faults).push((number, fault));
        }
        if let Some(decoded) = &decoded {
            decoded.pieces.close();
        }
        true
    }

    /// Does the next job, and hands its content over at once.
    fn decode_next(&self, out: &mut Sink<'_>) -> Result<(), SlotFault> {
        let Some(job) = self.pop() else { return Err(SlotFault::NoSuchSlot) };
        let memory = job.memory();
        let outcome = self.read(job.section, job.decoded.map(|decoded| decoded.number), out);
        self.free(memory);
        outcome
    }

    fn read(&self, section: Option<Section>, slot: Option<usize>, out: &mut Sink<'_>) -> Result<(), SlotFault> {
        let mut section = section;
        let mut stored = |take: &mut slot_reader::StoredSink<'_>| match &mut section {
            Some(section) => slot_reader::read_section(self.file, section, &mut |bytes| {
                self.count(bytes);
                take(bytes)
            }),
            None => Ok(()),
        };
        let outcome = match slot.and_then(|slot| self.package.slots().get(slot)) {
            Some(facts) => slot_reader::decode(facts, &mut stored, out).map(drop),
            None => stored(&mut |_| Ok(())),
        };
        lock(&self.done).extend(section);
        outcome
    }

    /// Leaves the rest unread.
    fn give_up(&self) {
        let rest = std::mem::take(&mut lock(&self.jobs).waiting);
        self.freed.notify_all();
        lock(&self.done).extend(rest.into_iter().filter_map(|job| job.section));
    }

    /// Takes the next job when there is memory for it: in their order, so that who waits for a slot never waits for one behind.
    fn pop(&self) -> Option<Job> {
        let mut jobs = lock(&self.jobs);
        loop {
            let memory = jobs.waiting.front()?.memory();
            let held = jobs.held.saturating_add(memory);
            if jobs.held == 0 || memory == 0 || held <= MEMORY_MAX {
                jobs.held = held;
                return jobs.waiting.pop_front();
            }
            jobs = self.freed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn free(&self, memory: u64) {
        if memory > 0 {
            let mut jobs = lock(&self.jobs);
            jobs.held = jobs.held.saturating_sub(memory);
            self.freed.notify_all();
        }
    }

    fn count(&self, bytes: &[u8]) {
        let mut progress = lock(&self.progress);
        let (line, done) = &mut *progress;
        *done = done.saturating_add(length(bytes));
        line.update(*done, self.stored);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
