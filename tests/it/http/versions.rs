//! Versions of the settings: who changed what and when, and back.

use serde_json::{Value, json};
use vitrine::domain::time::Timestamp;
use vitrine::settings::access::Scope;
use vitrine::settings::difference::differences;
use vitrine::settings::{Change, Settings};

use super::client::{Client, Reply};

const SETTINGS: &str = "/v1/indexes/shop/settings";
const VERSIONS: &str = "/v1/indexes/shop/settings/versions";
const RULE: &str = "/v1/indexes/shop/rules/spring";

fn rule(priority: i32) -> Value {
    json!({ "priority": priority, "then": [{ "do": "redirect", "url": "/spring" }] })
}

fn listed(client: &Client, query: &str) -> Vec<(u64, Value)> {
    let versions = client.get(&format!("{VERSIONS}{query}")).ok();
    let versions = versions["versions"].as_array().unwrap().clone();
    versions
        .into_iter()
        .map(|one| (one["version"].as_u64().unwrap(), one["paths"].clone()))
        .collect()
}

fn matching(client: &Client, method: &str, path: &str, (tag, body): (&str, &Value)) -> Reply {
    let headers = [("content-type", "application/json"), ("if-match", tag)];
    client.send(method, path, &headers, body.to_string())
}

#[test]
fn versions_tell_who_changed_what_and_when() {
    let client = Client::guarded();
    let first = client.get(&format!("{VERSIONS}/1")).ok();
    client.scoped(&[Scope::Merchandise], &[]).put(RULE, &rule(1)).ok();
    client.put(RULE, &rule(2)).ok();
    client.put(SETTINGS, &json!({ "personalisation": { "strength": 0.5 } })).ok();
    client.delete(RULE).ok();
    let last = listed(&client, "?limit=4");
    assert_eq!(
        last,
        [
            (5, json!(["/rules/spring"])),
            (4, json!(["/personalisation/strength"])),
            (3, json!(["/rules/spring/priority"])),
            (2, json!(["/rules/spring"])),
        ]
    );
    let third = client.get(&format!("{VERSIONS}/3")).ok();
    assert_eq!(
        third["changes"],
        json!([{ "path": "/rules/spring/priority", "before": 1, "after": 2 }])
    );
    assert_eq!(third["by"], "test");
    let at = Timestamp::parse(third["at"].as_str().unwrap()).unwrap();
    assert!((vitrine::startup::now().as_ms() - at.as_ms()).abs() < 600_000, "{at:?}");
    assert_eq!(third["settings"]["rules"]["spring"]["priority"], 2);
    let second = client.get(&format!("{VERSIONS}/2")).ok();
    assert_eq!(second["changes"][0]["before"], Value::Null);
    assert_eq!(second["changes"][0]["after"]["priority"], 1);
    let fields = first.as_object().unwrap();
    assert!(!fields.contains_key("by") && !fields.contains_key("at"), "made in nobody's name");
}

#[test]
fn a_list_of_versions_goes_on_where_it_ended() {
    let client = Client::open();
    for priority in 1..=4 {
        client.put(RULE, &rule(priority)).ok();
    }
    let mut seen = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = client.get(&format!("{VERSIONS}{query}")).ok();
        let numbers = page["versions"].as_array().unwrap().iter().map(|one| one["version"].clone());
        seen.extend(numbers);
        let Some(before) = page["next_before"].as_u64() else { break };
        query = format!("?limit=2&before={before}");
    }
    assert_eq!(json!(seen), json!([5, 4, 3, 2, 1]));
    assert_eq!(listed(&client, "?before=1"), []);
    client.get(&format!("{VERSIONS}?limit=0")).refused(400, "invalid_parameter");
    client.get(&format!("{VERSIONS}?limit=101")).refused(400, "invalid_parameter");
    client.get(&format!("{VERSIONS}/6")).refused(404, "unknown_version");
    client.get(&format!("{VERSIONS}/0")).refused(404, "unknown_version");
    client.get(&format!("{VERSIONS}/x")).refused(400, "invalid_version");
    client.get("/v1/indexes/none/settings/versions").refused(404, "unknown_index");
}

