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
    /// Similarity of meaning to a query of several words.
    Semantic,
    /// Similarity of meaning to a query of one word.
    SemanticOneWord,
    /// What the query excludes is there, or said to be absent.
    Exclusion,
    /// The query names the brand.
    BrandNamed,
    /// The query names the category.
    CategoryNamed,
    /// The query names colours, sizes and other values that the product has.
    ValuesNamed,
    /// Title words are written as in the query.
    ExactForm,
    /// The query's words stand close together in the title.
    Proximity,
    /// The query's words say what the product is.
    MainPart,
    /// Near to the best answers.
    Feedback,
    /// Of a category as the best answers are.
    CategoryShare,
    /// What keeps products behind the head that are not among those chosen for it.
    Reach,
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
    /// What keeps a single act from moving a product by more than one place.
    HeldBack,
    /// What lets a product in the shopper's size lead.
    SizeLead,
    /// What diversity moved.
    Diversity,
    /// Shown to learn from it.
    Exploration,
}

/// How many signals there are.
pub const SIGNALS: usize = 32;

/// All signals in the order of their contribution arrays, with their public names.
pub const NAMES: [(Signal, &str); SIGNALS] = [
    (Signal::Lexical, "lexical"),
    (Signal::Coverage, "coverage"),
    (Signal::Semantic, "semantic"),
    (Signal::SemanticOneWord, "semantic_one_word"),
    (Signal::Exclusion, "exclusion"),
    (Signal::BrandNamed, "brand_named"),
    (Signal::CategoryNamed, "category_named"),
    (Signal::ValuesNamed, "values_named"),
    (Signal::ExactForm, "exact_form"),
    (Signal::Proximity, "proximity"),
    (Signal::MainPart, "main_part"),
    (Signal::Feedback, "feedback"),
    (Signal::CategoryShare, "category_share"),
    (Signal::Reach, "reach"),
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
    (Signal::HeldBack, "held_back"),
    (Signal::SizeLead, "size_lead"),
    (Signal::Diversity, "diversity"),
    (Signal::Exploration, "exploration"),
];

/// The parts of a score that tell of the shopper, by their public names.
pub const PERSONAL: [&str; 11] = [
    "brand_affinity",
    "category_affinity",
    "size_affinity",
    "color_affinity",
    "price_affinity",
    "taste_affinity",
    "repeat",
    "dismissed",
    "personal_cap",
    "held_back",
    "size_lead",
];

/// Where a weight stands among the settings.
pub type WeightOf = fn(&mut RankingWeights) -> &mut f32;

/// The signals whose contribution is a weight of the settings times a value, with the weight's
/// name in `[ranking]`. A test insists that every weight is here.
pub const WEIGHED: [(Signal, &str, WeightOf); 16] = [
    (Signal::Lexical, "lexical", |weights| &mut weights.lexical),
    (Signal::Coverage, "coverage", |weights| &mut weights.coverage),
    (Signal::Semantic, "semantic", |weights| &mut weights.semantic),
    (Signal::SemanticOneWord, "semantic_one_word", |weights| &mut weights.semantic_one_word),
    (Signal::Exclusion, "exclusion", |weights| &mut weights.exclusion),
    (Signal::BrandNamed, "brand_named", |weights| &mut weights.brand_named),
    (Signal::CategoryNamed, "category_named", |weights| &mut weights.category_named),
    (Signal::ValuesNamed, "values_named", |weights| &mut weights.values_named),
    (Signal::ExactForm, "exact_form", |weights| &mut weights.exact_form),
    (Signal::Proximity, "proximity", |weights| &mut weights.proximity),
    (Signal::MainPart, "main_part", |weights| &mut weights.main_part),
    (Signal::Feedback, "feedback", |weights| &mut weights.feedback),
    (Signal::CategoryShare, "category_share", |weights| &mut weights.category_share),
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
