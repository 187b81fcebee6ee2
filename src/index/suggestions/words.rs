//! The words of a suggestion and of what is typed, with their places in the written text.
//!
//! Simpler than `text::tokenise` on purpose: while somebody types, `iphone 12 m` is the start of
//! `iphone 12 mini`, not twelve metres.

use crate::text::normalise::fold;

/// More words of one text take no part in matching.
pub const WORDS_MAX: usize = 24;

/// One word of a written text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The folded letters and digits.
    pub text: String,
    /// Byte offset of its first character in the written text.
    pub start: usize,
    /// Byte offset behind its last character.
    pub end: usize,
}

/// Runs of letters and digits, folded; an apostrophe within a word is left out (`levi's` →
/// `levis`). At most `WORDS_MAX`.
pub fn split(text: &str) -> Vec<Piece> {
    let mut splitter = Splitter::default();
    for (start, character) in text.char_indices() {
        if splitter.pieces.len() >= WORDS_MAX {
            break;
        }
        splitter.read(start, character);
    }
    splitter.close();
    splitter.pieces.truncate(WORDS_MAX);
    splitter.pieces
}

/// The folded form of one character: empty for a combining mark, several letters for a ligature.
pub fn fold_character(character: char) -> String {
    fold(character.encode_utf8(&mut [0; 4]))
}

#[derive(Default)]
struct Splitter {
    pieces: Vec<Piece>,
    open: Option<Piece>,
}

impl Splitter {
    fn read(&mut self, start: usize, character: char) {
        let end = start + character.len_utf8();
        if character.is_ascii() {
            self.push(character.to_ascii_lowercase(), start, end);
            return;
        }
        for folded in fold_character(character).chars() {
            self.push(folded, start, end);
        }
    }

    fn push(&mut self, folded: char, start: usize, end: usize) {
        if folded.is_alphanumeric() {
            let fresh = || Piece { text: String::new(), start, end };
            let open = self.open.get_or_insert_with(fresh);
            open.text.push(folded);
            open.end = end;
        } else if folded != '\'' {
            self.close();
        }
    }

    fn close(&mut self) {
        self.pieces.extend(self.open.take());
    }
}

/// What is typed: complete words, then the one being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// Words behind which a separator stands, distinct, in order.
    pub earlier: Vec<String>,
    /// The word being typed; empty behind a separator and when nothing is typed.
    pub last: String,
}

impl Typed {
    /// Reads what stands in the search box.
    pub fn read(text: &str) -> Self {
        let mut pieces = split(text);
        let last = pieces.pop_if(|piece| piece.end == text.len() || ends_in_word(text, piece));
        let mut earlier: Vec<String> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            if !earlier.contains(&piece.text) {
                earlier.push(piece.text);
            }
        }
        Self { earlier, last: last.map(|piece| piece.text).unwrap_or_default() }
    }

    /// Whether nothing is typed that could match.
    pub fn is_empty(&self) -> bool {
        self.earlier.is_empty() && self.last.is_empty()
    }

    /// All words in order, the one being typed last.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let last = Some(self.last.as_str()).filter(|last| !last.is_empty());
        self.earlier.iter().map(String::as_str).chain(last)
    }
}

/// Behind the last word stand only marks that belong to it, such as a combining accent.
fn ends_in_word(text: &str, piece: &Piece) -> bool {
    text[piece.end..].chars().all(|character| {
        character == '\'' || (!character.is_ascii() && fold_character(character).is_empty())
    })
}
