//! Why an affinity is what it is, in words; written only when somebody asks.

use std::fmt;

/// What stands behind an affinity. Its `Display` is a sentence addressed to the shopper, empty for
/// `Nothing`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Evidence<'a> {
    /// Nothing is known.
    #[default]
    Nothing,
    /// The shopper asked for this brand.
    Liked(&'a str),
    /// The shopper blocked this brand.
    Blocked(&'a str),
    /// So many of the shopper's choices were of this kind.
    Share {
        /// Choices of it.
        chosen: u32,
        /// All choices it was judged among.
        of: u32,
        /// The brand, colour or category.
        what: &'a str,
        /// The category it was judged within.
        within: Option<&'a str>,
    },
    /// So many of the shopper's choices were in this category.
    Category {
        /// Choices in it.
        chosen: u32,
        /// All choices.
        of: u32,
        /// The category.
        category: &'a str,
    },
    /// The shopper turned down more of this than was chosen.
    Rejected {
        /// Rejections.
        times: u32,
        /// The brand, colour or category.
        what: &'a str,
    },
    /// How a size in stock compares with the shopper's.
    Size {
        /// The best size in stock.
        best: &'a str,
        /// The shopper's own.
        usual: &'a str,
        /// Whether the shopper stated it.
        stated: bool,
    },
    /// What the shopper pays for such things.
    Price {
        /// Geometric mean of the prices paid.
        typical: f64,
        /// The category.
        category: &'a str,
    },
    /// The shopper bought this very product.
    Bought {
        /// Days on which it was bought.
        times: u32,
    },
    /// It resembles what the shopper chose lately.
    Taste {
        /// Recent choices that it resembles.
        choices: u32,
        /// Its brand, where one of them is of it.
        brand: Option<&'a str>,
    },
    /// The shopper dismissed this product.
    Dismissed,
    /// The shopper sent this product back.
    Returned,
}

impl Evidence<'_> {
    /// Whether nothing is known.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => format!("{many} times"),
    }
}

impl fmt::Display for Evidence<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Nothing => Ok(()),
            Self::Liked(brand) => write!(formatter, "you asked for {brand}"),
            Self::Blocked(brand) => write!(formatter, "you blocked {brand}"),
            Self::Share { chosen, of, what, within } => {
                let verb = if chosen == 1 { "was" } else { "were" };
                write!(formatter, "{chosen} of your {of} choices")?;
                if let Some(category) = within {
                    write!(formatter, " in {category}")?;
                }
                write!(formatter, " {verb} {what}")
            }
            Self::Category { chosen, of, category } => {
                let verb = if chosen == 1 { "was" } else { "were" };
                write!(formatter, "{chosen} of your {of} choices {verb} in {category}")
            }
            Self::Rejected { times: count, what } => {
                write!(formatter, "you turned down {what} {}", times(count))
            }
            Self::Size { best, usual, stated } => size(formatter, (best, usual), stated),
            Self::Price { typical, category } => {
                write!(formatter, "you usually choose about {typical:.2} in {category}")
            }
            Self::Bought { times: count } => {
                write!(formatter, "you bought this {}", times(count))
            }
            Self::Taste { choices, brand } => {
                let plural = if choices == 1 { "" } else { "s" };
                write!(formatter, "resembles {choices} product{plural} that you chose lately")?;
                brand.map_or(Ok(()), |brand| write!(formatter, ", also from {brand}"))
            }
            Self::Dismissed => formatter.write_str("you dismissed this"),
            Self::Returned => formatter.write_str("you sent this back"),
        }
    }
}

fn size(
    formatter: &mut fmt::Formatter<'_>,
    (best, usual): (&str, &str),
    stated: bool,
) -> fmt::Result {
    let whose = if stated { "your stated size" } else { "your usual size" };
    if best.eq_ignore_ascii_case(usual) {
        write!(formatter, "{whose} {usual} is in stock")
    } else {
        write!(formatter, "{best} is the nearest in stock to {whose} {usual}")
    }
}
