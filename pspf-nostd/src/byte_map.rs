//! A map from byte strings, sorted by them. There is one instance of the tree's code, whatever it holds: one for each type of
//! value would be 5 KB each in the launcher and in a browser.

use alloc::{collections::BTreeMap, vec::Vec};

/// The map. What was removed leaves its place behind: it is for maps that grow.
#[derive(Clone, Debug)]
pub struct ByteMap<T> {
    places: BTreeMap<Vec<u8>, usize>,
    values: Vec<Option<T>>,
}

impl<T> Default for ByteMap<T> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), values: Vec::new() }
    }
}

impl<T> ByteMap<T> {
    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&T> {
        self.places.get(key).and_then(|place| self.values.get(*place)?.as_ref())
    }

    /// Sets the value of a key.
    pub fn insert(&mut self, key: &[u8], value: T) {
        match self.places.get(key).and_then(|place| self.values.get_mut(*place)) {
            Some(held) => *held = Some(value),
            None => {
                self.places.insert(key.into(), self.values.len());
                self.values.push(Some(value));
            }
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &[u8]) -> Option<T> {
        let place = self.places.remove(key)?;
        self.values.get_mut(place)?.take()
    }

    /// Keys and values, in the order of the keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &T)> {
        self.places.iter().filter_map(|(key, place)| Some((key.as_slice(), self.values.get(*place)?.as_ref()?)))
    }
}

impl<T: PartialEq> PartialEq for ByteMap<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for ByteMap<T> {}

#[cfg(test)]
mod tests {
    use super::ByteMap;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn it_is_a_sorted_map() {
        let mut map = ByteMap::default();
        for (key, value) in [("b", 1), ("a", 2), ("c", 3), ("a", 4), ("", 5)] {
            map.insert(key.as_bytes(), value);
        }
        assert_eq!(map.remove(b"c"), Some(3));
        assert_eq!((map.remove(b"c"), map.get(b"c"), map.get(b"a")), (None, None, Some(&4)));
        let all: Vec<(&[u8], &i32)> = map.iter().collect();
        assert_eq!(all, vec![(&b""[..], &5), (b"a", &4), (b"b", &1)]);
        assert_eq!((map.len(), map.is_empty()), (3, false));
        let mut other = ByteMap::default();
        all.into_iter().rev().for_each(|(key, value)| other.insert(key, *value));
        assert_eq!(map, other);
        other.insert(b"z", 0);
        assert_ne!(map, other);
    }
}
