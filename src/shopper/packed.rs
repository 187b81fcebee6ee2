//! A profile in few bytes, for keeping many in memory.
//!
//! Every text and every tally is written once and then named by its number: a category's key stands
//! in four tables, and what was chosen once has the same tally in all of them. Weights are `f32`. So
//! a profile that was packed is a little coarser than the fold; whoever ranks by profiles packs and
//! unpacks also the one that is not kept yet.

use std::collections::HashMap;
use std::sync::Arc;

use super::Consent;
use super::profile::{
    Bought, BrandTable, PriceBand, Profile, RecentChoice, RepeatTally, SizeTable, Table,
    TurnedDown, WornSize,
};
use super::tally::Tally;
use crate::domain::time::Timestamp;

/// A packed profile; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed(Arc<[u8]>);

impl Packed {
    /// Packs a profile.
    pub fn of(profile: &Profile) -> Self {
        let mut writer = Writer::default();
        writer.profile(profile);
        Self(writer.finish().into())
    }

    /// The profile, with weights as exact as they are kept.
    pub fn unpack(&self) -> Profile {
        Reader::new(&self.0).profile()
    }

    /// Whether both are one and the same in memory.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }
}

/// What a tally is told apart by.
type TallyKey = ([u32; 4], u32, u32);

#[derive(Default)]
struct Writer<'p> {
    texts: HashMap<&'p str, u64>,
    text_table: Vec<u8>,
    last_text: &'p str,
    tallies: HashMap<TallyKey, u64>,
    tally_table: Vec<u8>,
    body: Vec<u8>,
}

impl<'p> Writer<'p> {
    /// The tables with their lengths, then what names their rows.
    fn finish(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(
            self.text_table.len() + self.tally_table.len() + self.body.len() + 4,
        );
        put_number(&mut out, self.texts.len() as u64);
        out.extend_from_slice(&self.text_table);
        put_number(&mut out, self.tallies.len() as u64);
        out.extend_from_slice(&self.tally_table);
        out.extend_from_slice(&self.body);
        out
    }

    fn number(&mut self, number: u64) {
        put_number(&mut self.body, number);
    }

    fn real(&mut self, real: f64) {
        self.body.extend_from_slice(&(real as f32).to_le_bytes());
    }

    /// A text is written by what differs from the one before: tables are in order.
    fn text(&mut self, text: &'p str) {
        let next = self.texts.len() as u64;
        let number = *self.texts.entry(text).or_insert(next);
        if number == next {
            let pairs = text.bytes().zip(self.last_text.bytes());
            let shared = pairs.take_while(|(left, right)| left == right).count();
            put_number(&mut self.text_table, shared as u64);
            put_number(&mut self.text_table, (text.len() - shared) as u64);
            self.text_table.extend_from_slice(&text.as_bytes()[shared..]);
            self.last_text = text;
        }
        self.number(number);
    }

    /// Weights that are nothing are not written: most rejections, and most of old sessions.
    fn tally(&mut self, tally: &Tally) {
        let Tally { long, session, long_rejected, session_rejected, choices, rejections } = tally;
        let weights = [*long, *session, *long_rejected, *session_rejected].map(|one| one as f32);
        let next = self.tallies.len() as u64;
        let key = (weights.map(f32::to_bits), *choices, *rejections);
        let number = *self.tallies.entry(key).or_insert(next);
        if number == next {
            let table = &mut self.tally_table;
            let given = |bits: &&u32| **bits != 0;
            let mask = (0..).zip(&key.0).filter(|(_, bits)| given(bits));
            table.push(mask.fold(0, |mask, (place, _)| mask | 1 << place));
            for bits in key.0.iter().filter(given) {
                table.extend_from_slice(&bits.to_le_bytes());
            }
            put_number(table, u64::from(*choices));
            put_number(table, u64::from(*rejections));
        }
        self.number(number);
    }

    fn map<V>(&mut self, map: &'p Table<V>, value: impl Fn(&mut Self, &'p V)) {
        self.number(map.len() as u64);
        for (key, one) in map {
            self.text(key);
            value(self, one);
        }
    }

    fn texts(&mut self, texts: &'p [String]) {
        self.number(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text));
    }

    fn profile(&mut self, profile: &'p Profile) {
        let Profile { now, consent, events, acts, categories, brands, color_total, .. } = profile;
        let Profile { colors, sizes, prices, bought, repeats, turned_down, recent, .. } = profile;
        let Profile { liked_brands, blocked_brands, searches, .. } = profile;
        self.number(now.as_ms().cast_unsigned());
        self.number(match consent {
            Consent::None => 0,
            Consent::SessionOnly => 1,
            Consent::Full => 2,
        });
        self.number(u64::from(*events));
        self.number(u64::from(*acts));
        self.map(categories, Self::tally);
        self.map(brands, |to, table| {
            to.tally(&table.total);
            to.map(&table.brands, Self::tally);
        });
        self.tally(color_total);
        self.map(colors, Self::tally);
        self.map(sizes, Self::sizes);
        self.map(prices, Self::price);
        self.map(bought, |to, bought| {
            to.number(u64::from(bought.count));
            to.number((now.as_ms() - bought.last.as_ms()).cast_unsigned());
            to.tally(&bought.tally);
        });
        self.map(repeats, |to, repeats| {
            to.number(u64::from(repeats.purchases));
            to.number(u64::from(repeats.repeats));
        });
        self.map(turned_down, |to, turned| {
            to.real(turned.weight);
            to.number(u64::from(turned.returned));
        });
        self.number(recent.len() as u64);
        for choice in recent {
            self.text(&choice.product);
            self.number(u64::from(choice.brand.is_some()));
            self.text(choice.brand.as_deref().unwrap_or_default());
            self.real(choice.weight);
        }
        self.texts(liked_brands);
        self.texts(blocked_brands);
        self.texts(searches);
    }

    fn sizes(&mut self, table: &'p SizeTable) {
        self.map(&table.sizes, |to, worn: &WornSize| {
            to.real(worn.along);
            to.real(worn.across);
            to.tally(&worn.tally);
        });
        self.tally(&table.total);
        self.number(u64::from(table.stated));
        self.text(&table.usual);
        self.real(table.peak);
    }

    /// Mean and variance: the sums themselves would lose the variance in their difference.
    fn price(&mut self, band: &PriceBand) {
        let (mean, variance) = band.mean_and_variance().unwrap_or_default();
        self.tally(&band.tally);
        self.real(mean);
        self.real(variance);
    }
}

