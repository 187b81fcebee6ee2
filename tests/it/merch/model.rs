//! A slow and obvious model of merchandising, which knows neither columns nor compiled filters nor an
//! index of rules: it asks every rule in turn and moves products one by one.

use std::cmp::Reverse;

use super::world::{
    BOOSTS_PERCENT_MAX, BRANDS, CATEGORIES, Deed, Draft, Hours, Pick, VISITORS, World, price,
};

/// What comes out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    /// Products in order, each with its score.
    pub(super) order: Vec<(usize, f32)>,
    pub(super) redirect: Option<String>,
    pub(super) banners: Vec<usize>,
    pub(super) rewritten: Option<String>,
}

/// The query of every world, as typed.
pub(super) const QUERY: &str = "running shoes";

/// 2026-06-15 is a Monday; it is noon in UTC and two in the afternoon in Berlin.
const NOW_MINUTES_UTC: usize = 12 * 60;
const NOW_MINUTES_BERLIN: usize = 14 * 60;

impl World {
    pub(super) fn model(&self) -> Outcome {
        let deeds = || self.firing().into_iter().flat_map(|(_, draft)| draft.deeds.clone());
        let (mut redirect, mut banners) = (None, Vec::new());
        for deed in deeds() {
            if let Deed::Redirect(number) = deed {
                redirect.get_or_insert(format!("/{number}"));
            } else if let Deed::Banner(number) = deed {
                banners.push(number);
            }
        }
        Outcome { order: self.order(), redirect, banners, rewritten: self.rewritten() }
    }

    /// Rules that fire, first things first.
    fn firing(&self) -> Vec<(usize, &Draft)> {
        let mut firing: Vec<(usize, &Draft)> = self.drafts.iter().enumerate().collect();
        firing.retain(|(number, draft)| self.fires(*number, draft));
        firing.sort_by_key(|(_, draft)| {
            let when = [
                draft.category.is_some(),
                draft.context.is_some(),
                draft.from.is_some(),
                draft.until.is_some(),
                draft.hours.is_some(),
                draft.share_percent.is_some(),
            ];
            let conditions = when.into_iter().filter(|given| *given).count();
            (Reverse(draft.priority), Reverse(draft.closeness()), Reverse(conditions))
        });
        firing
    }

    fn fires(&self, number: usize, draft: &Draft) -> bool {
        let asked = match draft.condition {
            0 => true,
            1 => QUERY.contains("shoes"),
            2 => QUERY.starts_with("running"),
            3 => QUERY == "running shoes",
            _ => QUERY == "boots",
        };
        draft.enabled
            && asked
            && draft.category.is_none_or(|wanted| self.filter.category == Some(wanted))
            && draft.context.is_none_or(|context| context == "mobile")
            && draft.from.is_none_or(|shift_ms| shift_ms <= 0)
            && draft.until.is_none_or(|shift_ms| shift_ms > 0)
            && draft.hours.as_ref().is_none_or(Hours::include_now)
            && draft.share_percent.is_none_or(|share| match self.visitor {
                _ if share == 100 => true,
                Some(visitor) => lot(&format!("r{number}"), VISITORS[visitor]) < f64::from(share),
                None => false,
            })
    }

    fn admits(&self, product: usize) -> bool {
        let mut admitted = self.filter.passes(self, product);
        for deed in self.firing().iter().flat_map(|(_, draft)| &draft.deeds) {
            if let Deed::Hide(pick) = deed {
                admitted &= !self.is_picked(product, *pick);
            } else if let Deed::Only(brands) = deed {
                admitted &= brands.contains(&self.brands[product]);
            }
        }
        admitted
    }

    fn is_picked(&self, product: usize, pick: Pick) -> bool {
        match pick {
            Pick::Brand(brand) => self.brands[product] == brand,
            Pick::PriceUpTo(most) => price(product) <= most,
        }
    }

    fn percent(&self, product: usize) -> f32 {
        let mut by_rules = 0.0;
        for deed in self.firing().iter().flat_map(|(_, draft)| &draft.deeds) {
            if let Deed::Lift(pick, percent) = deed
                && self.is_picked(product, *pick)
            {
                by_rules += percent;
            }
        }
        let brand = self.brands[product];
        let by_brand: f32 = self.boosts.iter().filter(|one| one.0 == brand).map(|one| one.1).sum();
        // Of eight prices, all different, as many are below as the product's number says; its own
        // counts half.
        let by_price = self.price_boost.unwrap_or(0.0) * (2 * product + 1) as f32 / 16.0;
        by_rules.clamp(-100.0, 100.0)
            + (by_brand + by_price).clamp(-BOOSTS_PERCENT_MAX, BOOSTS_PERCENT_MAX)
    }

