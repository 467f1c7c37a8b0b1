//! Archives made block by block, right or wrong as the test wants them.

/// A header block under construction.
#[derive(Clone)]
pub(crate) struct Block(pub(crate) [u8; 512]);

impl Block {
    /// A right ustar header, mode 0644, time 1.
    pub(crate) fn new(name: &[u8], flag: u8, size: u64) -> Self {
        Self([0; 512])
            .put(0, name)
            .put(100, b"0000644\0")
            .put(108, b"0000000\0")
            .put(116, b"0000000\0")
            .put(124, format!("{size:011o}\0").as_bytes())
            .put(136, b"00000000001\0")
            .put(156, &[flag])
            .put(257, b"ustar\x0000")
    }

    /// The same with GNU tar's magic.
    pub(crate) fn gnu(name: &[u8], flag: u8, size: u64) -> Self {
        Self::new(name, flag, size).put(257, b"ustar  \0")
    }

    pub(crate) fn put(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    pub(crate) fn link(self, target: &[u8]) -> Self {
        self.put(157, target)
    }

    /// The block with its checksum.
    pub(crate) fn sealed(self) -> Vec<u8> {
        let block = self.put(148, b"        ");
        let sum: u32 = block.0.iter().map(|&byte| u32::from(byte)).sum();
        block.put(148, format!("{sum:06o}\0 ").as_bytes()).0.to_vec()
    }
}

/// Content with its padding.
pub(crate) fn padded(content: &[u8]) -> Vec<u8> {
    let mut bytes = content.to_vec();
    bytes.resize(content.len().next_multiple_of(512), 0);
    bytes
}

pub(crate) fn file(name: &[u8], content: &[u8]) -> Vec<u8> {
    [Block::new(name, b'0', content.len() as u64).sealed(), padded(content)].concat()
}

pub(crate) fn directory(name: &[u8]) -> Vec<u8> {
    Block::new(name, b'5', 0).sealed()
}

pub(crate) fn symlink(name: &[u8], target: &[u8]) -> Vec<u8> {
    Block::new(name, b'2', 0).link(target).sealed()
}

pub(crate) fn hard_link(name: &[u8], target: &[u8]) -> Vec<u8> {
    Block::new(name, b'1', 0).link(target).sealed()
}

/// A pax header of the given type (`x` or `g`) with this content.
pub(crate) fn pax_raw(flag: u8, content: &[u8]) -> Vec<u8> {
    [Block::new(b"pax", flag, content.len() as u64).sealed(), padded(content)].concat()
}

pub(crate) fn pax(records: &[(&str, &[u8])]) -> Vec<u8> {
    pax_raw(b'x', &records_of(records))
}

pub(crate) fn global_pax(records: &[(&str, &[u8])]) -> Vec<u8> {
    pax_raw(b'g', &records_of(records))
}

pub(crate) fn records_of(records: &[(&str, &[u8])]) -> Vec<u8> {
    records.iter().flat_map(|(keyword, value)| record(keyword, value)).collect()
}

fn record(keyword: &str, value: &[u8]) -> Vec<u8> {
    let rest = keyword.len() + value.len() + 3;
    let length = (1..).map(|digits| rest + digits).find(|length| length.to_string().len() + rest == *length);
    [format!("{} {keyword}=", length.expect("a length")).as_bytes(), value, b"\n"].concat()
}

/// GNU tar's long name (`L`) or long link (`K`) with these bytes, NUL included where wanted.
pub(crate) fn gnu_long(flag: u8, bytes: &[u8]) -> Vec<u8> {
    [Block::gnu(b"././@LongLink", flag, bytes.len() as u64).sealed(), padded(bytes)].concat()
}

/// The members with an end marker.
pub(crate) fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    [members.concat(), vec![0; 1024]].concat()
}
