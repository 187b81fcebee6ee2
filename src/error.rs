//! The one error type: every variant is named by who must act on it.

use std::fmt;

/// What happened, in words that a caller can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable machine-readable name in `snake_case`.
    pub code: &'static str,
    /// One sentence that says what is wrong.
    pub message: String,
    /// One sentence that says what to do; may be empty.
    pub hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        if self.hint.is_empty() {
            return Ok(());
        }
        write!(formatter, " ({})", self.hint)
    }
}

/// Why an operation did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The caller sent something that can never work; they change the request.
    #[error("{0}")]
    BadRequest(Problem),
    /// The thing named by the caller does not exist.
    #[error("{0}")]
    NotFound(Problem),
    /// Somebody else changed the thing first; the caller reads it again.
    #[error("{0}")]
    Conflict(Problem),
    /// It would work later or elsewhere; the operator or a retry helps.
    #[error("{0}")]
    Unavailable(Problem),
    /// A defect or a broken disk; the operator looks at the log.
    #[error("{0}")]
    Internal(Problem),
}

/// A result whose error says who must act.
pub type Result<T> = std::result::Result<T, Error>;

fn problem(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Problem {
    Problem { code, message: message.into(), hint: hint.into() }
}

impl Error {
    /// The caller must change the request.
    pub fn bad_request(
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::BadRequest(problem(code, message, hint))
    }

    /// The named thing does not exist.
    pub fn not_found(
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::NotFound(problem(code, message, hint))
    }

    /// The caller lost a race and must read again.
    pub fn conflict(
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::Conflict(problem(code, message, hint))
    }

    /// A later try may succeed.
    pub fn unavailable(
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::Unavailable(problem(code, message, hint))
    }

    /// Something that should not happen did.
    pub fn internal(
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::Internal(problem(code, message, hint))
    }

    /// What happened, whoever must act.
    pub fn problem(&self) -> &Problem {
        match self {
            Self::BadRequest(problem)
            | Self::NotFound(problem)
            | Self::Conflict(problem)
            | Self::Unavailable(problem)
            | Self::Internal(problem) => problem,
        }
    }
}
