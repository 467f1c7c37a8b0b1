//! The engine's allocator, a third of the size of Rust's own: powers of two up to half a page, then whole pages.
//!
//! A page of WebAssembly's memory has 64 KiB. One page holds blocks of one size, so that every block is aligned to its size and
//! needs no header; freed blocks are kept in a list for each size. Freed pages are kept in one list in order of addresses, and
//! neighbours are joined. Memory is never given back, as WebAssembly has no way to.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    ptr::null_mut,
};

/// Bytes of a page.
const PAGE: usize = 64 << 10;
/// Bytes of the smallest block, as a power of two: no type of the engine is aligned to more.
const SMALLEST: u32 = 4;
/// Sizes of blocks: 16 bytes to half a page.
const SIZES: usize = 12;

/// Free memory, described in its own first bytes.
struct Free {
    next: *mut Free,
    /// Bytes; of runs of pages only.
    size: usize,
}

struct Lists {
    blocks: [*mut Free; SIZES],
    /// In order of addresses; no two of them touch.
    pages: *mut Free,
}

/// The memory of the engine, which has one thread.
pub(crate) struct Heap {
    lists: UnsafeCell<Lists>,
}

// SAFETY: there are no threads: the engine is built without the atomics that they need.
unsafe impl Sync for Heap {}

impl Heap {
    /// A heap that has asked for no memory yet.
    pub(crate) const fn new() -> Self {
        Self { lists: UnsafeCell::new(Lists { blocks: [null_mut(); SIZES], pages: null_mut() }) }
    }
}

/// Bytes that a request is given: a power of two up to half a page, or whole pages.
fn capacity(layout: Layout) -> usize {
    let wanted = layout.size().max(layout.align()).max(1 << SMALLEST);
    if wanted > PAGE / 2 { wanted.saturating_add(PAGE - 1) & !(PAGE - 1) } else { wanted.next_power_of_two() }
}

impl Lists {
    fn list(&mut self, capacity: usize) -> Option<&mut *mut Free> {
        let size = capacity.trailing_zeros().wrapping_sub(SMALLEST);
        if capacity < PAGE { self.blocks.get_mut(usize::try_from(size).ok()?) } else { None }
    }

    /// # Safety
    /// `capacity` is one of [`capacity`].
    unsafe fn take(&mut self, capacity: usize) -> *mut u8 {
        let Some(list) = self.list(capacity) else {
            // SAFETY: not a block, so whole pages.
            return unsafe { self.take_pages(capacity) };
        };
        let mut first = *list;
        if first.is_null() {
            // SAFETY: one whole page.
            let page = unsafe { self.take_pages(PAGE) };
            if page.is_null() {
                return page;
            }
            for at in (0..PAGE).step_by(capacity) {
                // SAFETY: the page is ours, and the block is inside of it.
                first = unsafe { Self::put(page.add(at), first, capacity) };
            }
        }
        // SAFETY: what is in a list is free memory with its description.
        let next = unsafe { (*first).next };
        if let Some(list) = self.list(capacity) {
            *list = next;
        }
        first.cast()
    }

    /// # Safety
    /// The `capacity` bytes at `start` are not used, and were given by [`Self::take`] for this capacity.
    unsafe fn give(&mut self, start: *mut u8, capacity: usize) {
        if let Some(list) = self.list(capacity) {
            // SAFETY: the block is not used.
            *list = unsafe { Self::put(start, *list, capacity) };
        } else {
            // SAFETY: as the caller says; they are pages.
            unsafe { self.give_pages(start, capacity) };
        }
    }

    /// Describes free memory.
    ///
    /// # Safety
    /// The `size` bytes at `start` are free.
    unsafe fn put(start: *mut u8, next: *mut Free, size: usize) -> *mut Free {
        let free = start.cast::<Free>();
        // SAFETY: the smallest block has room for the description and is aligned for it.
        unsafe { free.write(Free { next, size }) };
        free
    }

    /// The end of the first run that is large enough, else new memory; null where there is none.
    ///
    /// # Safety
    /// `size` is a multiple of [`PAGE`].
    unsafe fn take_pages(&mut self, size: usize) -> *mut u8 {
        let mut at: *mut *mut Free = &raw mut self.pages;
        // SAFETY: the list holds free memory with its description.
        unsafe {
            while !(*at).is_null() {
                let run = *at;
                if (*run).size >= size {
                    (*run).size -= size;
                    if (*run).size == 0 {
                        *at = (*run).next;
                        return run.cast();
                    }
                    return run.cast::<u8>().add((*run).size);
                }
                at = &raw mut (*run).next;
            }
        }
        grow(size)
    }

    /// # Safety
    /// The `size` bytes at `start`, whole pages, are free and in no list.
    unsafe fn give_pages(&mut self, start: *mut u8, size: usize) {
        // SAFETY: the list holds free memory with its description.
        unsafe {
            let (mut at, mut before): (*mut *mut Free, *mut Free) = (&raw mut self.pages, null_mut());
            while !(*at).is_null() && (*at).cast() < start {
                before = *at;
                at = &raw mut (*before).next;
            }
            let run = Self::put(start, *at, size);
            *at = run;
            Self::join(run);
            if !before.is_null() {
                Self::join(before);
            }
        }
    }

