//! The store: both implementations answer alike, and what is acknowledged stays.
//!
//! 1. Any writes give the same answers and the same reads in memory and on disk.
//! 2. After reopening, and in a backup, every read is the same.
//! 3. What was acknowledged before `kill -9` is there afterwards.
//! 4. Writers at the same time each get their own sequence number, in order.
//! 5. A second process is refused.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use vitrine::domain::change::Change;
use vitrine::domain::event::{Choice, Event, EventKind, RecordedEvent, Visitor};
use vitrine::domain::id::{IndexName, ProductId, Sequence, SessionId, ShopperId};
use vitrine::domain::product::Product;
use vitrine::domain::time::Timestamp;
use vitrine::settings::Settings;
use vitrine::settings::access::{Key, Scope};
use vitrine::shopper::Preferences;
use vitrine::store::embedded::Embedded;
use vitrine::store::memory::Memory;
use vitrine::store::{Store, StoredProduct, Write};

const INDEXES: [&str; 3] = ["shop", "shop-2", "s"];
const PRODUCTS: [&str; 4] = ["a", "b", "b c", "ä"];
const SHOPPERS: [&str; 2] = ["anna", "ben"];

fn index(name: &str) -> IndexName {
    IndexName::parse(name).unwrap()
}

fn product_id(id: &str) -> ProductId {
    ProductId::parse(id).unwrap()
}

fn shopper(id: &str) -> ShopperId {
    ShopperId::parse(id).unwrap()
}

fn product(id: &str, price: f64) -> Product {
    let json = serde_json::json!({
        "id": id, "title": format!("Product {id}"), "price": price, "season": [2026, null],
        "attributes": {"drop_mm": 8, "material": ["mesh", "wool"]},
        "variants": [{"size": "42", "stock": 3, "shelf": "C"}],
    });
    serde_json::from_value(json).unwrap()
}

fn event(visitor: &Visitor, id: Option<String>, at_ms: i64) -> RecordedEvent {
    let (shopper, session) = match visitor {
        Visitor::Shopper(id) => (Some(id.clone()), None),
        Visitor::Session(id) => (None, Some(id.clone())),
    };
    let at = Timestamp::from_ms(at_ms);
    let event = Event {
        kind: EventKind::Purchase,
        id,
        shopper,
        session,
        index: index("shop"),
        product_id: Some(product_id("a")),
        variant_sku: None,
        query_id: None,
        query: None,
        position: None,
        quantity: Some(1),
        price: Some(19.99),
        timestamp: Some(at),
    };
    RecordedEvent { event, at, choice: Choice::default() }
}

fn visitors() -> Vec<Visitor> {
    // A shopper and a session of the same name are two visitors.
    let session = Visitor::Session(session());
    SHOPPERS.map(shopper).map(Visitor::Shopper).into_iter().chain([session]).collect()
}

/// Every read there is, over all names that the writes use.
#[derive(Debug, PartialEq)]
struct Reads {
    sequence: Sequence,
    indexes: Vec<(IndexName, Option<Sequence>)>,
    settings: Vec<Option<Settings>>,
    products: Vec<Option<StoredProduct>>,
    changes: Vec<Vec<Change>>,
    keys: Vec<Key>,
    logs: Vec<Vec<(Sequence, RecordedEvent)>>,
    events: Vec<(Sequence, RecordedEvent)>,
    waiting: Vec<(Sequence, RecordedEvent)>,
    signed_in: Vec<ShopperId>,
    preferences: Vec<Option<Preferences>>,
}

fn reads(store: &dyn Store) -> Reads {
    let sequence = store.sequence().unwrap();
    let names = store.indexes().unwrap().into_iter();
    let mut reads = Reads {
        sequence,
        indexes: names.map(|name| (name.clone(), store.created(&name).unwrap())).collect(),
        settings: Vec::new(),
        products: Vec::new(),
        changes: Vec::new(),
        keys: store.keys().unwrap(),
        logs: visitors().iter().map(|visitor| store.events_of(visitor).unwrap()).collect(),
        events: store.events_after(sequence / 3, 5).unwrap(),
        waiting: store.waiting().unwrap(),
        signed_in: store.shoppers_in(&session()).unwrap(),
        preferences: SHOPPERS.map(|id| store.preferences(&shopper(id)).unwrap()).into(),
    };
    for name in INDEXES.map(index) {
        reads.settings.push(store.settings(&name).unwrap());
        let versions = (0..4).map(|version| store.settings_at(&name, version).unwrap());
        reads.settings.extend(versions);
        let products = PRODUCTS.map(|id| store.product(&name, &product_id(id)).unwrap());
        reads.products.extend(products);
        for (after, limit) in [(0, usize::MAX), (sequence / 2, 2), (u64::MAX, 1)] {
            reads.changes.push(store.changes(&name, after, limit).unwrap());
        }
    }
    reads
}

