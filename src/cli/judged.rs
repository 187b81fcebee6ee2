//! Judged queries from files, and how searches do on them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::cases::Strangers;
use super::data::operator;
use crate::domain::id::IndexName;
use crate::domain::search::SearchRequest;
use crate::engine::Trial;
use crate::error::{Error, Result};
use crate::eval::judgments::{Hits, JudgedQuery, Judgments, read_queries};
use crate::eval::{Report, evaluate};

/// Hits that are asked for: as many as recall looks at.
const HITS: usize = 100;

/// Queries with their judgments.
pub(super) struct JudgedSet {
    pub(super) queries: Vec<JudgedQuery>,
    pub(super) judgments: Judgments,
}

impl JudgedSet {
    /// Reads `query⇥text` lines and `query⇥product⇥grade` lines.
    pub(super) fn read(queries: &Path, qrels: &Path) -> Result<Self> {
        Ok(Self {
            queries: read_queries(open(queries)?).map_err(|error| of_file(queries, &error))?,
            judgments: Judgments::read(open(qrels)?).map_err(|error| of_file(qrels, &error))?,
        })
    }

    /// How whole searches do on the set; `asked` is what they ask for besides the text.
    /// With a seed each is made by a shopper of chance.
    pub(super) fn measure(
        &self,
        trial: &Trial<'_>,
        (asked, random_history): (&SearchRequest, Option<u64>),
    ) -> Result<Report> {
        let mut strangers =
            random_history.map(|seed| Strangers::new(seed, trial.products())).transpose()?;
        let mut search = |text: &str| -> Result<Hits> {
            let request = SearchRequest { q: text.to_owned(), per_page: HITS, ..asked.clone() };
            let page = match &mut strangers {
                Some(strangers) => strangers.search(trial, &request)?,
                None => trial.search(&request, operator())?,
            };
            Ok(page.hits.into_iter().map(|hit| (hit.id, hit.score)).collect())
        };
        evaluate(&self.queries, &self.judgments, &mut search)
    }
}

/// A judged set and its index, as `INDEX=QUERIES.tsv,QRELS.tsv`.
#[derive(Clone, Debug)]
pub(super) struct JudgedArgument {
    pub(super) index: IndexName,
    pub(super) queries: PathBuf,
    pub(super) qrels: PathBuf,
}

impl JudgedArgument {
    /// What the argument says.
    pub(super) fn parse(text: &str) -> std::result::Result<Self, String> {
        let parts = text.split_once('=').and_then(|(index, files)| {
            let (queries, qrels) = files.split_once(',')?;
            let whole = !queries.is_empty() && !qrels.is_empty();
            whole.then_some((index, queries, qrels))
        });
        let (index, queries, qrels) =
            parts.ok_or("a judged set is written as INDEX=QUERIES.tsv,QRELS.tsv")?;
        let index = super::parse::index_name(index)?;
        Ok(Self { index, queries: queries.into(), qrels: qrels.into() })
    }

    /// The set.
    pub(super) fn read(&self) -> Result<JudgedSet> {
        JudgedSet::read(&self.queries, &self.qrels)
    }
}

/// Without the folders of the files, which are nobody else's.
impl std::fmt::Display for JudgedArgument {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |path: &Path| path.file_name().map_or_else(String::new, lossy);
        write!(formatter, "{}={},{}", self.index, name(&self.queries), name(&self.qrels))
    }
}

fn lossy(name: &OsStr) -> String {
    name.to_string_lossy().into_owned()
}

/// A file to read.
pub(super) fn open(path: &Path) -> Result<BufReader<File>> {
    File::open(path).map(BufReader::new).map_err(|error| unusable(path, &error))
}

/// An error in a file, with its path.
pub(super) fn of_file(path: &Path, error: &Error) -> Error {
    let problem = error.problem();
    let message = format!("{}: {}", path.display(), problem.message);
    Error::bad_request(problem.code, message, problem.hint.clone())
}

/// A file that cannot be opened or made.
pub(super) fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::unavailable(
        "unusable_file",
        format!("'{}' cannot be opened: {error}", path.display()),
        "check the path and its permissions",
    )
}
