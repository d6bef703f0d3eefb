//! The outline of a Markdown document: headings and the blocks below them, without the content of code blocks.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use unicode_normalization::UnicodeNormalization;

/// A heading of the document itself, not of a quotation or a list item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// Its line without the number signs, with white space collapsed to single spaces.
    pub title: String,
    /// 1-based line of the file.
    pub line: usize,
    /// Its byte range in the source.
    pub range: Range<usize>,
}

/// Kinds of blocks that a section may have to contain. Empty lists and tables without rows do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    /// List with bullets.
    BulletList,
    /// List with numbers.
    NumberedList,
    /// Table with at least one row below its head.
    Table,
    /// Any words outside of headings.
    Words,
}

/// Headings and blocks of a document.
#[derive(Debug)]
pub(crate) struct Outline<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
    pub headings: Vec<Heading>,
    blocks: Vec<(Block, usize)>,
    quoted: Vec<Range<usize>>,
}

/// A line of the document and its position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub number: usize,
    pub text: &'a str,
}

impl<'a> Outline<'a> {
    /// Reads a document.
    pub(crate) fn of(text: &'a str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut outline = Self { text, line_starts, headings: Vec::new(), blocks: Vec::new(), quoted: Vec::new() };
        outline.read();
        outline
    }

    fn read(&mut self) {
        let mut open: Vec<OpenBlock> = Vec::new();
        let mut containers = 0_usize;
        let mut in_heading = false;
        let mut in_row = false;
        for (event, range) in Parser::new_ext(self.text, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    in_heading = true;
                    if containers == 0 {
                        self.add_heading(level, range);
                    }
                }
                Event::End(TagEnd::Heading(_)) => in_heading = false,
                Event::Start(Tag::List(first)) => {
                    containers += 1;
                    let block = if first.is_some() { Block::NumberedList } else { Block::BulletList };
                    open.push(OpenBlock { block, start: range.start, is_filled: false });
                }
                Event::Start(Tag::Table(_)) => {
                    open.push(OpenBlock { block: Block::Table, start: range.start, is_filled: false });
                }
                Event::Start(Tag::TableRow) => in_row = true,
                Event::End(TagEnd::TableRow) => in_row = false,
                Event::Start(Tag::BlockQuote(_)) => containers += 1,
                Event::End(TagEnd::BlockQuote(_)) => containers -= 1,
                Event::End(TagEnd::List(_) | TagEnd::Table) => {
                    containers -= usize::from(matches!(event, Event::End(TagEnd::List(_))));
                    let closed = open.pop().filter(|block| block.is_filled);
                    if let Some(closed) = closed {
                        self.blocks.push((closed.block, closed.start));
                        if let Some(around) = open.last_mut() {
                            around.is_filled = true;
                        }
                    }
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_)) | Tag::HtmlBlock) => self.quoted.push(range),
                Event::Text(words) | Event::Code(words) if !in_heading && !words.trim().is_empty() => {
                    self.blocks.push((Block::Words, range.start));
                    if let Some(around) = open.last_mut() {
                        around.is_filled |= around.block != Block::Table || in_row;
                    }
                }
                _ => {}
            }
        }
    }

    fn add_heading(&mut self, level: HeadingLevel, range: Range<usize>) {
        let source = self.text[range.clone()].lines().next().unwrap_or_default();
        let title = source.trim().trim_matches('#');
        self.headings.push(Heading {
            level: level as u8,
            // A no-break space is a different character, which no reader of headings treats as a space.
            title: title.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
            line: self.line_of(range.start),
            range,
        });
    }

    /// The 1-based line of a byte offset.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// From the end of a heading to the next of its level or above.
    pub(crate) fn section(&self, index: usize) -> Range<usize> {
        let Some(heading) = self.headings.get(index) else { return 0..0 };
        let next = self.headings[index + 1..].iter().find(|next| next.level <= heading.level);
        heading.range.end..next.map_or(self.text.len(), |next| next.range.start)
    }

    /// Whether a block of this kind starts there.
    pub(crate) fn has(&self, block: Block, within: &Range<usize>) -> bool {
        self.blocks.iter().any(|(kind, start)| *kind == block && within.contains(start))
    }

    /// Lines that start there, without those of fenced code and of HTML, comments among it.
    pub(crate) fn lines(&self, within: Range<usize>) -> impl Iterator<Item = Line<'a>> + '_ {
        let mut quoted = self.quoted.iter().peekable();
        let first = self.line_starts.partition_point(|start| *start < within.start);
        let starts = self.line_starts[first..].iter().enumerate();
        starts.take_while(move |(_, start)| **start < within.end).filter_map(move |(offset, start)| {
            let line = self.text[*start..].lines().next().unwrap_or_default();
            // A fence that belongs to a list item starts after the indentation of its line.
            while quoted.next_if(|range| range.end <= *start).is_some() {}
            let end = start + line.len();
            let is_quoted = quoted.peek().is_some_and(|range| range.start <= end && *start < range.end);
            (!is_quoted).then_some(Line { number: first + offset + 1, text: line })
        })
    }
}

struct OpenBlock {
    block: Block,
    start: usize,
    is_filled: bool,
}

/// The words separated by single spaces, in composed form: editors write `é` as one character or as two.
pub(crate) fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headings_of_the_document_itself_count() {
        let text =
            "# A\n\n## B  c ##\n\n```\n## quoted\n```\n> ## cited\n\n- ## listed\n\n<!--\n## hidden\n-->\n\n### D\n";
        let outline = Outline::of(text);
        let found: Vec<_> =
            outline.headings.iter().map(|heading| (heading.level, heading.title.as_str(), heading.line)).collect();
        assert_eq!(found, [(1, "A", 1), (2, "B c", 3), (3, "D", 16)]);
    }

    #[test]
    fn empty_lists_and_tables_do_not_count() {
        for (text, block) in [
            ("- a", Block::BulletList),
            ("1. a", Block::NumberedList),
            ("| a |\n|---|\n| b |", Block::Table),
            ("- - a", Block::BulletList),
        ] {
            assert!(Outline::of(text).has(block, &(0..text.len())), "{text:?}");
        }
        for (text, block) in [("-\n-", Block::BulletList), ("1.", Block::NumberedList), ("| a |\n|---|", Block::Table)]
        {
            assert!(!Outline::of(text).has(block, &(0..text.len())), "{text:?}");
        }
    }

    #[test]
    fn quoted_lines_are_left_out() {
        let text = "one\n```\ntwo\n```\nthree\n<!-- four\nfive -->\nsix\n- a\n  ```\n  seven\n  ```\n- eight";
        let outline = Outline::of(text);
        let numbers: Vec<_> = outline.lines(0..text.len()).map(|line| line.number).collect();
        assert_eq!(numbers, [1, 5, 8, 9, 13]);
    }
}
