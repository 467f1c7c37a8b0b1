//! What packing says on the way.

/// Is told what goes on: the steps of [`flavor_python::Progress`], and how far encoding is.
pub trait Progress: flavor_python::Progress {
    /// The slots, with so many bytes together, are encoded now. What is given back is told of further bytes, by several threads,
    /// and dropped at the end.
    fn encoding(&self, slots: usize, bytes: u64) -> Box<dyn Fn(u64) + Sync>;
}

/// Says nothing.
impl Progress for flavor_python::Silent {
    fn encoding(&self, _slots: usize, _bytes: u64) -> Box<dyn Fn(u64) + Sync> {
        Box::new(|_| ())
    }
}
