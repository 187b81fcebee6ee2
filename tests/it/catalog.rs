//! Catalogue files: every format gives the same products, everything wrong is named, nothing
//! panics.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod arbitrary;

use std::io::{BufReader, Read, Write};

use serde_json::{Value, json};
use vitrine::catalog::{
    Format, Mapping, RECORD_BYTES_MAX, Reject, patched, product_from_json, read,
};
use vitrine::domain::product::Product;
use vitrine::domain::time::Timestamp;
use vitrine::domain::value::{Scalar, Value as Attribute};
use vitrine::error::Error;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read_with(
    bytes: &[u8],
    format: Format,
    mapping: &Mapping,
) -> Result<(Vec<Product>, Vec<Reject>), Error> {
    let (mut products, mut rejects) = (Vec::new(), Vec::new());
    for record in read(bytes, format, mapping)? {
        match record? {
            Ok(product) => products.push(product),
            Err(reject) => rejects.push(reject),
        }
    }
    Ok((products, rejects))
}

fn read_all(bytes: &[u8]) -> (Vec<Product>, Vec<Reject>) {
    read_with(bytes, Format::Auto, &Mapping::default()).unwrap()
}

fn product(value: Value) -> Product {
    product_from_json(value, &Mapping::default()).unwrap()
}

const SHOES: &str = r#"{"id": "B07", "title": " Air Runner ", "brand": "Nike", "category": ["Shoes", "Running"], "price": 89.95, "currency": "eur", "rating": "4.6", "stock": 12.0, "created_at": "2026-10-01", "tags": ["vegan", "light"], "attributes": {"material": "mesh", "drop_mm": 8}, "variants": [{"sku": "a-42", "size": 42, "stock": 3}], "season": "summer"}"#;

fn check_shoes(product: &Product) {
    assert_eq!(product.id.as_str(), "B07");
    assert_eq!(product.title, "Air Runner");
    assert_eq!(product.category, ["Shoes", "Running"]);
    assert_eq!(product.price, Some(89.95));
    assert_eq!(product.currency.as_deref(), Some("EUR"));
    assert_eq!(product.rating, Some(4.6));
    assert_eq!(product.stock, Some(12));
    assert_eq!(product.created_at, Timestamp::parse("2026-10-01T00:00:00Z"));
    assert_eq!(product.tags, ["vegan", "light"]);
    assert_eq!(product.attributes["material"], Attribute::One(Scalar::Text("mesh".to_owned())));
    assert_eq!(product.attributes["drop_mm"], Attribute::One(Scalar::Number(8.0)));
    assert_eq!(product.variants[0].size.as_deref(), Some("42"));
    assert_eq!(product.variants[0].stock, Some(3));
    assert_eq!(product.extra["season"], json!("summer"));
}

#[test]
fn every_format_gives_the_same_products() {
    let csv = "\u{feff}id;title;brand;category;price;currency;rating;stock;created_at;tags;\
               attributes.material;attributes.drop_mm;variants;season;description\r\n\
               B07;\" Air Runner \";Nike;Shoes > Running;89.95;eur;4.6;12.0;2026-10-01;\
               vegan|light;mesh;8;\"[{\"\"sku\"\": \"\"a-42\"\", \"\"size\"\": 42, \
               \"\"stock\"\": 3}]\";summer;\r\n\r\n\
               B08;\"Two\nlines; and a \"\"quote\"\"\";;;;;;;;;;;;;\r\n";
    let second = r#"{"id": "B08", "title": "Two\nlines; and a \"quote\""}"#;
    let pretty = serde_json::to_string_pretty(&json!([
        serde_json::from_str::<Value>(SHOES).unwrap(),
        serde_json::from_str::<Value>(second).unwrap(),
    ]));
    let cases = [
        (Format::JsonLines, format!("{SHOES}\n\n{second}")),
        (Format::JsonLines, format!("\u{feff}\r\n{SHOES}\r\n{second}\r\n")),
        (Format::JsonArray, format!("[{SHOES},{second}]")),
        (Format::JsonArray, pretty.unwrap()),
        (Format::Csv, csv.to_owned()),
    ];
    for (format, text) in cases {
        for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
            for format in [format, Format::Auto] {
                let (products, rejects) = read_with(&bytes, format, &Mapping::default()).unwrap();
                assert_eq!(rejects, [], "{text}");
                assert_eq!(products.len(), 2, "{text}");
                check_shoes(&products[0]);
                assert_eq!(products[1].title, "Two\nlines; and a \"quote\"");
            }
        }
    }
}