fn any_event() -> impl Strategy<Value = Write> {
    let id = prop::option::of("[xy]");
    let visitor = prop::sample::select(visitors());
    (visitor, id, -2_i64..3, any::<bool>(), any::<bool>()).prop_map(
        |(visitor, id, at_ms, signs_in, waits)| {
            let mut event = event(&visitor, id, at_ms);
            if at_ms == 0 {
                event.event.kind = EventKind::Search;
            }
            if signs_in {
                event.event.session = Some(session());
            }
            if waits {
                let unknown_since = Some(Timestamp::from_ms(at_ms));
                event.choice = Choice { unknown_since, ..Choice::default() };
            }
            Write::Record(Box::new(event))
        },
    )
}

/// Writes about events that may be there.
fn any_log_write() -> impl Strategy<Value = Write> {
    let place = || 1_u64..40;
    prop_oneof![
        place().prop_map(|event| Write::Settle { event, product: Box::new(product("a", 3.0)) }),
        place().prop_map(Write::Expire),
        (prop::sample::select(visitors()), place())
            .prop_map(|(visitor, event)| Write::RemoveEvent { visitor, event }),
    ]
}

fn session() -> SessionId {
    SessionId::parse("anna").unwrap()
}

fn any_product_write() -> impl Strategy<Value = Write> {
    let index = || prop::sample::select(&INDEXES[..]).prop_map(index);
    let id = || prop::sample::select(&PRODUCTS[..]);
    // Cents: numbers of up to 15 digits read back exactly from JSON.
    let price = prop_oneof![
        9 => (0_u32..100_000_000).prop_map(|cents| f64::from(cents) / 100.0),
        1 => Just(f64::NAN),
    ];
    prop_oneof![
        3 => (index(), id(), price, prop::option::weighted(0.3, 1_u64..20)).prop_map(
            |(index, id, price, expected)| Write::PutProduct {
                index,
                product: Box::new(Product { price: Some(price), ..product(id, 0.0) }),
                expected,
            }
        ),
        1 => (index(), id()).prop_map(|(index, id)| Write::DeleteProduct { index, id: product_id(id) }),
    ]
}

fn any_index_write() -> impl Strategy<Value = Write> {
    let index = || prop::sample::select(&INDEXES[..]).prop_map(index);
    let settings = |version| Box::new(Settings { version, ..Settings::defaults().unwrap() });
    prop_oneof![
        4 => index().prop_map(move |index| Write::CreateIndex { index, settings: settings(7) }),
        1 => index().prop_map(|index| Write::DeleteIndex { index }),
        3 => (index(), 0_u64..3).prop_map(move |(index, version)| Write::PutSettings {
            index,
            settings: settings(version),
        }),
    ]
}

fn any_access_write() -> impl Strategy<Value = Write> {
    let shopper = || prop::sample::select(&SHOPPERS[..]).prop_map(shopper);
    prop_oneof![
        "[kl]".prop_map(|id| Write::PutKey(key(id))),
        "[kl]".prop_map(Write::DeleteKey),
        (shopper(), "[a-c]").prop_map(|(shopper, brand)| {
            let liked_brands = vec![brand];
            let preferences = Preferences { liked_brands, ..Preferences::default() };
            Write::PutPreferences(shopper, Box::new(preferences))
        }),
        shopper().prop_map(|shopper| Write::EraseShopper { shopper, at: Timestamp::from_ms(9) }),
    ]
}

fn key(id: String) -> Key {
    Key {
        id,
        name: "storefront".to_owned(),
        secret_sha256: "00".repeat(32),
        scopes: vec![Scope::Search],
        indexes: vec![index("shop")],
        created_at: Timestamp::from_ms(1),
        expires_at: None,
        per_second: None,
        previous: None,
    }
}

fn any_batches() -> impl Strategy<Value = Vec<Vec<Write>>> {
    let write = prop_oneof![
        4 => any_product_write(),
        4 => any_event(),
        2 => any_log_write(),
        2 => any_index_write(),
        1 => any_access_write(),
    ];
    prop::collection::vec(prop::collection::vec(write, 0..8), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..Default::default() })]

    #[test]
    fn memory_and_disk_answer_alike(batches in any_batches()) {
        let folder = tempfile::tempdir().unwrap();
        let (memory, disk) = (Memory::new(), Embedded::open(folder.path()).unwrap());
        let create = INDEXES[..2].iter().map(|name| Write::CreateIndex {
            index: index(name),
            settings: Box::new(Settings::defaults().unwrap()),
        });
        for batch in std::iter::once(create.collect()).chain(batches) {
            prop_assert_eq!(memory.write(batch.clone()), disk.write(batch));
            prop_assert_eq!(reads(&memory), reads(&disk));
        }
        for (store, name) in [(&disk as &dyn Store, "of-disk"), (&memory, "of-memory")] {
            let copy = folder.path().join(name);
            store.back_up(&copy, &|_| Ok(())).unwrap();
            let again = store.back_up(&copy, &|_| Ok(())).unwrap_err();
            prop_assert_eq!(again.problem().code, "backup_target_exists");
            prop_assert_eq!(reads(&Embedded::open(&copy).unwrap()), reads(&memory));
        }
        drop(disk);
        prop_assert_eq!(reads(&Embedded::open(folder.path()).unwrap()), reads(&memory));
    }
}

