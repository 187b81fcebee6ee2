//! What merchandisers and catalogues write is data: HTML in it goes through unchanged, but for
//! highlights, which are HTML and escape it.

use serde_json::{Value, json};

use super::client::{Client, ids};

const RULES: &str = "/v1/indexes/shop/rules";
const EVIL: &str = "<script>alert(\"1\")</script> & <b>'bold'</b>";

#[test]
fn html_in_rules_and_banners_comes_back_as_it_was_written() {
    let client = Client::open();
    let content = json!({ "html": EVIL, "list": [EVIL, 1, null], EVIL: true });
    let rule = json!({
        "description": EVIL, "enabled": true, "priority": 0,
        "when": { "query": { "contains": "shoe" } },
        "then": [{ "do": "banner", "content": content }, { "do": "banner", "content": EVIL },
                 { "do": "redirect", "url": "/sale?q=<b>&x=\"1\"" }],
    });
    let path = format!("{RULES}/evil");
    let mut read = client.put(&path, &rule).ok();
    assert_eq!(client.get(&path).ok(), read);
    read.as_object_mut().unwrap().retain(|name, _| name != "id");
    assert_eq!(read, rule);
    let page = client.search(&json!({ "q": "shoe" }));
    assert_eq!(page["banners"], json!([content, EVIL]));
    assert_eq!(page["redirect"], "/sale?q=<b>&x=\"1\"");
    let searched = client.post("/v1/indexes/shop/search", &json!({ "q": "shoe" }));
    assert_eq!(searched.header("content-type"), "application/json");
    let script = json!({ "then": [{ "do": "redirect", "url": "javascript:alert(1)" }] });
    client.put(&format!("{RULES}/script"), &script).refused(400, "invalid_rule");
}

#[test]
fn html_in_products_is_data_and_escaped_in_highlights() {
    let client = Client::open();
    let title = format!("Lamp {EVIL} lamp");
    let product = json!({ "id": "<i>", "title": title, "brand": "<u>Lamp & Co</u>" });
    client.post("/v1/indexes/shop/products?wait=true", &product).ok();
    let page = client.search(&json!({ "q": "lamp" }));
    let hit = &page["hits"][0];
    assert_eq!((&hit["id"], &hit["product"]["title"]), (&json!("<i>"), &json!(title)));
    for (field, marks) in [("title", 2), ("brand", 1)] {
        let highlight = hit["highlights"][field].as_str().unwrap();
        assert_eq!(highlight.matches("<mark>").count(), marks, "{highlight}");
        let rest = highlight.replace("<mark>", "").replace("</mark>", "");
        assert!(!rest.contains(['<', '>', '"']), "{highlight}");
        assert!(rest.contains("&lt;") && rest.contains("&amp;"), "{highlight}");
    }
}

#[test]
fn a_pin_of_an_unknown_product_is_kept_flagged_and_acts_once_it_comes() {
    let client = Client::open();
    let rule = json!({ "then": [{ "do": "pin", "product_id": "later", "position": 1 }] });
    client.put(&format!("{RULES}/early"), &rule).ok();
    let kinds = || -> Vec<Value> {
        let found = client.get(&format!("{RULES}/conflicts")).ok();
        found["findings"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect()
    };
    assert_eq!(kinds(), [json!("unknown_product")]);
    assert_ne!(ids(&client.search(&json!({ "q": "shoe" })))[0], "later");
    let product = json!({ "id": "later", "title": "Late lamp" });
    client.post("/v1/indexes/shop/products?wait=true", &product).ok();
    assert!(kinds().is_empty());
    assert_eq!(ids(&client.search(&json!({ "q": "shoe" })))[0], "later");
}