#[test]
fn a_version_is_restored_as_a_new_one_and_acts() {
    let client = Client::open();
    client.put(SETTINGS, &json!({ "stop_words": ["the"], "boosts": { "percent_max": 5 } })).ok();
    client.put(RULE, &rule(1)).ok();
    assert_eq!(client.search(&json!({ "q": "shoe" }))["redirect"], "/spring");
    let restored = client.post(&format!("{VERSIONS}/1/restore"), &json!({})).ok();
    assert_eq!(restored["version"], 4);
    assert_eq!(client.search(&json!({ "q": "shoe" }))["redirect"], Value::Null);
    let whole = |number: u64| {
        let mut settings = client.get(&format!("{VERSIONS}/{number}")).ok()["settings"].clone();
        settings.as_object_mut().unwrap().retain(|name, _| name != "version" && name != "change");
        settings
    };
    assert_eq!(whole(4), whole(1));
    assert_eq!(
        listed(&client, "?limit=1"),
        [(4, json!(["/boosts/percent_max", "/rules/spring", "/stop_words"]))]
    );
    client.post(&format!("{VERSIONS}/9/restore"), &json!({})).refused(404, "unknown_version");
    assert_eq!(client.get(SETTINGS).ok()["version"], 4);
}

#[test]
fn restoring_rules_needs_the_scope_of_merchandisers() {
    let admin = Client::guarded();
    let catalog = admin.scoped(&[Scope::Catalog], &[]);
    catalog.put(SETTINGS, &json!({ "stop_words": ["the"] })).ok();
    catalog.post(&format!("{VERSIONS}/1/restore"), &json!({})).ok();
    admin.put(RULE, &rule(1)).ok();
    catalog.post(&format!("{VERSIONS}/1/restore"), &json!({})).refused(403, "forbidden");
    assert_eq!(admin.get(RULE).status, 200);
    let both = admin.scoped(&[Scope::Catalog, Scope::Merchandise], &[]);
    both.post(&format!("{VERSIONS}/1/restore"), &json!({})).ok();
    admin.get(RULE).refused(404, "unknown_rule");
}

#[test]
fn merchandisers_see_and_restore_their_part_of_the_history() {
    let admin = Client::guarded();
    let merchandiser = admin.scoped(&[Scope::Merchandise], &[]);
    admin.put(RULE, &rule(1)).ok();
    admin.put(SETTINGS, &json!({ "stop_words": ["the"], "boosts": { "percent_max": 5 } })).ok();
    admin.put(SETTINGS, &json!({ "synonyms": [] })).ok();
    merchandiser.delete(RULE).ok();
    let expected = [
        (5, json!(["/rules/spring"])),
        (4, json!([])),
        (3, json!(["/boosts/percent_max"])),
        (2, json!(["/rules/spring"])),
    ];
    assert_eq!(listed(&merchandiser, "?limit=4"), expected);
    let third = merchandiser.get(&format!("{VERSIONS}/3")).ok();
    assert_eq!(third["changes"].as_array().unwrap().len(), 1);
    let shown: Vec<&String> = third["settings"].as_object().unwrap().keys().collect();
    assert_eq!(shown, ["version", "rules", "boosts", "suggestions"]);
    assert_eq!(third["settings"]["rules"]["spring"]["priority"], 1);
    let restored = merchandiser.post(&format!("{VERSIONS}/2/restore"), &json!({}));
    assert_eq!(restored.header("etag"), "\"6\"");
    let restored = restored.ok();
    assert_eq!(restored["boosts"]["percent_max"], 30.0);
    assert_eq!((&restored["version"], restored.get("stop_words")), (&json!(6), None));
    assert_eq!(merchandiser.get(RULE).ok()["priority"], 1);
    let settings = admin.get(SETTINGS).ok();
    assert_eq!(settings["stop_words"], json!(["the"]), "what is not theirs stays");
    assert_eq!(settings["synonyms"], json!([]));
    merchandiser.get(SETTINGS).refused(403, "forbidden");
    merchandiser.get(&format!("{VERSIONS}/9")).refused(404, "unknown_version");
    let stale =
        matching(&merchandiser, "POST", &format!("{VERSIONS}/2/restore"), ("\"5\"", &json!({})));
    stale.refused(409, "settings_changed");
    admin.scoped(&[Scope::Search], &[]).get(VERSIONS).refused(403, "forbidden");
}

