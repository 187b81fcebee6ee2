//! How suggestions follow the catalogue and the searches, on a thread of their own: nothing waits
//! for them.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::indexing::Shared;
use super::snapshot::Snapshot;
use super::suggesting::{Layer, SuggestionLayers};
use crate::domain::event::{RecordedEvent, Visitor};
use crate::domain::id::{Ordinal, Sequence};
use crate::domain::search::SearchRequest;
use crate::index::build::Changed;
use crate::index::suggestions::{Found, OwnedLabels, QueryLog, Sources, SuggestionIndex, searched};
use crate::query::understand;
use crate::text::analyse::Analyser;

/// Each part is made anew at most this often.
const EVERY_MIN: Duration = Duration::from_millis(1_500);

/// After that a part rests so many times as long as it took: the catalogue's takes long where there
/// are many products, and need not keep a core busy.
const CATALOGUE_REST: u32 = 4;
const SEARCHED_REST: u32 = 1;

/// But no longer than this: what shoppers teach is to be there within a minute.
const REST_MAX: Duration = Duration::from_secs(20);

/// Where only numbers changed, by which suggestions are ordered, the catalogue's part is made anew at
/// most this often: prices and stocks change all day, and the order hardly moves.
const DRIFT_EVERY: Duration = Duration::from_secs(20);

/// What is known of searched texts: what each finds, and the content of the product that tells.
type Memo = HashMap<Box<str>, Option<(Found, u64)>>;

/// A part that was made.
enum Made {
    Catalogue(Layer, Arc<Analyser>),
    Searched(Layer, Memo),
}

/// When a part may be made again.
#[derive(Default)]
struct Part {
    is_stale: bool,
    /// It is right but for small shifts in the order.
    has_drifted: bool,
    began: Option<Instant>,
    due: Option<Instant>,
}

impl Part {
    fn is_due(&self) -> bool {
        let is_past = |due: Option<Instant>| due.is_none_or(|due| Instant::now() >= due);
        (self.is_stale || (self.has_drifted && is_past(self.drift_due()))) && is_past(self.due)
    }

    /// When it may be made anew for a shift in the order alone; `None` means at once.
    fn drift_due(&self) -> Option<Instant> {
        self.began.map(|began| began + DRIFT_EVERY)
    }

    fn begin(&mut self) {
        self.is_stale = false;
        self.has_drifted = false;
        self.began = Some(Instant::now());
    }

    fn end(&mut self, rest: u32) {
        let took = self.began.map_or(Duration::ZERO, |began| began.elapsed());
        self.due = Some(Instant::now() + (rest * took).clamp(EVERY_MIN, REST_MAX));
    }
}

/// Makes the suggestions of one index.
pub(super) struct SuggestionWork {
    queries: QueryLog,
    memo: Memo,
    catalogue: Part,
    searched: Part,
    making: Option<JoinHandle<Made>>,
    events_read: Sequence,
}

impl Default for SuggestionWork {
    fn default() -> Self {
        let mut work = Self {
            queries: QueryLog::default(),
            memo: Memo::new(),
            catalogue: Part::default(),
            searched: Part::default(),
            making: None,
            events_read: 0,
        };
        work.catalogue_changed(Changed::Texts);
        work
    }
}

impl SuggestionWork {
    /// The last event that was taken in.
    pub(super) fn events_read(&self) -> Sequence {
        self.events_read
    }

    /// A generation was published that differs so much from the one before.
    pub(super) fn catalogue_changed(&mut self, changed: Changed) {
        match changed {
            Changed::Little => {}
            Changed::Sales => self.catalogue.has_drifted = true,
            Changed::Texts => self.catalogue.is_stale = true,
        }
    }

