//! Who did what.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use vitrine::settings::access::Scope;

use super::client::{Client, event};

fn kept(folder: &std::path::Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("audit.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn administrative_calls_are_kept_with_who_did_what_and_how_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let admin = Client::audited(folder.path()).at("192.0.2.1");
    let wish = json!({ "name": "campaigns", "scopes": ["merchandise"] });
    let made = admin.post("/v1/keys", &wish).ok();
    let campaigns = admin.with_key(made["key"].as_str());
    let rule = json!({ "then": [{ "do": "banner", "content": "secret plan" }] });
    let named = [("x-request-id", "abc-1"), ("content-type", "application/json")];
    let path = "/v1/indexes/shop/rules/spring";
    campaigns.send("PUT", path, &named, rule.to_string()).ok();
    campaigns.delete("/v1/indexes/shop").refused(403, "forbidden");
    admin.search(&json!({ "q": "shoe" }));
    admin.get("/v1/indexes/shop/settings").ok();

    let lines = kept(folder.path());
    assert_eq!(lines.len(), 3, "searches and reads are not kept: {lines:?}");
    let rule = &lines[1];
    assert_eq!((&rule["key"], &rule["key_name"]), (&made["id"], &json!("campaigns")));
    assert_eq!((&rule["by"], &rule["status"]), (&json!("key"), &json!(200)));
    assert_eq!(
        (&rule["method"], &rule["route"]),
        (&json!("PUT"), &json!("/v1/indexes/{index}/rules/{id}"))
    );
    assert_eq!((&rule["index"], &rule["id"]), (&json!("shop"), &json!("spring")));
    assert_eq!((&rule["address"], &rule["request_id"]), (&json!("192.0.2.1"), &json!("abc-1")));
    assert!(rule["at"].as_str().unwrap().starts_with("20"));
    assert_eq!((&lines[2]["method"], &lines[2]["status"]), (&json!("DELETE"), &json!(403)));

    let latest = admin.get("/v1/audit?limit=2").ok();
    assert_eq!(latest["entries"], json!([lines[2], lines[1]]), "the latest first");
    admin.get("/v1/audit?limit=0").refused(400, "over_limit");
    admin.get("/v1/audit?limit=1001").refused(400, "over_limit");
    campaigns.get("/v1/audit").refused(403, "forbidden");
}

#[test]
fn the_audit_log_has_no_secrets_no_shoppers_and_nothing_from_strangers() {
    let folder = tempfile::tempdir().unwrap();
    let admin = Client::audited(folder.path());
    admin.post("/v1/events", &event("view", "anna-secret", "shoe-1")).ok();
    let token = admin.post("/v1/shoppers/anna-secret/token", &json!({})).ok()["token"].clone();
    let token = token.as_str().unwrap();
    let key = admin.make_key(&[Scope::Search], &[]);
    let search = admin.with_key(Some(&key));
    let headers = [("x-shopper-token", token)];
    search.send("GET", "/v1/shoppers/anna-secret", &headers, "").ok();
    admin.with_key(Some(token)).delete("/v1/shoppers/anna-secret").ok();
    admin.delete("/v1/shoppers/anna-secret").ok();
    // Refused before anybody asks who calls.
    admin.with_key(None).put("/v1/indexes/a.b/rules/x", &json!({})).refused(400, "invalid_name");
    for stranger in [None, Some("no.key"), Some("shopper.x.1.y")] {
        admin.with_key(stranger).delete("/v1/indexes/shop").status.to_string();
    }
    let text = fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    let lines = kept(folder.path());
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines.iter().all(|line| line["by"] == "key"));
    assert_eq!(lines[0]["id"], lines[1]["id"], "one shopper, by a name that tells nothing");
    for secret in ["anna-secret", token, key.split_once('.').unwrap().1] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn who_goes_away_before_the_answer_is_kept_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let admin = Client::audited(folder.path());
    let rule = json!({ "then": [{ "do": "banner", "content": "!" }] });
    admin.send_and_leave("PUT", "/v1/indexes/shop/rules/left", &rule);
    let is_kept = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        kept(folder.path()).iter().any(|line| line["id"] == "left" && line["status"] == 499)
    });
    assert!(is_kept);
    let carried_out = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        admin.get("/v1/indexes/shop/rules/left").status == 200
    });
    assert!(carried_out, "it was not stopped by that");
}

#[test]
fn a_public_key_cannot_push_the_lines_of_others_out() {
    let folder = tempfile::tempdir().unwrap();
    let admin = Client::audited(folder.path());
    let public = admin.scoped(&[Scope::Search], &[]);
    let token = admin.post("/v1/shoppers/anna/token", &json!({})).ok()["token"].clone();
    let headers = [("x-shopper-token", token.as_str().unwrap())];
    for _ in 0..200 {
        public.delete("/v1/indexes/shop").refused(403, "forbidden");
        public.send("GET", "/v1/shoppers/anna?index=shop", &headers, "").ok();
    }
    admin.put("/v1/indexes/shop/settings", &json!({})).ok();
    let lines = kept(folder.path());
    let refused = lines.iter().filter(|line| line["status"] == 403).count();
    assert!((100..=130).contains(&refused), "twice 60 at once, and no more: {refused}");
    assert_eq!(lines.len(), refused + 2, "the shopper's own calls are nobody else's matter");
    assert_eq!(lines.last().unwrap()["method"], "PUT");
}

#[cfg(unix)]
#[test]
fn the_audit_log_is_for_its_owner_and_a_disk_that_fails_fails_no_call() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("data");
    let admin = Client::audited(&place);
    let file = place.join("audit.jsonl");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    admin.put("/v1/indexes/shop/settings", &json!({})).ok();
    assert_eq!(kept(&place).len(), 1);
    // The folder is gone and a file stands in its place: the next file cannot be made.
    let small = Client::audited_within(&folder.path().join("small"), 1);
    small.put("/v1/indexes/shop/settings", &json!({})).ok();
    fs::remove_dir_all(folder.path().join("small")).unwrap();
    fs::write(folder.path().join("small"), "in the way").unwrap();
    small.put("/v1/indexes/shop/settings", &json!({})).ok();
    fs::remove_file(folder.path().join("small")).unwrap();
    fs::create_dir(folder.path().join("small")).unwrap();
    small.put("/v1/indexes/shop/settings", &json!({})).ok();
    assert_eq!(kept(&folder.path().join("small")).len(), 1, "it goes on when the disk does");
}