#[test]
fn refused_writes_change_nothing_and_stop_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Embedded::open(folder.path()).unwrap();
    for store in [&Memory::new() as &dyn Store, &disk] {
        let put = |name: &str, expected| Write::PutProduct {
            index: index(name),
            product: Box::new(product("a", 1.0)),
            expected,
        };
        let create = Write::CreateIndex {
            index: index("shop"),
            settings: Box::new(Settings::defaults().unwrap()),
        };
        let writes = vec![create, put("none", None), put("shop", Some(1)), put("shop", None)];
        let answers = store.write(writes).unwrap();
        let codes: Vec<_> = answers
            .iter()
            .map(|answer| answer.as_ref().map_err(|refused| refused.problem().code))
            .collect();
        assert_eq!(codes, [Ok(&1), Err("index_not_found"), Err("product_changed"), Ok(&2)]);
        assert_eq!(store.write(vec![put("shop", Some(2))]).unwrap(), [Ok(3)]);
        assert_eq!(store.sequence().unwrap(), 3);
    }
}

#[test]
fn writers_at_the_same_time_share_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let visitor = &visitors()[0];
    let mut given: Vec<Sequence> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let store = &store;
                scope.spawn(move || {
                    let write = |n| {
                        let id = Some(format!("{writer}-{n}"));
                        let event = Write::Record(Box::new(event(visitor, id, n)));
                        store.write(vec![event]).unwrap().remove(0).unwrap()
                    };
                    let own: Vec<Sequence> = (0..20).map(write).collect();
                    assert!(own.is_sorted(), "a writer's own writes are in order");
                    own
                })
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    given.sort_unstable();
    assert_eq!(given, (1..=160).collect::<Vec<_>>());
    drop(store);
    let events = Embedded::open(folder.path()).unwrap().events_after(0, usize::MAX).unwrap();
    let kept: Vec<Sequence> = events.into_iter().map(|(sequence, _)| sequence).collect();
    assert_eq!(kept, given);
}

const CHILD_FOLDER: &str = "VITRINE_TEST_STORE_FOLDER";

/// Does nothing by itself: the test below runs it in a process of its own, and kills that.
#[test]
fn child_that_writes_until_killed() {
    let Ok(folder) = std::env::var(CHILD_FOLDER) else { return };
    let store = Embedded::open(Path::new(&folder)).unwrap();
    for n in 0.. {
        let write = Write::Record(Box::new(event(&visitors()[0], Some(n.to_string()), n)));
        let sequence = store.write(vec![write]).unwrap().remove(0).unwrap();
        writeln!(std::io::stdout().lock(), "acknowledged {sequence}").unwrap();
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill_and_a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["store::child_that_writes_until_killed", "--exact", "--nocapture"])
        .env(CHILD_FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged: Vec<Sequence> = Vec::new();
    let output = BufReader::new(child.stdout.take().unwrap());
    for line in output.lines() {
        let line = line.unwrap();
        let Some((_, sequence)) = line.split_once("acknowledged ") else { continue };
        acknowledged.push(sequence.parse().unwrap());
        if acknowledged.len() == 20 {
            let refused = Embedded::open(folder.path()).err().unwrap();
            assert_eq!(refused.problem().code, "data_directory_in_use");
        }
        if acknowledged.len() == 50 {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(acknowledged.len() >= 50, "the child stopped by itself: {acknowledged:?}");
    let store = Embedded::open(folder.path()).unwrap();
    let kept: Vec<Sequence> = store
        .events_after(0, usize::MAX)
        .unwrap()
        .into_iter()
        .map(|(sequence, _)| sequence)
        .collect();
    assert!(kept.starts_with(&acknowledged), "acknowledged {acknowledged:?}, kept {kept:?}");
    assert_eq!(store.events_of(&visitors()[0]).unwrap().len(), kept.len());
}

#[cfg(unix)]
#[test]
fn a_new_store_and_its_backup_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(&folder.path().join("data")).unwrap();
    store.back_up(&folder.path().join("copy"), &|_| Ok(())).unwrap();
    for file in ["data/store.redb", "copy/store.redb"] {
        let mode = folder.path().join(file).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}: {mode:o}");
    }
}
