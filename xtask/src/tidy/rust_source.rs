//! A Rust file as tokens, so that a rule on code is not fooled by a string or a comment, nor one on comments by code.

use std::ops::Range;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The tokens of one file, groups opened up.
pub struct RustSource<'a> {
    /// The file.
    pub text: &'a str,
    tokens: Vec<Token>,
    strings: Vec<Range<usize>>,
}

#[derive(Debug)]
struct Token {
    kind: Kind,
    /// Line, counted from 1.
    line: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// Identifier or keyword.
    Word(String),
    Punctuation(char),
    Literal,
    /// `(`, `[`, `{` or an invisible one, and the index of its closing token.
    Open(Delimiter, usize),
    Close,
}

/// One attribute: `#[allow(…)]`, `#![…]`. Doc comments do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The identifiers in it, in order: `allow`, `dead_code`, `reason`.
    pub words: Vec<String>,
    /// Line of its `#`.
    pub line: usize,
    /// Index of the token behind it.
    end: usize,
}

impl<'a> RustSource<'a> {
    /// Takes a file apart.
    ///
    /// # Errors
    /// The first place, line and message, at which the text is not Rust.
    pub fn parse(text: &'a str) -> Result<Self, (usize, String)> {
        let stream: TokenStream =
            text.parse().map_err(|error: proc_macro2::LexError| (error.span().start().line, error.to_string()))?;
        let mut source = Self { text, tokens: Vec::new(), strings: Vec::new() };
        source.take(stream);
        Ok(source)
    }

    fn take(&mut self, stream: TokenStream) {
        for tree in stream {
            let line = tree.span().start().line;
            let index = self.tokens.len();
            let mut push = |kind| self.tokens.push(Token { kind, line });
            match tree {
                TokenTree::Ident(word) => push(Kind::Word(word.to_string())),
                TokenTree::Punct(punctuation) => push(Kind::Punctuation(punctuation.as_char())),
                TokenTree::Literal(literal) => {
                    push(Kind::Literal);
                    let place = literal.span().byte_range();
                    // A doc comment arrives as a literal too; it is a comment.
                    if !self.text[place.clone()].starts_with('/') {
                        self.strings.push(place);
                    }
                }
                TokenTree::Group(group) => {
                    push(Kind::Open(group.delimiter(), index));
                    let last_line = group.span_close().start().line;
                    self.take(group.stream());
                    self.tokens[index].kind = Kind::Open(group.delimiter(), self.tokens.len());
                    self.tokens.push(Token { kind: Kind::Close, line: last_line });
                }
            }
        }
    }

    /// True when this byte of the text belongs to a literal.
    pub fn is_in_literal(&self, offset: usize) -> bool {
        let after = self.strings.partition_point(|place| place.start <= offset);
        after > 0 && self.strings[after - 1].contains(&offset)
    }

    /// Lines on which one of `names` is reached through `module::`, alone or in braces.
    pub fn lines_with_path(&self, module: &str, names: &[&str]) -> Vec<usize> {
        let named = |token: &Token| names.iter().any(|name| token.kind.is(name));
        let mut lines = Vec::new();
        for (index, window) in self.tokens.windows(4).enumerate() {
            if !(window[0].kind.is(module) && window[1].kind.is(":") && window[2].kind.is(":")) {
                continue;
            }
            let reached = match window[3].kind {
                Kind::Open(Delimiter::Brace, close) => &self.tokens[index + 4..close],
                _ => &window[3..4],
            };
            lines.extend(reached.iter().filter(|token| named(token)).map(|token| token.line));
        }
        lines
    }

    /// Every path of at least two names outside tests, with its line. Groups of a `use` are opened up; a glob ends a
    /// path.
    pub fn paths(&self) -> Vec<(Vec<String>, usize)> {
        let tests = self.test_lines();
        let mut paths = Vec::new();
        let mut index = 0;
        while index < self.tokens.len() {
            let is_begin = matches!(self.tokens[index].kind, Kind::Word(_)) && self.separator_at(index + 1);
            if is_begin {
                index = self.paths_at(index, &[], &mut paths);
            } else {
                index += 1;
            }
        }
        paths.retain(|(path, line)| path.len() > 1 && !tests.iter().any(|lines| lines.contains(line)));
        paths
    }

    /// Takes the path, or the group of paths, that begins at a token and continues from `begun`. Gives the token
    /// behind.
    fn paths_at(&self, mut index: usize, begun: &[String], paths: &mut Vec<(Vec<String>, usize)>) -> usize {
        let mut path = begun.to_vec();
        let line = self.tokens[index].line;
        loop {
            match self.tokens.get(index).map(|token| &token.kind) {
                Some(Kind::Word(word)) => path.push(word.clone()),
                Some(Kind::Open(Delimiter::Brace, close)) => {
                    let mut inner = index + 1;
                    while inner < *close {
                        inner = self.paths_at(inner, &path, paths).max(inner + 1);
                        while inner < *close && !self.tokens[inner - 1].kind.is(",") {
                            inner += 1;
                        }
                    }
                    return close + 1;
                }
                _ => {
                    paths.push((path, line));
                    return index;
                }
            }
            index += 1;
            if !self.separator_at(index) {
                paths.push((path, line));
                return index;
            }
            index += 2;
        }
    }

    fn separator_at(&self, index: usize) -> bool {
        self.tokens.get(index..index + 2).is_some_and(|two| two.iter().all(|token| token.kind.is(":")))
    }

    /// Every attribute, in order.
    pub fn attributes(&self) -> Vec<Attribute> {
        (0..self.tokens.len()).filter_map(|index| self.attribute_at(index)).collect()
    }

