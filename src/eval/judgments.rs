//! The files of an evaluation: queries, judgments, and the run that a search made.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, Write};

use crate::error::{Error, Result};

/// No scale of grades goes further; 2^grade would no longer be exact.
const GRADE_MAX: f64 = 50.0;

/// A query of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedQuery {
    /// Its name in the judgments.
    pub id: String,
    /// What the shopper typed.
    pub text: String,
}

/// Grades of products, query by query: 0 is irrelevant, higher is better.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgments {
    /// In the order in which the queries first appear.
    queries: Vec<(String, BTreeMap<String, f64>)>,
}

/// What the shopper typed, and the grades of products for it.
pub type Judged<'a> = (&'a str, &'a BTreeMap<String, f64>);

/// Product ids with scores, best first.
pub type Hits = Vec<(String, f32)>;

/// What one query found.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedList {
    /// The query's id.
    pub query: String,
    /// What was found.
    pub hits: Hits,
}

impl Judgments {
    /// Reads `query⇥product⇥grade` lines. The last grade of a product for a query counts.
    ///
    /// # Errors
    /// `BadRequest` with the line that is wrong; Unavailable when `reader` fails.
    pub fn read(reader: impl BufRead) -> Result<Self> {
        let mut judgments = Self::default();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        each_line(reader, |line| {
            let [query, product, grade] = columns(line, "query⇥product⇥grade")?;
            let grade: f64 =
                grade.parse().ok().filter(|grade| (0.0..=GRADE_MAX).contains(grade)).ok_or_else(
                    || format!("expected a grade from 0 to {GRADE_MAX}, found '{grade}'"),
                )?;
            let place = *places.entry(query.to_owned()).or_insert_with(|| {
                judgments.queries.push((query.to_owned(), BTreeMap::new()));
                judgments.queries.len() - 1
            });
            judgments.queries[place].1.insert(product.to_owned(), grade);
            Ok(())
        })?;
        Ok(judgments)
    }

    /// The judged queries with what the shopper typed and the grades of their products.
    ///
    /// # Errors
    /// `BadRequest` when a judged query is not among `queries`.
    pub fn with_texts<'a>(&'a self, queries: &'a [JudgedQuery]) -> Result<Vec<Judged<'a>>> {
        let texts: HashMap<&str, &str> =
            queries.iter().map(|query| (query.id.as_str(), query.text.as_str())).collect();
        let with_text = |(id, grades): (&str, &'a BTreeMap<String, f64>)| {
            texts.get(id).map(|text| (*text, grades)).ok_or_else(|| {
                Error::bad_request(
                    "invalid_judgments",
                    format!("query '{id}' is judged but has no text"),
                    "give the queries and the judgments of one set",
                )
            })
        };
        self.iter().map(with_text).collect()
    }

    /// The queries with the grades of their products.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, f64>)> {
        self.queries.iter().map(|(id, grades)| (id.as_str(), grades))
    }
}

/// Reads `query⇥text` lines.
///
/// # Errors
/// `BadRequest` with the line that is wrong or names a query for the second time; Unavailable when
/// `reader` fails.
pub fn read_queries(reader: impl BufRead) -> Result<Vec<JudgedQuery>> {
    let mut queries: Vec<JudgedQuery> = Vec::new();
    let mut known = std::collections::HashSet::new();
    each_line(reader, |line| {
        let [id, text] = columns(line, "query⇥text")?;
        if !known.insert(id.to_owned()) {
            return Err(format!("query '{id}' is there already"));
        }
        queries.push(JudgedQuery { id: id.to_owned(), text: text.to_owned() });
        Ok(())
    })?;
    Ok(queries)
}

/// Writes `query⇥product⇥rank⇥score` lines, ranks from 1.
///
/// # Errors
/// Unavailable when `writer` fails.
pub fn write_run(writer: &mut dyn Write, run: &[RankedList]) -> Result<()> {
    let lines = run.iter().flat_map(|list| {
        let ranked = list.hits.iter().zip(1..);
        ranked.map(|((product, score), rank)| (&list.query, product, rank, score))
    });
    for (query, product, rank, score) in lines {
        writeln!(writer, "{query}\t{product}\t{rank}\t{score}").map_err(|error| failed(&error))?;
    }
    writer.flush().map_err(|error| failed(&error))
}

fn failed(error: &std::io::Error) -> Error {
    Error::unavailable("evaluation_file", error.to_string(), "")
}

/// Calls `take` with every line that is not blank.
pub(super) fn each_line(
    reader: impl BufRead,
    mut take: impl FnMut(&str) -> std::result::Result<(), String>,
) -> Result<()> {
    for (number, line) in (1_u64..).zip(reader.lines()) {
        let invalid = |message: String| {
            Error::bad_request("invalid_judgments", format!("line {number}: {message}"), "")
        };
        let line = line.map_err(|error| {
            if error.kind() == std::io::ErrorKind::InvalidData {
                return invalid("expected UTF-8 text".to_owned());
            }
            failed(&error)
        })?;
        let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
        if !line.trim().is_empty() {
            take(line).map_err(invalid)?;
        }
    }
    Ok(())
}

pub(super) fn columns<'l, const N: usize>(
    line: &'l str,
    layout: &str,
) -> std::result::Result<[&'l str; N], String> {
    let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
    let found = fields.len();
    let fields: [&str; N] = fields
        .try_into()
        .map_err(|_| format!("expected {layout} ({N} columns), found {found} columns"))?;
    match fields.iter().position(|field| field.is_empty()) {
        Some(position) => Err(format!("expected {layout}, but column {} is empty", position + 1)),
        None => Ok(fields),
    }
}