    /// Slots of a long row: pins take theirs, the others fill the holes in order.
    fn order(&self) -> Vec<(usize, f32)> {
        let mut slots: Vec<Option<(usize, f32)>> = vec![None; 100];
        for deed in self.firing().iter().flat_map(|(_, draft)| &draft.deeds) {
            let Deed::Pin { product, position, keep } = deed else { continue };
            let is_placed = slots.iter().flatten().any(|(other, _)| other == product);
            if is_placed || !self.admits(*product) || (self.sorted && !keep) {
                continue;
            }
            let score = self.ranked.iter().find(|one| one.0 == *product);
            let score = score.map_or(0.0, |one| one.1 as f32 / 8.0);
            let free = (position - 1..).find(|slot| slots[*slot].is_none()).unwrap();
            slots[free] = Some((*product, score));
        }
        let is_pinned = |product| slots.iter().flatten().any(|(other, _)| *other == product);
        let rest = (self.ranked.iter()).filter(|one| self.admits(one.0) && !is_pinned(one.0));
        let mut rest = self.boosted(rest.copied().collect()).into_iter();
        for slot in &mut slots {
            if slot.is_none() {
                *slot = rest.next();
            }
        }
        slots.into_iter().flatten().collect()
    }

    /// A bubble sort that never swaps with a product that is named exactly, only around it.
    fn boosted(&self, items: Vec<(usize, i32, bool)>) -> Vec<(usize, f32)> {
        let score = |(product, eighths, exact): (usize, i32, bool)| {
            let own = eighths as f32 / 8.0;
            let acts = !exact && !self.sorted;
            let percent = if acts { self.percent(product) } else { 0.0 };
            (product, own + own.abs() * percent / 100.0, exact)
        };
        let mut scored: Vec<_> = items.into_iter().map(score).collect();
        let movable: Vec<usize> =
            (0..scored.len()).filter(|place| !self.sorted && !scored[*place].2).collect();
        for _ in 0..movable.len() {
            for pair in movable.windows(2) {
                if scored[pair[0]].1 < scored[pair[1]].1 {
                    scored.swap(pair[0], pair[1]);
                }
            }
        }
        scored.into_iter().map(|(product, score, _)| (product, score)).collect()
    }

    /// Word by word, one rewrite after the other.
    fn rewritten(&self) -> Option<String> {
        let mut text: Vec<&str> = QUERY.split(' ').collect();
        let mut changed = false;
        for deed in self.firing().into_iter().flat_map(|(_, draft)| &draft.deeds) {
            let Deed::Rewrite(words, with) = deed else { continue };
            let words: Vec<&str> = words.split(' ').collect();
            let mut made = Vec::new();
            while let Some(first) = text.first().copied() {
                if text.starts_with(&words) {
                    made.extend(with.split_whitespace());
                    text.drain(..words.len());
                    changed = true;
                } else {
                    made.push(first);
                    text.remove(0);
                }
            }
            text = made;
        }
        changed.then(|| text.join(" "))
    }
}

impl Draft {
    /// The closer condition on the query comes first.
    fn closeness(&self) -> u8 {
        self.condition.min(3)
    }
}

impl Hours {
    /// Whether any of the days' hours are running, or those that began the day before still are.
    fn include_now(&self) -> bool {
        let now = if self.in_berlin { NOW_MINUTES_BERLIN } else { NOW_MINUTES_UTC };
        let begins = |day: usize| self.days.is_empty() || self.days.contains(&day);
        let (from, until) = (60 * self.from, 60 * self.until);
        match until > from {
            true => begins(0) && (from..until).contains(&now),
            false => (begins(0) && now >= from) || (begins(6) && now < until),
        }
    }
}

impl super::world::Wanted {
    fn passes(&self, world: &World, product: usize) -> bool {
        let by_brand = self.brand.is_none_or(|brand| world.brands[product] == brand);
        let by_category =
            self.category.is_none_or(|category| world.categories[product] == category);
        by_brand && by_category && self.price_most.is_none_or(|most| price(product) <= most)
    }
}

/// The lot that a visitor draws for a rule: FNV-1a over both with a zero between, finished as
/// SplitMix64 does, as a share of 100.
fn lot(rule: &str, visitor: &str) -> f64 {
    let mut hash: u64 = 14_695_981_039_346_656_037;
    for byte in format!("{rule}\0{visitor}").bytes() {
        hash ^= u64::from(byte);
        hash = hash.wrapping_mul(1_099_511_628_211);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^= hash >> 31;
    100.0 * (hash >> 11) as f64 / 2_f64.powi(53)
}

#[test]
fn the_model_knows_its_own_world() {
    assert_eq!((BRANDS.len(), CATEGORIES.len()), (3, 2));
    let noon = Hours { days: vec![0], from: 12, until: 13, in_berlin: false };
    assert!(noon.include_now());
    assert!(!Hours { in_berlin: true, ..noon.clone() }.include_now());
    assert!(!Hours { days: vec![1], ..noon.clone() }.include_now());
    assert!(Hours { days: vec![6], from: 22, until: 13, ..noon }.include_now(), "since yesterday");
}
