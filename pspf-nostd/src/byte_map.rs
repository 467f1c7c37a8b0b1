//! A map from byte strings, sorted by them, whose code is small whatever it holds: the standard library's B-tree is 5 KB for each
//! type of value, in every launcher and in a browser.

use alloc::{boxed::Box, vec::Vec};

/// The map.
#[derive(Clone, Debug)]
pub struct ByteMap<T> {
    keys: Keys,
    /// By the key's place; `None` where it was removed.
    values: Vec<Option<T>>,
    held: usize,
}

impl<T> Default for ByteMap<T> {
    fn default() -> Self {
        Self { keys: Keys::default(), values: Vec::new(), held: 0 }
    }
}

impl<T> ByteMap<T> {
    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&T> {
        self.values.get(self.keys.find(key)?)?.as_ref()
    }

    /// Sets the value of a key.
    pub fn insert(&mut self, key: &[u8], value: T) {
        let place = self.keys.insert(key);
        match self.values.get_mut(place) {
            Some(held) => {
                let added = held.replace(value).is_none();
                self.held = self.held.saturating_add(usize::from(added));
            }
            None => {
                self.values.push(Some(value));
                self.held = self.held.saturating_add(1);
            }
        }
    }

    /// Takes the value of a key out.
    pub fn remove(&mut self, key: &[u8]) -> Option<T> {
        let value = self.values.get_mut(self.keys.find(key)?)?.take()?;
        self.held = self.held.saturating_sub(1);
        Some(value)
    }

    /// Keys and values, in the order of the keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &T)> {
        self.keys.in_order().into_iter().filter_map(|(key, place)| Some((key, self.values.get(place)?.as_ref()?)))
    }
}

/// Longest list of [`Keys`]. Putting a key in moves half a list, and half of the lists' heads where one is split.
const LIST_MAX: usize = 256;

/// Keys in order, in lists of at most [`LIST_MAX`]. The place of a key is how many came before it; keys stay.
#[derive(Clone, Debug, Default)]
struct Keys {
    lists: Vec<Vec<(Box<[u8]>, usize)>>,
    count: usize,
}

impl Keys {
    /// The list that a key is in, or belongs into, and where.
    fn look(&self, key: &[u8]) -> (usize, Result<usize, usize>) {
        let behind = self.lists.partition_point(|list| list.first().is_some_and(|(first, _)| &**first <= key));
        let number = behind.saturating_sub(1);
        let list = self.lists.get(number).map(Vec::as_slice).unwrap_or_default();
        (number, list.binary_search_by(|(known, _)| (**known).cmp(key)))
    }

    fn find(&self, key: &[u8]) -> Option<usize> {
        let (number, at) = self.look(key);
        self.lists.get(number)?.get(at.ok()?).map(|(_, place)| *place)
    }

    fn in_order(&self) -> Vec<(&[u8], usize)> {
        let mut all = Vec::with_capacity(self.count);
        for list in &self.lists {
            for (key, place) in list {
                all.push((&**key, *place));
            }
        }
        all
    }

    /// The place of a key, new or not.
    fn insert(&mut self, key: &[u8]) -> usize {
        let (number, at) = self.look(key);
        if self.lists.is_empty() {
            self.lists.push(Vec::new());
        }
        let new = self.count;
        let Some(list) = self.lists.get_mut(number) else { return new };
        let at = match at {
            Ok(at) => return list.get(at).map_or(new, |(_, place)| *place),
            Err(at) => at,
        };
        list.insert(at, (key.into(), new));
        self.count = self.count.saturating_add(1);
        if list.len() > LIST_MAX {
            let behind = list.split_off(LIST_MAX / 2);
            self.lists.insert(number.saturating_add(1), behind);
        }
        new
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
    use alloc::{collections::BTreeMap, vec, vec::Vec};
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn it_does_what_the_standard_map_does(
            steps in prop::collection::vec((prop::collection::vec(0..4u8, 0..5), any::<Option<u8>>()), 0..400)
        ) {
            let (mut ours, mut theirs) = (ByteMap::default(), BTreeMap::new());
            for (key, value) in steps {
                match value {
                    Some(value) => {
                        ours.insert(&key, value);
                        theirs.insert(key, value);
                    }
                    None => prop_assert_eq!(ours.remove(&key), theirs.remove(&key)),
                }
                prop_assert_eq!(ours.len(), theirs.len());
            }
            let sorted: Vec<_> = theirs.iter().map(|(key, value)| (key.as_slice(), value)).collect();
            prop_assert_eq!(ours.iter().collect::<Vec<_>>(), sorted.clone());
            prop_assert_eq!(ours.iter().rev().count(), sorted.len());
            for (key, value) in sorted {
                prop_assert_eq!(ours.get(key), Some(value));
            }
        }
    }

    #[test]
    fn many_keys_in_any_order_are_all_found() {
        for turn in [1, 3, 0x9e37_79b9u32] {
            let mut map = ByteMap::default();
            for number in 0..100_000u32 {
                map.insert(&number.wrapping_mul(turn).to_be_bytes(), number);
            }
            assert!((0..100_000).all(|number: u32| map.get(&number.wrapping_mul(turn).to_be_bytes()) == Some(&number)));
            assert!(map.iter().is_sorted_by_key(|(key, _)| key));
            assert_eq!((map.len(), map.iter().count()), (100_000, 100_000));
        }
    }
}
