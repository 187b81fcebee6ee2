//! Products: every form of a body, patches, reads and deletes.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::client::{Client, Reply, ids};

const PATH: &str = "/v1/indexes/shop/products";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn upload(client: &Client, media_type: &str, body: impl Into<axum::body::Body>) -> Reply {
    let headers = [("content-type", media_type)];
    client.send("POST", &format!("{PATH}?wait=true"), &headers, body)
}

#[test]
fn products_come_as_array_object_lines_csv_and_gzip() {
    let client = Client::open();
    let lines = "{\"id\":\"l1\",\"title\":\"Lamp one\"}\n{\"id\":\"l2\",\"title\":\"Lamp two\"}\n";
    let object = "{\n \"id\": \"o1\",\n \"title\": \"Lamp three\"\n}";
    let csv = "id,title,price\nc1,Lamp four,5\n";
    let array = json!([{ "id": "a1", "title": "Lamp five" }]).to_string();
    for (media_type, body, count, id) in [
        ("application/x-ndjson", lines.to_owned().into_bytes(), 2, "l2"),
        ("application/json", lines.replace('l', "m").into_bytes(), 0, ""),
        ("application/json", object.to_owned().into_bytes(), 1, "o1"),
        ("", object.replace("o1", "o2").into_bytes(), 1, "o2"),
        ("application/json", format!("\u{feff} {array}").into_bytes(), 1, "a1"),
        ("text/csv; charset=utf-8", csv.to_owned().into_bytes(), 1, "c1"),
        ("", csv.replace("c1", "c2").into_bytes(), 1, "c2"),
        ("application/gzip", gzip(&array.replace("a1", "a2")), 1, "a2"),
        ("", gzip(&object.replace("o1", "o3")), 1, "o3"),
        ("", gzip(&csv.replace("c1", "c3")), 1, "c3"),
    ] {
        let reply = upload(&client, media_type, body);
        if count == 0 {
            reply.refused(400, "nothing_accepted");
            continue;
        }
        let answer = reply.ok();
        assert_eq!(answer["accepted"], count, "{media_type} {id}");
        assert_eq!(answer["searchable"], true);
        assert!(answer["sequence"].as_u64().unwrap() > 0);
        assert!(client.has(id), "{id}");
    }
    let encoded = client.send("POST", PATH, &[("content-encoding", "gzip")], gzip(lines));
    assert_eq!(encoded.ok()["accepted"], 2);
    let found = client.search(&json!({ "q": "lamp" }));
    assert!(found["total"].as_u64().unwrap() >= 9);
}

#[test]
fn a_waited_write_is_searchable_and_the_last_duplicate_wins() {
    let client = Client::open();
    let twice = json!([
        { "id": "t1", "title": "First teapot" },
        { "id": "t1", "title": "Second teapot" },
    ]);
    let answer = client.post(&format!("{PATH}?wait=true"), &twice).ok();
    assert_eq!((&answer["accepted"], &answer["rejected_count"]), (&json!(2), &json!(0)));
    let found = client.search(&json!({ "q": "teapot", "mode": "lexical" }));
    assert_eq!(ids(&found), ["t1"]);
    assert_eq!(found["hits"][0]["product"]["title"], "Second teapot");
}

#[test]
fn rejected_records_are_named_and_the_others_taken() {
    let client = Client::open();
    let mixed = json!([
        { "id": "good", "title": "Good" },
        { "title": "No id" },
        { "id": "bad", "title": "Bad", "price": "dear" },
    ]);
    let answer = client.post(PATH, &mixed).ok();
    assert_eq!((&answer["accepted"], &answer["rejected_count"]), (&json!(1), &json!(2)));
    assert_eq!(answer["rejected"][0]["field"], "id");
    assert_eq!(answer["rejected"][1]["id"], "bad");
    assert_eq!(answer["rejected"][1]["field"], "price");
    assert!(client.has("good") && !client.has("bad"));
}

#[test]
fn patches_change_just_what_they_name() {
    let client = Client::open();
    let patch =
        json!([{ "id": "shoe-1", "price": 79.5, "variants": [{ "sku": "S1-44", "stock": 9 }] }]);
    let answer = client.call("PATCH", &format!("{PATH}?wait=true"), &patch).ok();
    assert_eq!((&answer["accepted"], &answer["searchable"]), (&json!(1), &json!(true)));
    let product = client.get(&format!("{PATH}/shoe-1")).ok();
    assert_eq!((&product["price"], &product["brand"]), (&json!(79.5), &json!("Nordvik")));
    assert_eq!(product["variants"][1]["stock"], 9);
    assert_eq!(product["variants"][0]["stock"], 3);
    let single = client.call("PATCH", PATH, &json!({ "id": "mug-1", "stock": 1 })).ok();
    assert_eq!(single["accepted"], 1);
    let found = client.search(&json!({ "filters": { "price": { "lte": 79.5, "gte": 79.5 } } }));
    assert_eq!(ids(&found), ["shoe-1"]);
    let unknown = client.call("PATCH", PATH, &json!({ "id": "none", "stock": 1 }));
    assert_eq!(unknown.refused(400, "nothing_accepted")["rejected"][0]["id"], "none");
    client.call("PATCH", PATH, &json!([3])).refused(400, "invalid_request");
}

#[test]
fn a_product_is_read_with_unknown_fields_and_deleted() {
    let client = Client::open();
    let product = json!({ "id": "a/b c", "title": "Odd id", "extra": { "kept": [1, 2] } });
    client.post(PATH, &product).ok();
    let path = format!("{PATH}/a%2Fb%20c");
    assert_eq!(client.get(&path).ok(), product);
    let deleted = client.delete(&format!("{path}?wait=true")).ok();
    assert_eq!((&deleted["deleted"], &deleted["searchable"]), (&json!("a/b c"), &json!(true)));
    assert_eq!(client.get(&path).status, 404);
    assert_eq!(client.delete(&path).status, 404);
    let found: Value = client.search(&json!({ "q": "odd id", "mode": "lexical" }));
    assert!(!ids(&found).contains(&"a/b c".to_owned()));
}