#[test]
fn a_gzip_of_several_members_is_read_to_its_end() {
    let mut bytes = gzip(format!("{SHOES}\n").as_bytes());
    bytes.extend(gzip(br#"{"id": 2, "title": "second"}"#));
    assert_eq!(read_all(&bytes).0.len(), 2);
}

#[test]
fn wrong_values_are_named_with_what_was_expected_and_found() {
    let long = |characters: usize| "ä".repeat(characters);
    let many = |items: usize| (0..items).map(|item| item.to_string()).collect::<Vec<_>>();
    let attributes: serde_json::Map<String, Value> =
        many(201).into_iter().map(|name| (name, json!(1))).collect();
    let cases = [
        (json!({"id": null}), "id", "found nothing"),
        (json!({"id": "  "}), "id", "found nothing"),
        (json!({"id": 1.5}), "id", "whole number, found the number 1.5"),
        (json!({"id": ["a"]}), "id", "found a list"),
        (json!({"id": "a\nb"}), "id", "control characters"),
        (json!({"title": ""}), "title", "found nothing"),
        (json!({"title": 7}), "title", "expected a text, found the number 7"),
        (json!({"title": long(1001)}), "title", "at most 1000 characters, found 1001"),
        (json!({"description": long(50_001)}), "description", "at most 50000"),
        (json!({"brand": {"name": "x"}}), "brand", "expected a text, found an object"),
        (json!({"category": many(13)}), "category", "at most 12 entries, found 13"),
        (json!({"category": many(13).join(" > ")}), "category", "at most 12"),
        (json!({"category": ["a", 2]}), "category[1]", "found the number 2"),
        (json!({"price": -0.01}), "price", "from 0 to below 1e12, found the number -0.01"),
        (json!({"price": 1e12}), "price", "below 1e12"),
        (json!({"price": "NaN"}), "price", "found the text 'NaN'"),
        (json!({"price": "inf"}), "price", "found the text 'inf'"),
        (json!({"price": "12,50"}), "price", "found the text '12,50'"),
        (json!({"price": true}), "price", "found true"),
        (json!({"currency": "€"}), "currency", "three letters"),
        (json!({"rating": 5.1}), "rating", "from 0 to 5"),
        (json!({"rating_count": -1}), "rating_count", "not negative"),
        (json!({"popularity": -1}), "popularity", "not negative"),
        (json!({"margin": -1.5}), "margin", "from -1 to 1"),
        (json!({"stock": 1.5}), "stock", "whole number, found the number 1.5"),
        (json!({"stock": "many"}), "stock", "found the text 'many'"),
        (json!({"created_at": "yesterday"}), "created_at", "2026-10-01"),
        (json!({"created_at": i64::MAX}), "created_at", "2026-10-01"),
        (json!({"tags": many(101)}), "tags", "at most 100"),
        (json!({"tags": 3}), "tags", "a list of texts, found the number 3"),
        (json!({"attributes": []}), "attributes", "an object, found a list"),
        (json!({"attributes": attributes}), "attributes", "at most 200"),
        (json!({"attributes": {"a": [1, {"b": 2}]}}), "attributes.a[1]", "found an object"),
        (json!({"variants": {"sku": "a"}}), "variants", "a list of variants"),
        (json!({"variants": vec![json!({}); 501]}), "variants", "at most 500"),
        (json!({"variants": [{}, {"price": -1}]}), "variants[1].price", "from 0"),
        (json!({"variants": [{"size": true}]}), "variants[0].size", "found true"),
        (json!({"variants": ["a"]}), "variants[0]", "an object, found the text 'a'"),
    ];
    for (change, field, reason) in cases {
        let mut value = json!({"id": "p1", "title": "A product"});
        let (name, wrong) = change.as_object().unwrap().iter().next().unwrap();
        value[name] = wrong.clone();
        let fault = product_from_json(value, &Mapping::default()).unwrap_err();
        assert_eq!(fault.field, field, "{change}: {fault}");
        assert!(fault.reason.contains(reason), "{change}: {fault}");
    }
    for value in [json!(null), json!([]), json!("text"), json!(3)] {
        let fault = product_from_json(value, &Mapping::default()).unwrap_err();
        assert_eq!(fault.field, "record");
    }
}

#[test]
fn what_may_be_left_out_or_written_otherwise_is_taken() {
    let limit = json!({"id": 17, "title": "ä".repeat(1000), "price": "0", "rating": 5,
        "brand": " ", "tags": "a | b||", "category": "Home > Kitchen >  > Pans", "gtin": 952,
        "margin": -1, "stock": "-3", "url": null, "weird": null, "created_at": 86_400_000,
        "attributes": {"size": {"width": 3, "unit": "cm"}, "none": null, "blank": " ",
            "colours": ["red", null, "blue"], "new": true, "nobody": []}});
    let product = product(limit);
    assert_eq!(product.id.as_str(), "17");
    assert_eq!(product.price, Some(0.0));
    assert_eq!(product.brand, None);
    assert_eq!(product.tags, ["a", "b"]);
    assert_eq!(product.category, ["Home", "Kitchen", "Pans"]);
    assert_eq!(product.gtin.as_deref(), Some("952"));
    assert_eq!(product.stock, Some(-3));
    assert_eq!(product.created_at, Timestamp::parse("1970-01-02"));
    assert!(product.extra.is_empty());
    let names: Vec<_> = product.attributes.keys().map(String::as_str).collect();
    assert_eq!(names, ["colours", "new", "size.unit", "size.width"]);
    assert_eq!(product.attributes["colours"].scalars().len(), 2);
}

#[test]
fn rejects_name_line_and_id_and_the_rest_is_read() {
    let lines = "{\"id\": 1, \"title\": \"a\"}\n\nnonsense\n{\"id\": \"x\", \"title\": 3}\n\
                 [1]\n{\"id\": 1e999}\n{\"id\": \"\\ud800\"}\n{\"id\": 2, \"title\": \"b\"}";
    let (products, rejects) = read_all(lines.as_bytes());
    assert_eq!(products.len(), 2);
    let seen: Vec<_> =
        rejects.iter().map(|r| (r.line, r.id.as_deref(), r.field.as_str())).collect();
    let expected = [
        (3, None, "record"),
        (4, Some("x"), "title"),
        (5, None, "record"),
        (6, None, "record"),
        (7, None, "record"),
    ];
    assert_eq!(seen, expected);
    assert!(rejects[0].reason.starts_with("not valid JSON: "), "{}", rejects[0].reason);

    let array = "[\n{\"id\": 1, \"title\": \"a},\n \"price\": 1},\n5 6,\n\
                 {\"id\": 2,\n \"title\": \"b]\\\"\"},\n{\"id\": 3]]";
    let (products, rejects) = read_all(array.as_bytes());
    assert_eq!(products[0].title, "b]\"");
    assert_eq!(rejects.iter().map(|reject| reject.line).collect::<Vec<_>>(), [2, 4, 7]);

    let csv = b"id,title,price\n1,a\n2,b,c\n3,\"two\nlines\",4\n4,\xff,1\n5,e,1,1\n6,f,6\n";
    let (products, rejects) = read_all(csv);
    assert_eq!(products.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["3", "6"]);
    let seen: Vec<_> = rejects.iter().map(|r| (r.line, r.id.as_deref())).collect();
    assert_eq!(seen, [(2, None), (3, Some("2")), (6, None), (7, None)]);
    assert!(rejects[2].reason.contains("UTF-8"));
    assert!(rejects[0].reason.contains("3 columns as in the header, found 2"));
}

#[test]
fn a_record_is_given_before_the_rest_is_read() {
    let rest = ", \n".to_owned() + SHOES;
    let row = "1,a,x\n".repeat(200_000);
    let cases = [
        format!("{SHOES}\n").repeat(3_000),
        format!("[{SHOES}{}]", rest.repeat(3_000)),
        format!("id,title,note\n{row}"),
    ];
    for text in cases {
        let mut left = text.as_bytes();
        let reader: &mut &[u8] = &mut left;
        let mut records = read(reader, Format::Auto, &Mapping::default()).unwrap();
        assert!(records.next().unwrap().unwrap().is_ok());
        drop(records);
        assert!(text.len() - left.len() <= 128 * 1024, "{} of {}", left.len(), text.len());
        assert!(left.len() > 500_000);
    }
}

#[test]
fn a_quote_within_a_bare_csv_cell_is_a_character() {
    let csv = b"id,title\n1,a 5\" screen\n2,\"b\" c\"\n3,\"d\"\"\"\n";
    let (products, rejects) = read_all(csv);
    assert_eq!(rejects, []);
    let titles: Vec<_> = products.iter().map(|product| product.title.as_str()).collect();
    assert_eq!(titles, ["a 5\" screen", "b c\"", "d\""]);
}

#[test]
fn a_record_of_more_than_a_mebibyte_is_rejected_and_not_kept() {
    let long = "x".repeat(RECORD_BYTES_MAX);
    let big = format!("{{\"id\": 1, \"title\": \"a\", \"note\": \"{long}\"}}");
    let small = "{\"id\": 2, \"title\": \"b\"}";
    let csv = format!("id,title,note\n1,a,{long}\n2,b,\n3,\"{long}\n");
    let cases = [
        (format!("{big}\n{small}\n"), vec![1]),
        (format!("[{big},\n{small}]"), vec![1]),
        (csv, vec![2, 4]),
    ];
    for (text, lines) in cases {
        let (products, rejects) = read_all(text.as_bytes());
        assert_eq!(products.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["2"]);
        assert_eq!(rejects.iter().map(|reject| reject.line).collect::<Vec<_>>(), lines);
        assert!(rejects[0].reason.contains("longer than 1048576 bytes"));
    }
}

#[test]
fn what_cannot_be_read_at_all_is_an_error_that_says_why() {
    let whole = gzip(format!("{SHOES}\n").repeat(50).as_bytes());
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    let cases: [(&[u8], &str, &str); 13] = [
        (&whole[..whole.len() - 4], "broken_gzip", "gzip data is broken"),
        (&damaged, "broken_gzip", "gzip data is broken"),
        (b"\x1f\x8b\x00nonsense", "broken_gzip", "gzip data is broken"),
        (b"[", "broken_json_array", "without a closing ']'"),
        (b"[{\"id\": 1}", "broken_json_array", "within the element that begins on line 1"),
        (b"[{\"id\": 1},", "broken_json_array", "without a closing ']'"),
        (b"[1,,2]", "broken_json_array", "beside a comma"),
        (b"[1,]", "broken_json_array", "beside a comma"),
        (b"[] []", "broken_json_array", "more after its closing"),
        (b"[}]", "broken_json_array", "'}' closes nothing"),
        (b"PK\x03\x04....", "unreadable_catalog", "a zip archive"),
        (b"name,title\n1,2\n", "unreadable_catalog", "no column 'id'"),
        (b"id,title,title\n1,2,3\n", "unreadable_catalog", "'title' twice"),
    ];
    for (bytes, code, message) in cases {
        let error = read_with(bytes, Format::Auto, &Mapping::default()).unwrap_err();
        assert!(matches!(error, Error::BadRequest(_)), "{error:?}");
        assert_eq!(error.problem().code, code, "{error}");
        assert!(error.problem().message.contains(message), "{error}");
    }
    for empty in [&b""[..], b"\n \n", b"[ ]", &gzip(b"")] {
        assert_eq!(read_all(empty), (vec![], vec![]));
    }
    let error = read_with(SHOES.as_bytes(), Format::JsonArray, &Mapping::default()).unwrap_err();
    assert!(error.problem().message.contains("does not begin with '['"));
}

#[test]
fn a_reader_that_fails_is_an_error_and_ends_the_records() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let lines = format!("{SHOES}\n").repeat(200);
    let reader = BufReader::new(lines.as_bytes().chain(Failing));
    let mut records = read(reader, Format::Auto, &Mapping::default()).unwrap();
    let error = records.find_map(Result::err).unwrap();
    assert!(matches!(error, Error::Unavailable(_)) && error.to_string().contains("disk is gone"));
    assert!(records.next().is_none());
}

#[test]
fn a_mapping_renames_fields_of_every_format() {
    let toml = "category_separator = \"/\"\nlist_separator = \";\"\n[fields]\n\
                id = \"code\"\nsku = \"code\"\ntitle = \"product_name\"\n\
                price = \"offer.amount\"\nattributes.material = \"fabric\"\nvariants = \"items\"\n\
                variants.size = \"taille\"\ncategory = \"path\"\n";
    let json = r#"{"category_separator": "/", "list_separator": ";", "fields": {"id": "code",
        "sku": "code", "title": "product_name", "price": "offer.amount", "variants": "items",
        "attributes.material": "fabric", "variants.size": "taille", "category": "path"}}"#;
    // TOML cannot hold both `variants` and `variants.size`; it quotes the second.
    let toml = toml.replace("variants.size", "\"variants.size\"");
    let mapping = Mapping::parse(&toml).unwrap();
    assert_eq!(mapping, Mapping::parse(json).unwrap());
    let line = r#"{"code": 7, "product_name": "Shirt", "offer": {"amount": 9, "vat": 0.2},
        "fabric": "linen", "attributes": {"fit": "slim"}, "items": [{"taille": "M"}],
        "path": "Men/Shirts", "color": "white"}"#;
    let (from_json, _) =
        read_with(line.replace('\n', "").as_bytes(), Format::Auto, &mapping).unwrap();
    let csv = "code,product_name,offer.amount,fabric,attributes.fit,items,path,color\n\
               7,Shirt,9,linen,slim,\"[{\"\"taille\"\": \"\"M\"\"}]\",Men/Shirts,white\n";
    let (from_csv, _) = read_with(csv.as_bytes(), Format::Auto, &mapping).unwrap();
    let mut expected = product(json!({"id": "7", "sku": "7", "title": "Shirt", "price": 9,
        "attributes": {"fit": "slim", "material": "linen"}, "variants": [{"size": "M"}],
        "category": ["Men", "Shirts"], "color": "white"}));
    assert_eq!(from_csv, std::slice::from_ref(&expected));
    expected.extra.insert("offer".to_owned(), json!({"vat": 0.2}));
    assert_eq!(from_json, [expected]);
}