    fn attribute_at(&self, index: usize) -> Option<Attribute> {
        if !self.tokens[index].kind.is("#") {
            return None;
        }
        let inner = self.tokens.get(index + 1)?.kind.is("!");
        let opened = index + 1 + usize::from(inner);
        let Kind::Open(Delimiter::Bracket, close) = self.tokens.get(opened)?.kind else { return None };
        let words = self.tokens[opened..close].iter().filter_map(|token| match &token.kind {
            Kind::Word(word) => Some(word.clone()),
            _ => None,
        });
        let line = self.tokens[index].line;
        Some(Attribute { words: words.collect(), line, end: close + 1 })
    }

    /// Name and line of each function that a test harness runs: those behind `#[test]`, `#[tokio::test]`, `#[rstest]`.
    pub fn test_functions(&self) -> Vec<(&str, usize)> {
        let mut functions: Vec<_> = self
            .attributes()
            .iter()
            .filter(|attribute| {
                matches!(&attribute.words[..], [only] if only == "test" || only == "rstest")
                    || attribute.words.starts_with(&["tokio".to_owned(), "test".to_owned()])
            })
            .filter_map(|attribute| self.function_from(attribute.end))
            .collect();
        functions.dedup();
        functions
    }

    /// Name and line of the function that begins at this token, behind its other attributes.
    fn function_from(&self, start: usize) -> Option<(&str, usize)> {
        let mut index = start;
        loop {
            match &self.tokens.get(index)?.kind {
                Kind::Word(word) if word == "fn" => {
                    let name = self.tokens.get(index + 1)?;
                    let Kind::Word(word) = &name.kind else { return None };
                    return Some((word, name.line));
                }
                Kind::Open(Delimiter::Bracket | Delimiter::Parenthesis, close) => index = close + 1,
                Kind::Open(..) | Kind::Close => return None,
                _ => index += 1,
            }
        }
    }

    /// Lines of the items that exist only in tests: those behind `#[cfg(test)]`.
    pub fn test_lines(&self) -> Vec<Range<usize>> {
        self.lines_of_items_under(|words| matches!(words, ["cfg", "test"] | ["cfg", "all", "test", ..]))
    }

    /// Lines of the items that have an attribute of which `wanted` accepts the words.
    pub fn lines_of_items_under(&self, wanted: impl Fn(&[&str]) -> bool) -> Vec<Range<usize>> {
        let mut lines = Vec::new();
        for attribute in self.attributes() {
            let words: Vec<&str> = attribute.words.iter().map(String::as_str).collect();
            if wanted(&words) {
                lines.push(attribute.line..self.last_line_of_item(attribute.end) + 1);
            }
        }
        lines
    }

    /// Last line of the item that begins at this token: its body in braces, or its semicolon.
    fn last_line_of_item(&self, start: usize) -> usize {
        let mut index = start;
        while let Some(token) = self.tokens.get(index) {
            match token.kind {
                Kind::Open(Delimiter::Brace, close) => return self.tokens[close].line,
                Kind::Open(_, close) => index = close + 1,
                Kind::Punctuation(';') | Kind::Close => return token.line,
                _ => index += 1,
            }
        }
        usize::MAX - 1
    }
}

impl Kind {
    fn is(&self, wanted: &str) -> bool {
        match self {
            Self::Word(word) => word == wanted,
            Self::Punctuation(mark) => wanted.chars().eq([*mark]),
            Self::Open(delimiter, _) => {
                wanted
                    == match delimiter {
                        Delimiter::Parenthesis => "(",
                        Delimiter::Bracket => "[",
                        Delimiter::Brace => "{",
                        Delimiter::None => return false,
                    }
            }
            Self::Close => wanted == ")",
            Self::Literal => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> RustSource<'_> {
        RustSource::parse(text).unwrap_or_else(|(line, message)| panic!("line {line}: {message}"))
    }

    #[test]
    fn paths_are_found_alone_and_in_braces() {
        let source =
            parsed("use std::thread::sleep;\nuse tokio::{sync, time::{\n    Duration, sleep,\n}};\nfn sleep() {}\n");
        assert_eq!(source.lines_with_path("thread", &["sleep"]), [1]);
        assert_eq!(source.lines_with_path("time", &["sleep"]), [3]);
    }

    #[test]
    fn attributes_are_distinguished_from_doc_comments() {
        let source = parsed("//! Head.\n#![deny(x)]\n#[allow(\n    y,\n    reason = \"z\"\n)]\nfn f() {}\n");
        let attributes: Vec<_> =
            source.attributes().into_iter().filter(|attribute| attribute.words[0] != "doc").collect();
        assert_eq!(attributes.len(), 2);
        assert_eq!(attributes[1].words, ["allow", "y", "reason"]);
        assert_eq!(attributes[1].line, 3);
    }

    #[test]
    fn items_of_tests_are_recognised_by_attribute() {
        let source = parsed(
            "fn a() {}\n#[cfg(test)]\n#[path = \"x.rs\"]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n\
             #[cfg(all(test, unix))]\nuse d::{e};\n#[cfg(not(test))]\nfn g() {}\n",
        );
        assert_eq!(source.test_lines(), [2..7, 8..10]);
    }

    #[test]
    fn literals_are_distinguished_from_comments() {
        let text = "//! one\nconst A: &str = \"two\"; // three\n";
        let source = parsed(text);
        let offset = |word: &str| text.find(word).expect("the word is in the text");
        assert!(source.is_in_literal(offset("two")));
        assert!(!source.is_in_literal(offset("one")) && !source.is_in_literal(offset("three")));
    }

    #[test]
    fn invalid_rust_is_refused_with_its_line() {
        assert!(matches!(RustSource::parse("fn f() {\n  )\n"), Err((2, _))));
    }
}