/// Seven bits a byte, the lowest first, the highest bit where more follow.
fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads what a writer wrote. Beyond the end everything is nothing, so that no input fails.
struct Reader<'b> {
    rest: &'b [u8],
    texts: Vec<Arc<str>>,
    tallies: Vec<Tally>,
}

impl<'b> Reader<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        let mut reader = Self { rest: bytes, texts: Vec::new(), tallies: Vec::new() };
        for _ in 0..reader.number() {
            let text = reader.next_text();
            reader.texts.push(text.into());
        }
        for _ in 0..reader.number() {
            let tally = reader.next_tally();
            reader.tallies.push(tally);
        }
        reader
    }

    fn bytes(&mut self, count: usize) -> &'b [u8] {
        let (bytes, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        bytes
    }

    fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or_default()
    }

    fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        number
    }

    fn count(&mut self) -> u32 {
        u32::try_from(self.number()).unwrap_or(u32::MAX)
    }

    fn length(&mut self) -> usize {
        usize::try_from(self.number()).unwrap_or_default()
    }

    fn real(&mut self) -> f64 {
        let bytes = self.bytes(4).try_into().unwrap_or_default();
        f64::from(f32::from_le_bytes(bytes))
    }

    fn next_text(&mut self) -> String {
        let (shared, more) = (self.length(), self.length());
        let last = self.texts.last().map_or(&[][..], |last| last.as_bytes());
        let mut text = last[..shared.min(last.len())].to_vec();
        text.extend_from_slice(self.bytes(more));
        String::from_utf8(text).unwrap_or_default()
    }

    fn next_tally(&mut self) -> Tally {
        let mask = self.byte();
        let mut weight = |place: u8| if mask & 1 << place == 0 { 0.0 } else { self.real() };
        let [long, session, long_rejected, session_rejected] = [0, 1, 2, 3].map(&mut weight);
        let (choices, rejections) = (self.count(), self.count());
        Tally { long, session, long_rejected, session_rejected, choices, rejections }
    }

    /// Shared by all tables that name it.
    fn name(&mut self) -> Arc<str> {
        let number = self.length();
        self.texts.get(number).cloned().unwrap_or_default()
    }

    fn text(&mut self) -> String {
        String::from(&*self.name())
    }

    fn tally(&mut self) -> Tally {
        let number = self.length();
        self.tallies.get(number).copied().unwrap_or_default()
    }

    fn map<V>(&mut self, value: impl Fn(&mut Self) -> V) -> Table<V> {
        (0..self.number()).map(|_| (self.name(), value(self))).collect()
    }

    fn texts(&mut self) -> Vec<String> {
        (0..self.number()).map(|_| self.text()).collect()
    }

    fn recent(&mut self) -> RecentChoice {
        let product = self.text();
        let has_brand = self.number() == 1;
        let brand = Some(self.text()).filter(|_| has_brand);
        RecentChoice { product, brand, weight: self.real() }
    }

    fn profile(&mut self) -> Profile {
        let now = Timestamp::from_ms(self.number().cast_signed());
        Profile {
            now,
            consent: match self.number() {
                0 => Consent::None,
                1 => Consent::SessionOnly,
                _ => Consent::Full,
            },
            events: self.count(),
            acts: self.count(),
            categories: self.map(Self::tally),
            brands: self
                .map(|from| BrandTable { total: from.tally(), brands: from.map(Self::tally) }),
            color_total: self.tally(),
            colors: self.map(Self::tally),
            sizes: self.map(Self::sizes),
            prices: self.map(Self::price),
            bought: self.map(|from| Bought {
                count: from.count(),
                last: Timestamp::from_ms(now.as_ms() - from.number().cast_signed()),
                tally: from.tally(),
            }),
            repeats: self
                .map(|from| RepeatTally { purchases: from.count(), repeats: from.count() }),
            turned_down: self
                .map(|from| TurnedDown { weight: from.real(), returned: from.number() == 1 }),
            recent: (0..self.number()).map(|_| self.recent()).collect(),
            liked_brands: self.texts(),
            blocked_brands: self.texts(),
            searches: self.texts(),
        }
    }

    fn sizes(&mut self) -> SizeTable {
        SizeTable {
            sizes: self.map(|from| WornSize {
                along: from.real(),
                across: from.real(),
                tally: from.tally(),
            }),
            total: self.tally(),
            stated: self.number() == 1,
            usual: self.name(),
            peak: self.real(),
        }
    }

    fn price(&mut self) -> PriceBand {
        let tally = self.tally();
        let (mean, variance) = (self.real(), self.real());
        let weight = tally.long + tally.session;
        PriceBand { tally, sum: mean * weight, square_sum: (variance + mean * mean) * weight }
    }
}