#[test]
fn a_wrong_mapping_is_refused() {
    let cases = [
        ("[fields]\nname = \"x\"", "no field 'name'"),
        ("[fields]\nvariants.weight = \"x\"", "no field 'variants.weight'"),
        ("[fields]\ntitle = 3", "'title' must name a field"),
        ("list_separator = \"\"", "separator is empty"),
        ("unknown = 1", "unknown"),
        ("{\"fields\": 3}", "invalid type"),
    ];
    for (text, message) in cases {
        let error = Mapping::parse(text).unwrap_err();
        assert!(error.to_string().contains(message), "{text}: {error}");
    }
}

#[test]
fn csv_attributes_get_the_type_they_look_like() {
    let cases = [
        ("8.50", vec![Scalar::Number(8.5)]),
        ("-3", vec![Scalar::Number(-3.0)]),
        ("0.5", vec![Scalar::Number(0.5)]),
        ("007", vec![Scalar::Text("007".to_owned())]),
        ("1E5", vec![Scalar::Text("1E5".to_owned())]),
        ("1.", vec![Scalar::Text("1.".to_owned())]),
        ("-", vec![Scalar::Text("-".to_owned())]),
        ("nan", vec![Scalar::Text("nan".to_owned())]),
        ("4006381333931000", vec![Scalar::Text("4006381333931000".to_owned())]),
        ("TRUE", vec![Scalar::Bool(true)]),
        ("a | 2|", vec![Scalar::Text("a".to_owned()), Scalar::Number(2.0)]),
    ];
    for (cell, expected) in cases {
        let csv = format!("id\ttitle\tattributes.x\n1\ta\t{cell}\n");
        assert_eq!(read_all(csv.as_bytes()).0[0].attributes["x"].scalars(), expected, "{cell}");
    }
}

