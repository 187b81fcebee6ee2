//! Who is near whom: the links of the graph, and how they are found.
//!
//! One layer of links in the manner of HNSW's lowest. Where HNSW climbs down through layers, a
//! search starts from the nearest of √n products, found by a scan. Vectors stay in the exact index.
//! Building inserts batches: every product of a batch looks for its place among those before the
//! batch, so threads need no locks and the links do not depend on their number.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fixedbitset::FixedBitSet;
use rayon::prelude::*;

use super::Neighbour;
use super::flat::Flat;
use super::query::PreparedQuery;
use crate::domain::id::Ordinal;

/// Links of a product at most.
const LINKS_MAX: usize = 32;

/// Links that a product chooses for itself; the rest is for those who choose it.
const LINKS_CHOSEN: usize = 16;

/// How many near products are weighed for the links of a new one.
const BUILD_WIDTH: usize = 128;

/// A search starts from so many of the entries.
const STARTS: usize = 8;

/// A batch is at most this part of what is in the graph: its products do not see each other.
const BATCH_DIVISOR: usize = 50;

/// No link.
const NONE: Ordinal = Ordinal::MAX;

/// The links of the products that were there when they were built.
pub(super) struct Links {
    /// `LINKS_MAX` ordinals for each ordinal, filled up with `NONE`.
    links: Vec<Ordinal>,
    /// Where searches start: a sample.
    entries: Vec<Ordinal>,
    covered: FixedBitSet,
}

/// A similarity that can be compared; a step is far below what int8 rows resolve.
type Nearness = i32;

fn nearness(similarity: f32) -> Nearness {
    (similarity * (1 << 30) as f32) as Nearness
}

impl Links {
    /// Links all products of `flat`.
    pub(super) fn build(flat: &Flat) -> Self {
        let mut order: Vec<Ordinal> = flat.rows().map(|(ordinal, _)| ordinal).collect();
        // Neighbours in a catalogue are near in meaning, and those of a batch must not be.
        order.sort_unstable_by_key(|ordinal| (ordinal.wrapping_mul(0x9E37_79B9), *ordinal));
        let mut links = Self {
            links: vec![NONE; flat.ordinals_end() * LINKS_MAX],
            entries: Vec::new(),
            covered: FixedBitSet::with_capacity(flat.ordinals_end()),
        };
        let entry_count = order.len().isqrt();
        let mut rest = order.as_slice();
        let mut inserted = 0;
        while !rest.is_empty() {
            let size = (inserted / BATCH_DIVISOR).max(1).min(rest.len());
            let (batch, after) = rest.split_at(size);
            links.insert(batch, flat);
            let missing = entry_count.saturating_sub(links.entries.len());
            links.entries.extend(batch.iter().take(missing));
            (rest, inserted) = (after, inserted + size);
        }
        links
    }

    /// Whether a product was there when the links were built.
    pub(super) fn covers(&self, ordinal: Ordinal) -> bool {
        self.covered.contains(ordinal as usize)
    }

    fn of(&self, ordinal: Ordinal) -> impl Iterator<Item = Ordinal> {
        let start = ordinal as usize * LINKS_MAX;
        self.links[start..start + LINKS_MAX].iter().copied().take_while(|link| *link != NONE)
    }

    fn set(&mut self, ordinal: Ordinal, chosen: &[Ordinal]) {
        let start = ordinal as usize * LINKS_MAX;
        let slots = &mut self.links[start..start + LINKS_MAX];
        slots.fill(NONE);
        slots[..chosen.len()].copy_from_slice(chosen);
    }

    fn insert(&mut self, batch: &[Ordinal], flat: &Flat) {
        let place = |ordinal: &Ordinal| {
            let query = PreparedQuery::from_row(flat.stored(*ordinal).row);
            let near = self.search(&query, BUILD_WIDTH, flat, |_| true);
            (*ordinal, choose(&near, LINKS_CHOSEN, flat))
        };
        let placed: Vec<(Ordinal, Vec<Ordinal>)> = batch.par_iter().map(place).collect();
        let mut back = Vec::new();
        for (ordinal, chosen) in &placed {
            self.set(*ordinal, chosen);
            self.covered.insert(*ordinal as usize);
            back.extend(chosen.iter().map(|target| (*target, *ordinal)));
        }
        back.par_sort_unstable();
        let groups: Vec<&[(Ordinal, Ordinal)]> = back.chunk_by(|a, b| a.0 == b.0).collect();
        let linked: Vec<(Ordinal, Vec<Ordinal>)> =
            groups.par_iter().map(|group| self.linked_back(group, flat)).collect();
        for (target, chosen) in &linked {
            self.set(*target, chosen);
        }
    }

