//! Pages as their readers use them: fenced blocks, words in backticks, links.

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// One-based line of its first line of content.
    pub line: usize,
    /// First word behind the fence; empty if there is none.
    pub language: String,
    /// What follows that word.
    pub mark: String,
    /// The content, with line ends.
    pub text: String,
}

/// All fenced blocks of a page.
///
/// # Panics
/// Where the last one has no end.
#[must_use]
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in page.lines().enumerate() {
        if let Some(words) = line.trim_start().strip_prefix("```") {
            open = !open;
            if open {
                let (language, mark) = words.split_once(' ').unwrap_or((words, ""));
                let (language, mark) = (language.to_owned(), mark.trim().to_owned());
                blocks.push(Block { line: number + 2, language, mark, text: String::new() });
            }
        } else if open && let Some(block) = blocks.last_mut() {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    assert!(!open, "a block has no end: {:?}", blocks.last());
    blocks
}

/// The lines of a page outside of fenced blocks, with their one-based numbers.
#[must_use]
pub fn prose(page: &str) -> Vec<(usize, &str)> {
    let mut open = false;
    let mut lines = Vec::new();
    for (number, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            open = !open;
        } else if !open {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// What is in backticks in a line.
#[must_use]
pub fn code(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// Where the links of a line lead.
#[must_use]
pub fn links(line: &str) -> Vec<&str> {
    line.match_indices("](").filter_map(|(at, _)| line.get(at + 2..)?.split(')').next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_place_language_mark_and_text() {
        let page = "a `b c` d\n```sh norun: why\none\n\n two\n```\n[x](y.md) `e`\n```\n```\n";
        let block = |line, language: &str, mark: &str, text: &str| Block {
            line,
            language: language.into(),
            mark: mark.into(),
            text: text.into(),
        };
        assert_eq!(blocks(page), [block(3, "sh", "norun: why", "one\n\n two\n"), block(9, "", "", "")]);
        assert_eq!(prose(page), [(1, "a `b c` d"), (7, "[x](y.md) `e`")]);
        assert_eq!(code("a `b c` d `e`"), ["b c", "e"]);
        assert_eq!(links("[x](y.md) and ![z](w.png)"), ["y.md", "w.png"]);
    }
}
