//! Numbers and units of measure, in one writing each.

/// The canonical name of a unit as written after a number, or `None` for any other word.
///
/// `12"`, `12 in`, `12-inch` and `12 inches` all become the one term `12in`.
pub fn canonical_unit(word: &str) -> Option<&'static str> {
    let unit = match word {
        "\"" | "in" | "inch" | "inches" => "in",
        "'" | "ft" | "foot" | "feet" => "ft",
        "yd" | "yard" | "yards" => "yd",
        "mm" | "millimeter" | "millimeters" | "millimetre" | "millimetres" => "mm",
        "cm" | "centimeter" | "centimeters" | "centimetre" | "centimetres" => "cm",
        "m" | "meter" | "meters" | "metre" | "metres" => "m",
        "ml" | "milliliter" | "milliliters" | "millilitre" | "millilitres" => "ml",
        "cl" => "cl",
        "l" | "ltr" | "liter" | "liters" | "litre" | "litres" => "l",
        "floz" => "floz",
        "sqft" => "sqft",
        "oz" | "ounce" | "ounces" => "oz",
        "pt" | "pint" | "pints" => "pt",
        "qt" | "quart" | "quarts" => "qt",
        "gal" | "gallon" | "gallons" => "gal",
        "mg" | "milligram" | "milligrams" => "mg",
        "g" | "gr" | "gram" | "grams" => "g",
        "kg" | "kilo" | "kilos" | "kilogram" | "kilograms" => "kg",
        "lb" | "lbs" | "pound" | "pounds" => "lb",
        "mb" | "megabyte" | "megabytes" => "mb",
        "gb" | "gigabyte" | "gigabytes" => "gb",
        "tb" | "terabyte" | "terabytes" => "tb",
        "hz" => "hz",
        "khz" => "khz",
        "mhz" => "mhz",
        "ghz" => "ghz",
        "w" | "watt" | "watts" => "w",
        "kw" | "kilowatt" | "kilowatts" => "kw",
        "v" | "volt" | "volts" => "v",
        "mah" => "mah",
        "ah" => "ah",
        "amp" | "amps" | "ampere" | "amperes" => "amp",
        "lm" | "lumen" | "lumens" => "lm",
        "psi" => "psi",
        "rpm" => "rpm",
        "btu" => "btu",
        "ga" | "gauge" => "ga",
        "mp" | "megapixel" | "megapixels" => "mp",
        "pcs" | "pc" | "pieces" | "piece" | "pack" | "count" | "ct" => "pack",
        _ => return None,
    };
    Some(unit)
}

/// Splits `12mm` into `12` and `mm`; `None` unless it is a number with a unit right behind it.
pub fn split_number_unit(word: &str) -> Option<(&str, &'static str)> {
    let end = word.find(|character: char| !character.is_ascii_digit() && character != '.')?;
    let unit = canonical_unit(&word[end..])?;
    (end > 0 && parse_number(&word[..end]).is_some()).then_some((&word[..end], unit))
}

/// Reads a plain decimal number such as `12`, `0.5` or `1,000`.
pub fn parse_number(word: &str) -> Option<f64> {
    let starts_with_digit = word.starts_with(|character: char| character.is_ascii_digit());
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.' || byte == b',';
    if !starts_with_digit || word.len() > 15 || !word.bytes().all(plain) {
        return None;
    }
    if !word.contains(',') {
        return word.parse().ok();
    }
    let groups: Vec<&str> = word.split(',').collect();
    let thousands = groups.iter().skip(1).all(|group| group.len() == 3);
    let written = if thousands { groups.concat() } else { groups.join(".") };
    written.parse().ok()
}

/// The one writing of a number: up to three decimals, no trailing zeros.
pub fn write_number(value: f64) -> String {
    let mut text = format!("{value:.3}");
    while text.ends_with('0') {
        text.pop();
    }
    if text.ends_with('.') {
        text.pop();
    }
    text
}

/// What a unit measures; amounts of one dimension can be converted into one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// In millimetres.
    Length,
    /// In millilitres.
    Volume,
    /// In grams.
    Mass,
    /// In megabytes of 10⁶ bytes.
    Data,
    /// In hertz.
    Frequency,
    /// In watts.
    Power,
    /// In milliampere-hours.
    Charge,
}

