//! A map from byte strings, sorted by them, whose code is small whatever it holds: the standard library's B-tree is 5 KB for each
//! type of value, in every launcher and in a browser.

use alloc::vec::Vec;
use core::cmp::Ordering;

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
        let value = |place| Some((self.keys.key(place), self.values.get(place)?.as_ref()?));
        self.keys.in_order().into_iter().filter_map(value)
    }
}

/// Keys in an AA tree (Andersson 1993): a key is found, or put in, in the logarithm of their number, whatever their order.
/// The place of a key is how many came before it; keys stay.
#[derive(Clone, Debug, Default)]
struct Keys {
    nodes: Vec<Node>,
    root: Link,
}

/// The place of a node, if there is one.
type Link = Option<usize>;

#[derive(Clone, Debug)]
struct Node {
    key: Vec<u8>,
    left: Link,
    right: Link,
    /// A left child is one level below its parent, a right child at most one, a right grandchild at least one.
    level: u8,
}

impl Keys {
    fn key(&self, place: usize) -> &[u8] {
        &self.nodes[place].key
    }

    fn find(&self, key: &[u8]) -> Link {
        let mut link = self.root;
        while let Some(place) = link {
            let node = &self.nodes[place];
            link = match key.cmp(&node.key) {
                Ordering::Less => node.left,
                Ordering::Equal => return link,
                Ordering::Greater => node.right,
            };
        }
        None
    }

    /// The place of a key, new or not.
    fn insert(&mut self, key: &[u8]) -> usize {
        let (root, place) = self.insert_below(self.root, key);
        self.root = Some(root);
        place
    }

    /// The root of the tree that has the key, and the key's place. A tree is never deeper than twice the logarithm of its size.
    fn insert_below(&mut self, link: Link, key: &[u8]) -> (usize, usize) {
        let Some(root) = link else {
            let new = self.nodes.len();
            self.nodes.push(Node { key: key.to_vec(), left: None, right: None, level: 1 });
            return (new, new);
        };
        let node = &self.nodes[root];
        let (left, right) = (node.left, node.right);
        let place = match key.cmp(&node.key) {
            Ordering::Less => {
                let (child, place) = self.insert_below(left, key);
                self.nodes[root].left = Some(child);
                place
            }
            Ordering::Equal => return (root, root),
            Ordering::Greater => {
                let (child, place) = self.insert_below(right, key);
                self.nodes[root].right = Some(child);
                place
            }
        };
        let root = self.skew(root);
        (self.split(root), place)
    }

    /// Turns a left child of the same level into the root.
    fn skew(&mut self, root: usize) -> usize {
        match self.nodes[root].left {
            Some(left) if self.nodes[left].level == self.nodes[root].level => {
                self.nodes[root].left = self.nodes[left].right.replace(root);
                left
            }
            _ => root,
        }
    }

    /// Lifts the middle of three nodes of one level.
    fn split(&mut self, root: usize) -> usize {
        let Some(right) = self.nodes[root].right else { return root };
        match self.nodes[right].right {
            Some(far) if self.nodes[far].level == self.nodes[root].level => {
                self.nodes[root].right = self.nodes[right].left.replace(root);
                self.nodes[right].level = self.nodes[right].level.saturating_add(1);
                right
            }
            _ => root,
        }
    }

    /// All places, in the order of their keys.
    fn in_order(&self) -> Vec<usize> {
        let (mut places, mut above, mut link) = (Vec::with_capacity(self.nodes.len()), Vec::new(), self.root);
        loop {
            match link {
                Some(place) => {
                    above.push(place);
                    link = self.nodes[place].left;
                }
                None => {
                    let Some(place) = above.pop() else { return places };
                    places.push(place);
                    link = self.nodes[place].right;
                }
            }
        }
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

    /// Sorted keys are the worst for a tree that is not kept in balance.
    #[test]
    fn no_order_of_keys_makes_it_deep() {
        for turn in [1, 3, 0x9e37_79b9u32] {
            let mut map = ByteMap::default();
            for number in 0..100_000u32 {
                map.insert(&number.wrapping_mul(turn).to_be_bytes(), number);
            }
            let (mut depth, mut row) = (0, vec![map.keys.root]);
            while !row.is_empty() {
                row =
                    row.iter().flatten().flat_map(|at| [map.keys.nodes[*at].left, map.keys.nodes[*at].right]).collect();
                depth += 1;
            }
            assert!(depth <= 35, "{depth}");
            assert_eq!(map.len(), 100_000);
        }
    }
}
