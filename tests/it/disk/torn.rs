//! Files that are cut short, zeroed at their end, or differ in a byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use vitrine::config::Config;
use vitrine::domain::id::{IndexName, ProductId};
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::engine::{Caller, Engine, Format, Mapping};
use vitrine::startup;
use vitrine::store::Store;
use vitrine::store::embedded::Embedded;

use crate::process::vitrine;

const PRODUCTS: usize = 60;

fn shop() -> IndexName {
    IndexName::parse("shop").expect("a name")
}

fn open(data: &Path) -> Arc<Engine> {
    let config = Config {
        data_dir: data.to_path_buf(),
        embedder: "hashing".to_owned(),
        ..Config::defaults().expect("they are valid")
    };
    Arc::new(startup::engine(&config, 0).expect("it opens"))
}

fn settled(engine: &Engine) {
    engine.wait_settled(&shop(), Duration::from_secs(60), &|_| ()).expect("it catches up");
}

/// A data directory with two commits, a deleted product, and a list of erasures.
fn make(data: &Path) {
    let engine = open(data);
    engine.create_index(&shop(), &json!({})).expect("it is new");
    for part in 0..2 {
        let products = (0..PRODUCTS).filter(|place| place % 2 == part).map(|place| {
            let colour = ["red", "blue", "green"][place % 3];
            json!({"id": format!("p{place}"), "title": format!("Shoe {place} {colour}")})
        });
        let lines: Vec<String> = products.map(|product| product.to_string()).collect();
        let form = (Format::Auto, &Mapping::default());
        engine.put_products(&shop(), lines.join("\n").as_bytes(), form, &|_| ()).expect("taken");
        settled(&engine);
    }
    engine.delete_product(&shop(), &ProductId::parse("p7").expect("an id")).expect("deleted");
    settled(&engine);
    let shopper = "gone".to_owned().try_into().expect("an id");
    engine.erase_shopper(&shopper, Timestamp::from_ms(1)).expect("erased");
}

/// What some searches answer.
fn answers(engine: &Engine) -> Vec<(usize, Vec<String>)> {
    let searches = ["shoe", "shoe 12", "red", "", "p33"];
    let modes = ["lexical", "semantic", "hybrid"];
    let requests = searches.iter().flat_map(|q| modes.iter().map(move |mode| (q, mode)));
    let caller = Caller { now: Timestamp::from_ms(1_800_000_000_000), sees_private: false };
    requests
        .map(|(q, mode)| {
            let request: SearchRequest =
                serde_json::from_value(json!({"q": q, "mode": mode, "per_page": 100})).expect("it");
            let page = engine.search(&shop(), &request, caller).expect("an answer");
            let mut ids: Vec<String> = page.hits.iter().map(|hit| hit.id.to_string()).collect();
            ids.sort_unstable();
            (page.total as usize, ids)
        })
        .collect()
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path().is_dir() {
            true => files_below(&entry.path(), files),
            false => files.push(entry.path()),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("copied")),
        }
    }
}

type Damage = fn(&mut Vec<u8>);

const DAMAGES: [(&str, Damage); 5] = [
    ("emptied", |bytes| bytes.clear()),
    ("cut in half", |bytes| bytes.truncate(bytes.len() / 2)),
    ("last byte lost", |bytes| bytes.truncate(bytes.len().saturating_sub(1))),
    ("end zeroed", |bytes| {
        let from = bytes.len() - bytes.len().min(64);
        bytes[from..].fill(0);
    }),
    ("byte flipped", |bytes| {
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 0x11;
        }
    }),
];

#[test]
fn what_is_derived_and_torn_is_made_anew() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = folder.path().join("whole");
    make(&whole);
    let engine = open(&whole);
    settled(&engine);
    let expected = answers(&engine);
    drop(engine);
    let mut files = Vec::new();
    files_below(&whole.join("indexes"), &mut files);
    files.retain(|file| file.extension().is_none_or(|extension| extension != "lock"));
    for name in ["manifest.json", "embeddings", "meta.json", ".managed.json"] {
        assert!(files.iter().any(|file| file.ends_with(name)), "{name}: {files:?}");
    }
    let torn = folder.path().join("torn");
    for (place, file) in files.iter().enumerate() {
        let below = file.strip_prefix(&whole).expect("below");
        // Each damage meets every kind of file; together that would take a minute.
        for (name, damage) in DAMAGES.iter().cycle().skip(place).take(2) {
            copy(&whole, &torn);
            let mut bytes = fs::read(file).expect("readable");
            damage(&mut bytes);
            fs::write(torn.join(below), bytes).expect("written");
            let engine = open(&torn);
            settled(&engine);
            assert!(answers(&engine) == expected, "{} {name}", below.display());
            drop(engine);
            fs::remove_dir_all(&torn).expect("removed");
        }
    }
}