/// Which shops a unit is written in: rounded conversions between the systems are usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    Metric,
    Imperial,
}

/// An amount in the base unit of its dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// What is measured.
    pub dimension: Dimension,
    /// How much, in the unit that the dimension names.
    pub amount: f64,
}

/// Conversions between the systems are rounded by up to so much: 1 in is sold as 25 mm.
const ROUNDING_BETWEEN_SYSTEMS: f64 = 0.02;

/// Conversions within a system are exact but for the decimals that are written; 1 TB is 1,000 or
/// 1,024 GB.
const ROUNDING_WITHIN_SYSTEM: f64 = 0.001;
const ROUNDING_OF_DATA: f64 = 0.025;

/// Dimension, system and size in the base unit of a canonical unit; `None` for those that are not
/// converted.
fn definition(unit: &str) -> Option<(Dimension, System, f64)> {
    use Dimension::{Charge, Data, Frequency, Length, Mass, Power, Volume};
    use System::{Imperial, Metric};
    let definition = match unit {
        "mm" => (Length, Metric, 1.0),
        "cm" => (Length, Metric, 10.0),
        "m" => (Length, Metric, 1_000.0),
        "in" => (Length, Imperial, 25.4),
        "ft" => (Length, Imperial, 304.8),
        "yd" => (Length, Imperial, 914.4),
        "ml" => (Volume, Metric, 1.0),
        "cl" => (Volume, Metric, 10.0),
        "l" => (Volume, Metric, 1_000.0),
        "floz" => (Volume, Imperial, 29.573_53),
        "pt" => (Volume, Imperial, 473.176_5),
        "qt" => (Volume, Imperial, 946.352_9),
        "gal" => (Volume, Imperial, 3_785.412),
        "mg" => (Mass, Metric, 0.001),
        "g" => (Mass, Metric, 1.0),
        "kg" => (Mass, Metric, 1_000.0),
        "oz" => (Mass, Imperial, 28.349_52),
        "lb" => (Mass, Imperial, 453.592_4),
        "mb" => (Data, Metric, 1.0),
        "gb" => (Data, Metric, 1_000.0),
        "tb" => (Data, Metric, 1_000_000.0),
        "hz" => (Frequency, Metric, 1.0),
        "khz" => (Frequency, Metric, 1e3),
        "mhz" => (Frequency, Metric, 1e6),
        "ghz" => (Frequency, Metric, 1e9),
        "w" => (Power, Metric, 1.0),
        "kw" => (Power, Metric, 1_000.0),
        "mah" => (Charge, Metric, 1.0),
        "ah" => (Charge, Metric, 1_000.0),
        _ => return None,
    };
    Some(definition)
}

/// A quantity in the base unit of its dimension; `None` for a unit that is not converted.
pub fn measure(value: f64, unit: &str) -> Option<Measure> {
    let (dimension, _, size) = definition(unit)?;
    Some(Measure { dimension, amount: value * size })
}

/// The largest share by which two amounts of a dimension may differ and be the same.
pub fn rounding_max(dimension: Dimension) -> f64 {
    if dimension == Dimension::Data { ROUNDING_OF_DATA } else { ROUNDING_BETWEEN_SYSTEMS }
}

/// Whether two quantities in canonical units are the same thing written in two ways: in one unit
/// only when they are equal, so that 25.4 mm never stands for 23.4 mm.
pub fn same_quantity((value, unit): (f64, &str), (other, other_unit): (f64, &str)) -> bool {
    let (Some(one), Some(two)) = (definition(unit), definition(other_unit)) else {
        return false;
    };
    if one.0 != two.0 {
        return false;
    }
    let rounding = match (unit == other_unit, one.0, one.1 == two.1) {
        (true, ..) => 0.0,
        (_, Dimension::Data, _) => ROUNDING_OF_DATA,
        (_, _, true) => ROUNDING_WITHIN_SYSTEM,
        (_, _, false) => ROUNDING_BETWEEN_SYSTEMS,
    };
    let (amount, other_amount) = (value * one.2, other * two.2);
    (amount - other_amount).abs() <= rounding * amount.abs() + 1e-9
}
