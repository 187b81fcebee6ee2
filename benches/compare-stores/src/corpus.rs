//! The generated corpus: product records as JSON, the same for the same seed.

/// How many products the comparison loads.
pub(crate) const PRODUCTS: u64 = 20_000;

const WORDS: [&str; 48] = [
    "running",
    "shoe",
    "light",
    "mesh",
    "leather",
    "cotton",
    "blue",
    "black",
    "summer",
    "winter",
    "waterproof",
    "jacket",
    "women",
    "men",
    "children",
    "sport",
    "outdoor",
    "travel",
    "bag",
    "soft",
    "sole",
    "comfort",
    "daily",
    "classic",
    "modern",
    "slim",
    "regular",
    "organic",
    "recycled",
    "zip",
    "pocket",
    "hood",
    "stretch",
    "breathable",
    "warm",
    "cushion",
    "grip",
    "trail",
    "road",
    "training",
    "marathon",
    "vegan",
    "wool",
    "merino",
    "denim",
    "canvas",
    "rubber",
    "lining",
];

/// A small generator (SplitMix64): repeatable, and no dependency.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// The identifier of product `n`; shuffled, since real identifiers do not arrive in key order.
pub(crate) fn id(n: u64) -> String {
    format!("B{:016X}", Random(n).next())
}

/// Product `n` in its `revision`-th form, as JSON text.
pub(crate) fn record(n: u64, revision: u64) -> String {
    let mut random = Random(42 ^ (n << 8) ^ revision);
    let mut words = |count: u64| {
        let picked: Vec<&str> = (0..count).map(|_| WORDS[random.below(48) as usize]).collect();
        picked.join(" ")
    };
    let (title, description) = (words(8), words(90));
    format!(
        r#"{{"id":"{}","title":"{title}","description":"{description}","price":{}.{:02},"currency":"EUR","stock":{},"gtin":"{:013}","revision":{revision},"image_url":"https://shop.example/images/{:x}.jpg"}}"#,
        id(n),
        random.below(400),
        random.below(100),
        random.below(50),
        random.below(9_999_999_999_999),
        random.next(),
    )
}