#[test]
fn a_change_of_an_older_version_is_refused_and_names_the_winner() {
    let client = Client::guarded();
    client.put(RULE, &rule(1)).ok();
    let read = client.get(RULE).header("etag").to_owned();
    assert_eq!(read, "\"2\"");
    assert_eq!(client.get("/v1/indexes/shop/boosts").header("etag"), read);
    assert_eq!(client.get(SETTINGS).header("etag"), read);
    let won = matching(&client, "PUT", RULE, (&read, &rule(2)));
    assert_eq!((won.status, won.header("etag")), (200, "\"3\""));
    let boosts = json!({ "percent_max": 5 });
    for (method, path, body) in [
        ("PUT", RULE, rule(3)),
        ("DELETE", RULE, json!({})),
        ("PUT", "/v1/indexes/shop/boosts", boosts),
        ("PUT", "/v1/indexes/shop/suggestions", json!({})),
        ("PUT", SETTINGS, json!({ "stop_words": ["the"] })),
        ("PUT", "/v1/indexes/shop", json!({ "stop_words": ["the"] })),
        ("POST", "/v1/indexes/shop/settings/versions/1/restore", json!({})),
    ] {
        let refused = matching(&client, method, path, (&read, &body));
        let refused = refused.refused(409, "settings_changed");
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.contains("version 3") && message.contains("\"test\""), "{message}");
    }
    assert_eq!(client.get(RULE).ok()["priority"], 2);
    matching(&client, "PUT", RULE, ("soon", &rule(4))).refused(400, "invalid_version");
    assert_eq!(matching(&client, "PUT", RULE, ("*", &rule(4))).status, 200);
    assert_eq!(matching(&client, "PUT", RULE, ("\"4\"", &rule(5))).status, 200);
}

#[test]
fn settings_that_were_read_can_be_sent_back_and_bear_the_new_name() {
    let client = Client::guarded();
    client.put(RULE, &rule(1)).ok();
    let mut settings = client.get(SETTINGS).ok();
    settings["change"]["by"] = json!("somebody else");
    let sent = client.put(SETTINGS, &settings).ok();
    assert_eq!((&sent["version"], &sent["change"]["by"]), (&json!(3), &json!("test")));
    assert_eq!(listed(&client, "?limit=1"), [(3, json!([]))]);
}

#[test]
fn the_author_is_stored_and_may_be_missing() {
    let change = Change { by: Some("test".to_owned()), at: Timestamp::from_ms(1) };
    let settings = Settings { change: Some(change), ..Settings::defaults().unwrap() };
    let stored = serde_json::to_vec(&settings).unwrap();
    assert_eq!(Settings::from_stored(&stored).unwrap(), settings);
    let old = include_bytes!("../../fixtures/settings-1.json");
    assert_eq!(Settings::from_stored(old).unwrap().change, None);
}

#[test]
fn paths_are_json_pointers() {
    let before = Settings::defaults().unwrap();
    let after = before.patched(&json!({ "synonyms": [["a/b", "c~d"]], "language": "de" })).unwrap();
    let mut renamed = after.clone();
    renamed.size_systems.clear();
    let system = before.size_systems.values().next().unwrap().clone();
    renamed.size_systems.insert("a/b~c".to_owned(), system);
    let paths = |one: &Settings, other: &Settings| {
        differences(one, other).unwrap().into_iter().map(|one| one.path).collect::<Vec<_>>()
    };
    assert_eq!(paths(&before, &after), ["/language", "/synonyms"]);
    assert!(paths(&after, &renamed).contains(&"/size_systems/a~1b~0c".to_owned()));
    let json = serde_json::to_value(&renamed).unwrap();
    for one in differences(&after, &renamed).unwrap() {
        assert_eq!(json.pointer(&one.path), one.after.as_ref());
    }
}