    /// The links of a product that others, at least one, have chosen.
    fn linked_back(&self, group: &[(Ordinal, Ordinal)], flat: &Flat) -> (Ordinal, Vec<Ordinal>) {
        let target = group[0].0;
        let sources = group.iter().map(|(_, source)| *source);
        let all: Vec<Ordinal> = self.of(target).chain(sources).collect();
        if all.len() <= LINKS_MAX {
            return (target, all);
        }
        let own = flat.stored(target);
        let mut near: Vec<Neighbour> = all
            .into_iter()
            .map(|ordinal| Neighbour {
                ordinal,
                similarity: own.similarity_to(flat.stored(ordinal)),
            })
            .collect();
        near.sort_unstable_by_key(|one| (Reverse(nearness(one.similarity)), one.ordinal));
        (target, choose(&near, LINKS_MAX, flat))
    }

    /// The `width` nearest admitted products that can be found, best first.
    ///
    /// Those not admitted are walked through all the same, so a rare admission costs a long walk.
    pub(super) fn search(
        &self,
        query: &PreparedQuery,
        width: usize,
        flat: &Flat,
        admit: impl Fn(Ordinal) -> bool,
    ) -> Vec<Neighbour> {
        let mut walk = Walk {
            seen: FixedBitSet::with_capacity(self.covered.len()),
            frontier: BinaryHeap::new(),
            found: BinaryHeap::new(),
            width,
        };
        let near = |ordinal| nearness(flat.stored(ordinal).similarity(query));
        let mut starts: Vec<(Nearness, Ordinal)> =
            self.entries.iter().map(|entry| (near(*entry), *entry)).collect();
        starts.sort_unstable_by_key(|start| Reverse(*start));
        for (nearness, ordinal) in starts.into_iter().take(STARTS) {
            walk.seen.insert(ordinal as usize);
            walk.meet(nearness, ordinal, &admit);
        }
        while let Some(from) = walk.next() {
            for ordinal in self.of(from) {
                if !walk.seen.put(ordinal as usize) {
                    walk.meet(near(ordinal), ordinal, &admit);
                }
            }
        }
        let sorted = walk.found.into_sorted_vec().into_iter();
        let neighbour = |Reverse((nearness, ordinal))| Neighbour {
            ordinal,
            similarity: nearness as f32 / (1 << 30) as f32,
        };
        sorted.map(neighbour).collect()
    }
}

/// A search under way.
struct Walk {
    seen: FixedBitSet,
    frontier: BinaryHeap<(Nearness, Ordinal)>,
    /// The worst on top.
    found: BinaryHeap<Reverse<(Nearness, Ordinal)>>,
    width: usize,
}

impl Walk {
    fn worst(&self) -> Nearness {
        let full = self.found.len() >= self.width;
        self.found.peek().filter(|_| full).map_or(Nearness::MIN, |worst| worst.0.0)
    }

    fn meet(&mut self, nearness: Nearness, ordinal: Ordinal, admit: &impl Fn(Ordinal) -> bool) {
        if nearness <= self.worst() {
            return;
        }
        self.frontier.push((nearness, ordinal));
        if !admit(ordinal) {
            return;
        }
        self.found.push(Reverse((nearness, ordinal)));
        if self.found.len() > self.width {
            self.found.pop();
        }
    }

    /// Whose links to follow next; `None` when nothing better can be expected.
    fn next(&mut self) -> Option<Ordinal> {
        let (nearness, ordinal) = self.frontier.pop()?;
        (nearness >= self.worst()).then_some(ordinal)
    }
}

/// At most `count` of `near`, which is sorted best first: those nearer to the product than to any
/// chosen before, so that links lead in all directions; then the nearest of the others.
fn choose(near: &[Neighbour], count: usize, flat: &Flat) -> Vec<Ordinal> {
    let mut chosen: Vec<Ordinal> = Vec::with_capacity(count);
    let mut others = Vec::new();
    for candidate in near {
        if chosen.len() == count {
            return chosen;
        }
        let row = flat.stored(candidate.ordinal);
        let nearer =
            |other: &Ordinal| row.similarity_to(flat.stored(*other)) > candidate.similarity;
        if chosen.iter().any(nearer) {
            others.push(candidate.ordinal);
        } else {
            chosen.push(candidate.ordinal);
        }
    }
    let missing = count - chosen.len();
    chosen.extend(others.into_iter().take(missing));
    chosen
}
