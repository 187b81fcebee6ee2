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
