//! The named parts of a score. `docs/ranking.md` says what each means.

use crate::settings::RankingWeights;

/// A part of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Signal {
    /// BM25F over the text fields.
    Lexical,
    /// The query's words occur anywhere.
    Coverage,
    /// Similarity of meaning.
    Semantic,
    /// Title, brand and category contain the query's words.
    TitleCoverage,
    /// Query words stand together in the title.
    TitlePhrase,
    /// The query names what the product is.
    TitleHead,
    /// An identifier is named.
    Identifier,
    /// The price is as the query wishes.
    PriceWish,
    /// How much it sells.
    Popularity,
    /// How well it is rated.
    Rating,
    /// Whether it can be bought.
    Stock,
    /// The shopper's liking for the brand.
    BrandAffinity,
    /// The shopper's liking for the category.
    CategoryAffinity,
    /// The shopper's size is in stock.
    SizeAffinity,
    /// The shopper's liking for the colour.
    ColorAffinity,
    /// The price is as the shopper usually pays.
    PriceAffinity,
    /// Near to what the shopper chose before.
    TasteAffinity,
    /// Bought before.
    Repeat,
    /// Dismissed or sent back.
    Dismissed,
    /// What the cap on personalisation takes away or gives back.
    PersonalCap,
    /// What diversity moved.
    Diversity,
}

/// How many signals there are.
pub const SIGNALS: usize = 21;

/// All signals in the order of their contribution arrays, with their public names.
pub const NAMES: [(Signal, &str); SIGNALS] = [
    (Signal::Lexical, "lexical"),
    (Signal::Coverage, "coverage"),
    (Signal::Semantic, "semantic"),
    (Signal::TitleCoverage, "title_coverage"),
    (Signal::TitlePhrase, "title_phrase"),
    (Signal::TitleHead, "title_head"),
    (Signal::Identifier, "identifier"),
    (Signal::PriceWish, "price_wish"),
    (Signal::Popularity, "popularity"),
    (Signal::Rating, "rating"),
    (Signal::Stock, "stock"),
    (Signal::BrandAffinity, "brand_affinity"),
    (Signal::CategoryAffinity, "category_affinity"),
    (Signal::SizeAffinity, "size_affinity"),
    (Signal::ColorAffinity, "color_affinity"),
    (Signal::PriceAffinity, "price_affinity"),
    (Signal::TasteAffinity, "taste_affinity"),
    (Signal::Repeat, "repeat"),
    (Signal::Dismissed, "dismissed"),
    (Signal::PersonalCap, "personal_cap"),
    (Signal::Diversity, "diversity"),
];

/// Where a weight stands among the settings.
pub type WeightOf = fn(&mut RankingWeights) -> &mut f32;

/// The signals whose contribution is a weight of the settings times a value, with the weight's
/// name in `[ranking]`. A test insists that every weight is here.
pub const WEIGHED: [(Signal, &str, WeightOf); 9] = [
    (Signal::Lexical, "lexical", |weights| &mut weights.lexical),
    (Signal::Coverage, "coverage", |weights| &mut weights.coverage),
    (Signal::Semantic, "semantic", |weights| &mut weights.semantic),
    (Signal::TitleCoverage, "title_coverage", |weights| &mut weights.title_coverage),
    (Signal::TitlePhrase, "title_phrase", |weights| &mut weights.title_phrase),
    (Signal::TitleHead, "title_head", |weights| &mut weights.title_head),
    (Signal::Popularity, "popularity", |weights| &mut weights.popularity),
    (Signal::Rating, "rating", |weights| &mut weights.rating),
    (Signal::Stock, "out_of_stock", |weights| &mut weights.out_of_stock),
];

/// Contributions to one score, by signal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signals([f32; SIGNALS]);

impl Signals {
    /// Sets a contribution.
    pub fn set(&mut self, signal: Signal, contribution: f32) {
        self.0[signal as usize] = contribution;
    }

    /// A contribution; 0 when it was never set.
    pub fn get(&self, signal: Signal) -> f32 {
        self.0[signal as usize]
    }

    /// The score.
    pub fn sum(&self) -> f32 {
        self.0.iter().sum()
    }

    /// Contributions that are not zero, with their names.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, f32)> {
        NAMES
            .iter()
            .map(|(signal, name)| (*name, self.get(*signal)))
            .filter(|(_, part)| part.abs() > 0.0)
    }
}