    /// Joins a run with the next one where they touch.
    ///
    /// # Safety
    /// `run` is in the list.
    unsafe fn join(run: *mut Free) {
        // SAFETY: the list holds free memory with its description.
        unsafe {
            let next = (*run).next;
            if !next.is_null() && run.cast::<u8>().wrapping_add((*run).size) == next.cast() {
                ((*run).size, (*run).next) = ((*run).size.saturating_add((*next).size), (*next).next);
            }
        }
    }
}

// SAFETY: what `take` gives is in no list until it is given back, and is as large and as aligned as the layout wants.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > PAGE {
            return null_mut();
        }
        // SAFETY: one thread, and nothing below calls back.
        unsafe { (*self.lists.get()).take(capacity(layout)) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: one thread, and the caller gives back what `alloc` gave for the layout.
        unsafe { (*self.lists.get()).give(start, capacity(layout)) };
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller says that the size is one that a layout can have.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if capacity(new) == capacity(layout) {
            return start;
        }
        // SAFETY: the old and the new memory are apart, and both have the copied bytes.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(start, layout.size().min(size));
                self.dealloc(start, layout);
            }
            moved
        }
    }
}

/// New memory, `size` bytes in whole pages; null where there is none.
#[cfg(target_arch = "wasm32")]
fn grow(size: usize) -> *mut u8 {
    match core::arch::wasm32::memory_grow(0, size / PAGE) {
        usize::MAX => null_mut(),
        page => core::ptr::without_provenance_mut(page.wrapping_mul(PAGE)),
    }
}

/// For the tests: memory of the host's allocator, side by side as far as that gives it so.
#[cfg(not(target_arch = "wasm32"))]
fn grow(size: usize) -> *mut u8 {
    let Ok(layout) = Layout::from_size_align(size, PAGE) else { return null_mut() };
    // SAFETY: the size is not zero.
    unsafe { std::alloc::alloc(layout) }
}

#[cfg(test)]
mod tests {
    use super::{GlobalAlloc, Heap, Layout, PAGE};

    /// A block in use and the byte that fills it.
    type Used = (*mut u8, Layout, u8);

    fn check(used: &Used) {
        let (start, layout, fill) = *used;
        // SAFETY: the block is in use and was filled.
        let bytes = unsafe { core::slice::from_raw_parts(start, layout.size()) };
        assert!(bytes.iter().all(|byte| *byte == fill), "{layout:?}");
    }

    fn fill(start: *mut u8, layout: Layout, fill: u8) -> Used {
        assert!(!start.is_null());
        assert_eq!(start.align_offset(layout.align()), 0, "{layout:?}");
        // SAFETY: the block was just given.
        unsafe { start.write_bytes(fill, layout.size()) };
        (start, layout, fill)
    }

    #[test]
    fn blocks_keep_their_bytes_whatever_happens_to_others() {
        let heap = Heap::new();
        let mut used: Vec<Used> = Vec::new();
        let mut state = 0x1234_5678_9abc_def1_u64;
        let mut random = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % below).expect("small")
        };
        for round in 0..20_000_u32 {
            let mark = u8::try_from(round % 251).expect("a byte");
            let bits = random(19);
            let size = 1 + random(2 << bits);
            match random(3) {
                0 if used.len() > 100 => {
                    let block = used.swap_remove(random(used.len() as u64));
                    check(&block);
                    // SAFETY: the block is in use.
                    unsafe { heap.dealloc(block.0, block.1) };
                }
                1 if used.len() > 50 => {
                    let (start, layout, old) = used.swap_remove(random(used.len() as u64));
                    let new = Layout::from_size_align(size, layout.align()).expect("a layout");
                    // SAFETY: the block is in use.
                    let moved = unsafe { heap.realloc(start, layout, size) };
                    let kept = Layout::from_size_align(size.min(layout.size()), 1).expect("a layout");
                    check(&(moved, kept, old));
                    used.push(fill(moved, new, mark));
                }
                _ => {
                    let layout = Layout::from_size_align(size, 1 << random(8)).expect("a layout");
                    // SAFETY: the size is not zero.
                    used.push(fill(unsafe { heap.alloc(layout) }, layout, mark));
                }
            }
        }
        used.iter().for_each(check);
    }

    #[test]
    fn freed_pages_are_joined_and_used_again() {
        let heap = Heap::new();
        let layout = |pages: usize| Layout::from_size_align(pages * PAGE, 16).expect("a layout");
        // SAFETY: sizes are not zero, and each block is given back once.
        unsafe {
            let all = heap.alloc(layout(8));
            heap.dealloc(all, layout(8));
            let parts: Vec<*mut u8> = (0..4).map(|_| heap.alloc(layout(2))).collect();
            assert!(parts.iter().all(|part| (all..all.add(8 * PAGE)).contains(part)), "memory was asked for again");
            for part in [1, 3, 0, 2] {
                heap.dealloc(parts[part], layout(2));
            }
            assert_eq!(heap.alloc(layout(8)), all);
        }
    }
}
