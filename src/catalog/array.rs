//! Where the elements of a JSON array begin and end, without parsing them.

use super::source::Cut;

/// Follows a JSON array byte by byte.
///
/// Brackets and strings are followed only as far as finding commas needs; whether an element is
/// valid JSON is for its parser to say. A line break ends a string, since JSON has none within
/// strings: so one forgotten quote spoils one element and not the rest of the file.
#[derive(Default)]
pub(super) struct ArrayCutter {
    state: State,
    depth: u64,
    in_string: bool,
    escaped: bool,
}

/// Where in the array the cutter is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Before `[`.
    #[default]
    Before,
    /// After `[`, before any comma.
    First,
    /// After a comma.
    Later,
    /// After `]`.
    Closed,
    /// Something stands where it cannot.
    Broken(&'static str),
}

impl ArrayCutter {
    /// Where it is.
    pub(super) fn state(&self) -> State {
        self.state
    }

    /// What `byte` means.
    pub(super) fn cut(&mut self, byte: u8) -> Cut {
        match self.state {
            State::First | State::Later => self.cut_element(byte),
            State::Broken(_) => Cut::End,
            State::Before | State::Closed if byte.is_ascii_whitespace() => Cut::Skip,
            State::Before if byte == b'[' => {
                self.state = State::First;
                Cut::Skip
            }
            State::Before => self.broken("it does not begin with '['"),
            State::Closed => self.broken("there is more after its closing ']'"),
        }
    }

    fn broken(&mut self, why: &'static str) -> Cut {
        self.state = State::Broken(why);
        Cut::End
    }

    fn cut_element(&mut self, byte: u8) -> Cut {
        if self.in_string {
            let closes = byte == b'"' && !self.escaped;
            self.in_string = !(closes || byte == b'\n');
            self.escaped = byte == b'\\' && !self.escaped;
            return Cut::Keep;
        }
        self.escaped = false;
        match byte {
            b'"' => self.in_string = true,
            b'[' | b'{' => self.depth += 1,
            b']' if self.depth == 0 => {
                self.state = State::Closed;
                return Cut::End;
            }
            b'}' if self.depth == 0 => return self.broken("a '}' closes nothing"),
            b']' | b'}' => self.depth -= 1,
            b',' if self.depth == 0 => {
                self.state = State::Later;
                return Cut::End;
            }
            _ => {}
        }
        Cut::Keep
    }
}