#[test]
fn a_patch_changes_only_what_it_names() {
    let before = product(json!({"id": "p", "title": "Shirt", "price": 20, "brand": "B",
        "category": ["Men", "Shirts > Linen"], "created_at": "2026-10-01",
        "attributes": {"fit": "slim", "size": {"width": 3, "height": 4}}, "note": {"a": 1, "b": 2},
        "variants": [{"sku": "s", "price": 20, "stock": 1}, {"sku": "m", "stock": 2, "x": 1}]}));
    let cases = [
        (json!({}), json!({})),
        (json!({"id": "p", "price": "15"}), json!({"price": 15.0})),
        (json!({"brand": null}), json!({"brand": null})),
        (json!({"brand": ""}), json!({"brand": null})),
        (
            json!({"attributes": {"fit": null, "size": {"width": 5}}}),
            json!({"attributes": {"size.height": 4.0, "size.width": 5.0}}),
        ),
        (
            json!({"attributes.fit": "wide", "attributes": {"size": "L"}}),
            json!({"attributes": {"fit": "wide", "size": "L"}}),
        ),
        (json!({"attributes": null}), json!({"attributes": null})),
        (json!({"note": {"a": null, "c": 3}}), json!({"note": {"b": 2, "c": 3}})),
        (
            json!({"variants": [{"sku": "m", "stock": 0}, {"sku": 9, "size": "L", "color": null}]}),
            json!({"variants": [{"sku": "s", "price": 20.0, "stock": 1},
                {"sku": "m", "stock": 0, "x": 1}, {"sku": "9", "size": "L"}]}),
        ),
        (
            json!({"variants": [{"sku": "s", "price": null}]}),
            json!({"variants": [{"sku": "s", "stock": 1}, {"sku": "m", "stock": 2, "x": 1}]}),
        ),
        (json!({"variants": [{"size": "XL"}]}), json!({"variants": [{"size": "XL"}]})),
        (json!({"variants": []}), json!({"variants": null})),
    ];
    for (patch, changed) in cases {
        let after = patched(&before, patch.as_object().unwrap()).unwrap();
        let mut expected = serde_json::to_value(&before).unwrap();
        for (name, value) in changed.as_object().unwrap() {
            expected.as_object_mut().unwrap().remove(name);
            if !value.is_null() {
                expected[name] = value.clone();
            }
        }
        assert_eq!(serde_json::to_value(&after).unwrap(), expected, "{patch}");
    }
    for (patch, field) in [
        (json!({"id": "other"}), "id"),
        (json!({"id": null}), "id"),
        (json!({"title": null}), "title"),
        (json!({"price": -1}), "price"),
        (json!({"variants": [{"sku": "s", "price": "x"}]}), "variants[0].price"),
        (json!({"variants": {"sku": "s"}}), "variants"),
        (json!({"attributes": 3}), "attributes"),
    ] {
        assert_eq!(patched(&before, patch.as_object().unwrap()).unwrap_err().field, field);
    }
}

#[test]
fn real_catalogues_are_taken_without_a_reject() {
    let folder = std::env::var_os("VITRINE_SHARED_DATA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        Into::into,
    );
    for (name, count) in [("esci", 6_764), ("chorus", 19_406), ("shoppers-industrial", 3_686)] {
        let path = folder.join(name).join("products.jsonl.gz");
        let Ok(file) = std::fs::File::open(&path) else {
            eprintln!("skipped: {} is absent", path.display());
            continue;
        };
        let records = read(BufReader::new(file), Format::Auto, &Mapping::default()).unwrap();
        let products: Vec<Product> = records.map(|record| record.unwrap().unwrap()).collect();
        assert_eq!(products.len(), count, "{name}");
        for product in &products {
            let text = serde_json::to_string(product).unwrap();
            assert_eq!(serde_json::from_str::<Product>(&text).unwrap(), *product);
        }
    }
}
