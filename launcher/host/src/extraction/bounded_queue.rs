//! A queue between threads that holds at most so many bytes.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// The queue. Any number of threads may push and pop.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    emptied: Condvar,
    capacity: usize,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<(T, usize)>,
    held: usize,
    closed: bool,
    /// Threads that wait to pop and to push: a condition that nobody waits for is not worth a system call.
    hungry: usize,
    blocked: usize,
}

impl<T> Queue<T> {
    /// An empty queue for items of `capacity` bytes in all. A single larger one goes in when it is empty.
    pub(crate) fn new(capacity: usize) -> Self {
        let state = State { items: VecDeque::new(), held: 0, closed: false, hungry: 0, blocked: 0 };
        Self { state: Mutex::new(state), filled: Condvar::new(), emptied: Condvar::new(), capacity }
    }

    /// Appends an item of `weight` bytes, waiting for space. False where the queue is closed: the item is dropped.
    pub(crate) fn push(&self, item: T, weight: usize) -> bool {
        let mut state = self.lock();
        while !state.closed && state.held > 0 && state.held.saturating_add(weight) > self.capacity {
            state.blocked += 1;
            state = self.emptied.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.blocked -= 1;
        }
        if state.closed {
            return false;
        }
        state.held = state.held.saturating_add(weight);
        state.items.push_back((item, weight));
        if state.hungry > 0 {
            self.filled.notify_one();
        }
        true
    }

    /// Takes the first item, waiting for one. `None` where the queue is closed and empty.
    pub(crate) fn pop(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some((item, weight)) = state.items.pop_front() {
                state.held = state.held.saturating_sub(weight);
                // Not for every item: a thread that is woken up should have work for a while.
                if state.blocked > 0 && state.held <= self.capacity / 2 {
                    self.emptied.notify_all();
                }
                return Some(item);
            }
            if state.closed {
                return None;
            }
            state.hungry += 1;
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.hungry -= 1;
        }
    }

    /// Says that nothing more will be pushed. What is in the queue can still be taken.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.wake_all();
    }

    /// Closes the queue and drops what is in it.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.held = 0;
        state.items.clear();
        drop(state);
        self.wake_all();
    }

    fn wake_all(&self) {
        self.filled.notify_all();
        self.emptied.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_out_in_order_through_a_narrow_queue() {
        let queue = Queue::new(3);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!((0..1000).all(|number| queue.push(number, number % 5)));
                queue.close();
            });
            assert!((0..1000).all(|number| queue.pop() == Some(number)));
        });
        assert_eq!(queue.pop(), None);
        assert!(!queue.push(1, 0));
    }

    #[test]
    fn abandoning_frees_whoever_waits() {
        let queue = Queue::new(1);
        std::thread::scope(|scope| {
            let pusher = scope.spawn(|| while queue.push((), 1) {});
            queue.pop();
            queue.abandon();
            pusher.join().unwrap();
        });
        assert_eq!(queue.pop(), None);
    }
}
