//! The first start: every byte of the package is read once. What is read is hashed for the verification in progress, and where
//! it belongs to a slot that is wanted, decoded and put into the directory on the way.
//!
//! In a large package, threads read, hash and decode slots ahead of the one that is being unpacked, and others create the
//! files. A small one is done before threads would have started.

use std::{
    collections::VecDeque,
    fs::File,
    num::NonZero,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use pspf_nostd::{
    codec::{Sink, Stop},
    verify::{Authenticated, Section, Verification},
};
use rustix::process::{Resource, getrlimit};

use crate::{
    bounded_queue::Queue,
    extract::{self, ExtractError, ExtractFault},
    extraction_root::ExtractionRoot,
    file_writer::FileWriter,
    slot_reader::{self, SlotFault},
};

/// Smallest package for which threads are started, in stored bytes.
const THREADS_FROM: u64 = 2 << 20;
/// Most threads that decode: each may need a window of 8 MiB for zstd as it is usually compressed.
const DECODERS_MAX: usize = 3;
/// Most threads that create files: the file system is what they wait for.
const WRITERS_MAX: usize = 4;
/// Bytes that are decoded ahead, of each slot.
const AHEAD_MAX: usize = 1 << 20;
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
) -> Result<(), ExtractError> {
    let sections = verification.sections();
    let stored: u64 = sections.iter().map(|section| section.wants().len()).sum();
    let jobs = jobs(package, sections, wanted);
    let slots: Vec<_> = jobs.iter().filter_map(|job| job.decoded.clone()).collect();
    let jobs = Mutex::new(jobs);
    let (done, faults, spare) = (Mutex::default(), Mutex::default(), Mutex::default());
    let reading = Reading { file, package, jobs, done, faults, spare };
    let threads = threads(stored);
    let writer = Arc::new(FileWriter::new(true));
    let extracted = thread::scope(|scope| {
        let thread = || thread::Builder::new().stack_size(STACK);
        let decode = || while reading.next() {};
        let decoders = (0..threads.min(DECODERS_MAX)).map_while(|_| thread().spawn_scoped(scope, decode).ok()).count();
        let writers = if decoders == 0 { 0 } else { threads.min(WRITERS_MAX) };
        if (0..writers).map_while(|_| thread().spawn_scoped(scope, || writer.work()).ok()).count() > 0 {
            root.set_writer(Arc::clone(&writer));
        }
        let extracted = unpack(root, &reading, &slots, decoders > 0);
        if extracted.is_err() {
            reading.give_up();
        }
        slots.iter().for_each(|slot| slot.pieces.abandon());
        writer.close();
        while reading.next() {}
        extracted
    });
    for section in lock(&reading.done).drain(..) {
        verification.restore(section);
    }
    extracted?;
    match lock(&reading.faults).pop() {
        Some((_, fault)) => Err(ExtractError { slot: String::new(), entry: None, fault: ExtractFault::Slot(fault) }),
        None => Ok(()),
    }
}

fn unpack(
    root: &mut ExtractionRoot,
    reading: &Reading<'_>,
    slots: &[Arc<Decoded>],
    ahead: bool,
) -> Result<(), ExtractError> {
    for slot in slots {
        extract::add_slot(root, reading.package, slot.number, &mut |out| match ahead {
            true => slot.take(reading, out),
            false => reading.decode_next(out),
        })?;
    }
    extract::finish(root, reading.package)
}

/// How many threads of each kind a package of so many bytes is worth.
fn threads(stored: u64) -> usize {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if stored < THREADS_FROM || descriptors < DESCRIPTORS_MIN {
        return 0;
    }
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// The wanted slots in their order, then everything else: whoever waits for a slot never waits for one behind it.
fn jobs(package: &Authenticated, sections: Vec<Section>, wanted: impl Fn(usize) -> bool) -> VecDeque<Job> {
    let mut of_slots: Vec<Option<Section>> = package.slots().iter().map(|_| None).collect();
    let mut others = Vec::new();
    for section in sections {
        match section.slot().and_then(|slot| of_slots.get_mut(slot)) {
            Some(place) => *place = Some(section),
            None => others.push(Job { section: Some(section), decoded: None }),
        }
    }
    let mut jobs = VecDeque::new();
    for (number, (section, facts)) in of_slots.into_iter().zip(package.slots()).enumerate() {
        if wanted(number) && !facts.entry().self_ref {
            let decoded = Arc::new(Decoded { number, pieces: Queue::new(AHEAD_MAX) });
            jobs.push_back(Job { section, decoded: Some(decoded) });
        } else if section.is_some() {
            others.push(Job { section, decoded: None });
        }
    }
    jobs.extend(others);
    jobs
}

/// A stretch of the file to be read.
struct Job {
    /// `None` where it is empty.
    section: Option<Section>,
    /// Where its content goes, if it is wanted.
    decoded: Option<Arc<Decoded>>,
}

/// The content of a slot, on its way from the thread that decodes it.
struct Decoded {
    number: usize,
    pieces: Queue<Vec<u8>>,
}

impl Decoded {
    fn take(&self, reading: &Reading<'_>, out: &mut Sink<'_>) -> Result<(), SlotFault> {
        while let Some(mut piece) = self.pieces.pop() {
            out(&piece).map_err(|Stop| SlotFault::Stopped)?;
            piece.clear();
            lock(&reading.spare).push(piece);
        }
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
    jobs: Mutex<VecDeque<Job>>,
    done: Mutex<Vec<Section>>,
    /// What could not be read, by slot.
    faults: Mutex<Vec<(Option<usize>, SlotFault)>>,
    /// Buffers that were taken.
    spare: Mutex<Vec<Vec<u8>>>,
}

impl Reading<'_> {
    /// Does the next job; false where there is none left.
    fn next(&self) -> bool {
        let Some(Job { section, decoded }) = self.pop() else { return false };
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
        let Some(Job { section, decoded }) = self.pop() else { return Err(SlotFault::NoSuchSlot) };
        self.read(section, decoded.map(|decoded| decoded.number), out)
    }

    fn read(&self, section: Option<Section>, slot: Option<usize>, out: &mut Sink<'_>) -> Result<(), SlotFault> {
        let mut section = section;
        let mut stored = |take: &mut slot_reader::StoredSink<'_>| match &mut section {
            Some(section) => slot_reader::read_section(self.file, section, take),
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
        let rest = std::mem::take(&mut *lock(&self.jobs));
        lock(&self.done).extend(rest.into_iter().filter_map(|job| job.section));
    }

    fn pop(&self) -> Option<Job> {
        lock(&self.jobs).pop_front()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