#[test]
fn a_commit_that_says_another_number_is_not_believed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    make(folder.path());
    let engine = open(folder.path());
    settled(&engine);
    let expected = answers(&engine);
    drop(engine);
    let mut files = Vec::new();
    files_below(&folder.path().join("indexes"), &mut files);
    let meta = files.iter().find(|file| file.ends_with("meta.json")).expect("it is there");
    let whole: Value = serde_json::from_slice(&fs::read(meta).expect("readable")).expect("JSON");
    let payload = whole["payload"].as_str().expect("a payload");
    assert!(payload.starts_with("62 "), "{payload}");
    let mut smaller = whole.clone();
    smaller["payload"] = json!(payload.replacen("62", "32", 1));
    let mut fewer = whole.clone();
    fewer["segments"].as_array_mut().expect("segments").pop();
    for damaged in [smaller, fewer] {
        fs::write(meta, damaged.to_string()).expect("written");
        let engine = open(folder.path());
        settled(&engine);
        assert!(answers(&engine) == expected, "{damaged}");
    }
}

/// All products of a store, and how far it has come.
fn content(store: &Embedded) -> (u64, usize) {
    let changes = store.changes(&shop(), 0, usize::MAX).expect("readable");
    (store.sequence().expect("readable"), changes.len())
}

#[test]
fn a_damaged_store_is_whole_or_refused_and_gives_way_to_a_backup() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    make(&data);
    let store = Embedded::open(&data).expect("it opens");
    let expected = content(&store);
    store.back_up(&folder.path().join("backup"), &|_| Ok(())).expect("copied");
    drop(store);
    let path = data.join("store.redb");
    let whole = fs::read(&path).expect("readable");
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("written");
        match Embedded::open(&data) {
            Ok(store) => {
                assert_eq!(content(&store), expected);
                false
            }
            Err(error) => {
                let told = error.to_string();
                assert!(told.contains("backup") || told.contains("not a Vitrine store"), "{told}");
                true
            }
        }
    };
    assert!(!refused(&whole));
    for length in [0, 1, 100, 4_096, whole.len() / 2] {
        assert!(refused(&whole[..length]), "cut to {length}");
        assert_eq!(fs::metadata(&path).expect("there").len(), length as u64, "it is as it was");
    }
    assert!(refused(b"Dear shop,\n"));
    let mut noticed = 0;
    for place in (0..whole.len()).step_by(whole.len() / 97) {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x40;
        noticed += usize::from(refused(&flipped));
    }
    assert!(noticed > 0, "no damage was noticed");

    // So are a server and, with what to do, its operator told.
    fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    let serve = ["serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", "data"];
    let output = vitrine(folder.path(), &serve).output().expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("vitrine restore --replace"), "{told}");
    let restore = ["restore", "--replace", "--data-dir", "data", "backup"];
    let output = vitrine(folder.path(), &restore).output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(content(&Embedded::open(&data).expect("it opens")), expected);
    assert!(data.join("store.redb.damaged").is_file(), "what was damaged is kept");

    // A store that is gone is missed where its indexes are.
    fs::remove_file(&path).expect("removed");
    let engine = open(&folder.path().join("backup"));
    settled(&engine);
    drop(engine);
    copy(&folder.path().join("backup/indexes"), &data.join("indexes"));
    let output = vitrine(folder.path(), &serve).output().expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("its store is gone"), "{told}");
}

#[test]
fn a_backup_that_was_damaged_replaces_nothing_and_one_with_embeddings_needs_no_model() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    make(&data);
    let engine = open(&data);
    settled(&engine);
    let expected = answers(&engine);
    let backup = folder.path().join("backup");
    engine.back_up(&backup, true).expect("copied");
    drop(engine);
    let closed = folder.path().join("closed");
    startup::copy_data(&data, &closed, true).expect("copied");

    let file = backup.join("store.redb");
    let whole = fs::read(&file).expect("readable");
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    fs::write(&file, &damaged).expect("written");
    let refused = startup::restore(&backup, &data, true).expect_err("it is damaged");
    assert_eq!(refused.problem().code, "backup_damaged");
    let engine = open(&data);
    settled(&engine);
    assert!(answers(&engine) == expected, "the present data is as it was");
    drop(engine);
    fs::write(&file, &whole).expect("written");

    for (source, name) in [(&backup, "of a running server"), (&closed, "of closed files")] {
        let target = folder.path().join(name);
        startup::restore(source, &target, false).expect("restored");
        let mut files = Vec::new();
        files_below(&target.join("indexes"), &mut files);
        assert!(files.iter().any(|file| file.ends_with("embeddings")), "{name}: {files:?}");
        let engine = open(&target);
        settled(&engine);
        assert!(answers(&engine) == expected, "{name}");
    }
}