    /// Takes in events of the index.
    pub(super) fn read<'e>(
        &mut self,
        last: Sequence,
        events: impl Iterator<Item = &'e RecordedEvent>,
    ) {
        self.events_read = last;
        for event in events {
            self.searched.is_stale |= self.queries.record(event);
        }
    }

    /// Forgets what a visitor searched for.
    pub(super) fn forget(&mut self, visitor: &Visitor) {
        self.queries.forget(visitor);
        self.searched.is_stale = true;
        self.searched.due = None;
        // What is being made may still know of the visitor.
        if self.making.take().is_some() {
            self.catalogue.is_stale = true;
        }
    }

    /// When there will be something to look after, if nothing happens until then.
    pub(super) fn drift_due(&self) -> Option<Instant> {
        self.catalogue.drift_due().filter(|_| self.catalogue.has_drifted)
    }

    /// Whether there is something to look after.
    pub(super) fn is_busy(&self) -> bool {
        self.catalogue.is_stale || self.searched.is_stale || self.making.is_some()
    }

    /// Publishes what is made, and begins what is due.
    pub(super) fn step(&mut self, shared: &Shared) {
        if let Some(making) = self.making.take_if(|making| making.is_finished())
            && let Ok(made) = making.join()
        {
            self.publish(made, shared);
        }
        if self.making.is_some() {
            return;
        }
        if self.catalogue.is_due() {
            self.catalogue.begin();
            let snapshot = shared.snapshot.load_full();
            self.making = Some(std::thread::spawn(move || {
                let analyser = Arc::clone(&snapshot.view.generation.analyser);
                Made::Catalogue(catalogue(&snapshot), analyser)
            }));
        } else if self.searched.is_due() {
            self.searched.begin();
            self.queries.prune();
            let (snapshot, queries) = (shared.snapshot.load_full(), self.queries.clone());
            let memo = std::mem::take(&mut self.memo);
            self.making = Some(std::thread::spawn(move || taught(&snapshot, &queries, memo)));
        }
    }

    fn publish(&mut self, made: Made, shared: &Shared) {
        match made {
            Made::Catalogue(layer, analyser) => {
                self.catalogue.end(CATALOGUE_REST);
                // What found nothing may find something now.
                self.memo.retain(|_, known| known.is_some());
                self.searched.is_stale = true;
                shared.publish(|present| {
                    let is_other = !Arc::ptr_eq(&present.suggestions.analyser, &analyser);
                    let searched = match is_other {
                        true => Layer::empty(analyser.language()),
                        false => present.suggestions.searched.clone(),
                    };
                    let layers = SuggestionLayers { catalogue: layer, searched, analyser };
                    present.with_view(present.view.clone(), Arc::new(layers))
                });
            }
            Made::Searched(layer, memo) => {
                self.searched.end(SEARCHED_REST);
                self.memo = memo;
                shared.publish(|present| {
                    let layers = (*present.suggestions).clone();
                    let layers = SuggestionLayers { searched: layer, ..layers };
                    present.with_view(present.view.clone(), Arc::new(layers))
                });
            }
        }
    }
}

fn catalogue(snapshot: &Snapshot) -> Layer {
    let generation = &snapshot.view.generation;
    let title = |ordinal: Ordinal| {
        let source = generation.lexical.sources(&[ordinal]).ok()?.pop()??;
        serde_json::from_slice::<Titled>(&source).ok().map(|product| product.title)
    };
    let index = SuggestionIndex::build(&Sources {
        columns: &generation.columns,
        analyser: &generation.analyser,
        titles: &title,
        private: &generation.private,
    });
    Layer { index: Arc::new(index), sequence: generation.sequence }
}

/// The part that shoppers taught; what a text found before is still true while the product that
/// told it is as it was.
fn taught(snapshot: &Snapshot, queries: &QueryLog, before: Memo) -> Made {
    let columns = &snapshot.view.generation.columns;
    let mut memo = Memo::new();
    let mut finds = |text: &str| {
        let known = before.get(text).filter(|known| match known {
            Some((found, content)) => {
                columns.row(found.witness).is_some_and(|row| row.content_hash == *content)
            }
            None => true,
        });
        let known = known.cloned().unwrap_or_else(|| look_up(snapshot, text));
        memo.insert(text.into(), known.clone());
        known.map(|(found, _)| found)
    };
    let index = searched(queries, snapshot.view.generation.analyser.language(), &mut finds);
    let sequence = snapshot.view.generation.sequence;
    Made::Searched(Layer { index: Arc::new(index), sequence }, memo)
}

/// The part that these searches alone teach.
pub(super) fn from_searches(snapshot: &Snapshot, queries: &QueryLog) -> Layer {
    let mut finds = |text: &str| look_up(snapshot, text).map(|(found, _)| found);
    let language = snapshot.view.generation.analyser.language();
    let index = Arc::new(searched(queries, language, &mut finds));
    Layer { index, sequence: snapshot.view.generation.sequence }
}

/// What a search for a text finds that has all of its words, misspelt ones put right.
fn look_up(snapshot: &Snapshot, text: &str) -> Option<(Found, u64)> {
    let request = SearchRequest { q: text.to_owned(), ..SearchRequest::default() };
    let corrected = understand(&request, snapshot.known()).corrected;
    let meant = corrected.as_deref().unwrap_or(text);
    let found = snapshot.having_every_word(meant);
    let columns = &snapshot.view.generation.columns;
    let rows = || found.iter().filter_map(|ordinal| Some((*ordinal, columns.row(*ordinal)?)));
    let (witness, row) = rows().find(|(_, row)| row.in_stock()).or_else(|| rows().next())?;
    let labels = OwnedLabels::of(rows().map(|(_, row)| row));
    Some((Found { corrected, witness, labels }, row.content_hash))
}

/// The one field of a stored product that suggestions need.
#[derive(serde::Deserialize)]
struct Titled {
    title: String,
}
