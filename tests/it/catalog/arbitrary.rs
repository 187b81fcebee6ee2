//! Generated catalogues: no bytes make the reader panic or loop, and every format keeps products.

use proptest::prelude::*;
use serde_json::{Value, json};
use vitrine::catalog::{Format, Mapping, read};
use vitrine::domain::product::Product;

use super::{SHOES, gzip, product, read_all};

/// Bytes that come near the formats, so that the rare branches are reached.
fn near_catalogue() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(SHOES.as_bytes().to_vec()),
        Just(b"id,title\n".to_vec()),
        Just(b"[".to_vec()),
        Just(b"]".to_vec()),
        Just(b"{\"id\": 1, \"title\": \"a\"}".to_vec()),
        Just(b"{".to_vec()),
        Just(b"}".to_vec()),
        Just(b",".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"\\".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(gzip(b"{\"id\": 1}")),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn exhaust(bytes: &[u8]) {
    for format in [Format::Auto, Format::JsonLines, Format::JsonArray, Format::Csv] {
        let Ok(records) = read(bytes, format, &Mapping::default()) else { continue };
        // Gzip of a few bytes does not hold more than a few records.
        assert!(records.take(10_001).count() <= 10_000);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_never_loop(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        exhaust(&bytes);
        exhaust(&gzip(&bytes));
    }

    #[test]
    fn near_catalogues_never_panic_and_never_loop(bytes in near_catalogue()) {
        exhaust(&bytes);
        exhaust(&gzip(&bytes));
    }

    #[test]
    fn products_survive_every_format(
        titles in prop::collection::vec("[a-z\"\\\\,;{}\\[\\]\n\r\t ä]{0,12}x", 1..8),
    ) {
        let rows: Vec<Value> = titles
            .iter()
            .enumerate()
            .map(|(id, title)| json!({"id": id.to_string(), "title": title}))
            .collect();
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        let mut csv = csv::WriterBuilder::new().from_writer(Vec::new());
        csv.write_record(["id", "title"]).unwrap();
        for (id, title) in titles.iter().enumerate() {
            csv.write_record([&id.to_string(), title]).unwrap();
        }
        let expected: Vec<Product> = rows.iter().cloned().map(product).collect();
        for bytes in [
            lines.join("\n").into_bytes(),
            serde_json::to_vec_pretty(&rows).unwrap(),
            csv.into_inner().unwrap(),
        ] {
            let (products, rejects) = read_all(&bytes);
            prop_assert_eq!(rejects, vec![]);
            prop_assert_eq!(&products, &expected);
        }
    }
}
