//! The built program from outside: exit codes, output, and the files it leaves.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;
use vitrine::domain::event::Visitor;
use vitrine::domain::id::ShopperId;
use vitrine::domain::time::Timestamp;
use vitrine::store::embedded::Embedded;
use vitrine::store::{Store, Write};

/// A folder with a configuration that needs no model, and the program run in it.
struct Shell {
    folder: TempDir,
}

impl Shell {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("config.toml"), "embedder = 'hashing'\n").expect("written");
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_vitrine"))
            .args(arguments)
            .current_dir(self.path())
            .output()
            .expect("the program starts")
    }

    /// Runs a command on the data directory `data` of the folder.
    fn on_data(&self, command: &[&str], rest: &[&str]) -> Output {
        let place = ["--data-dir", "data", "--config", "config.toml"];
        self.run(&[command, &place, rest].concat())
    }

    fn json(&self, command: &[&str], rest: &[&str]) -> Value {
        let output = self.on_data(command, rest);
        assert!(output.status.success(), "{command:?}: {}", errors(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn import(&self, content: &str, rest: &[&str]) -> Output {
        fs::write(self.path().join("products.jsonl"), content).expect("written");
        self.on_data(&["import"], &[&["--index", "shop"], rest, &["products.jsonl"]].concat())
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const PRODUCTS: &str = r#"{"id": "a", "title": "Red running shoes", "brand": "Nike", "price": 80}
{"id": "b", "title": "Blue rain jacket", "brand": "Kaldora", "price": "cheap"}
{"id": "c", "title": "Blue running socks", "brand": "Nike", "price": 9.5}
"#;

#[test]
fn wrong_usage_ends_with_2_and_help_with_0() {
    let shell = Shell::new();
    for wrong in [
        &[][..],
        &["fly"],
        &["search", "--index", "no/such name", "x"],
        &["search", "--index", "shop", "x", "--filter", "price<3"],
        &["import", "--index", "shop"],
        &["keys", "create", "--scope", "everything"],
        &["eval", "--index", "s", "--queries", "q", "--qrels", "r", "--mode", "all", "--run", "o"],
        &["train"],
        &["train", "--judged", "shop=q.tsv"],
        &["train", "--judged", "no/such name=q.tsv,r.tsv"],
        &["train", "--judged", "shop=q.tsv,r.tsv", "--folds", "1"],
    ] {
        let output = shell.run(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{wrong:?}");
    }
    let help = shell.run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help).contains("import"));
}

#[test]
fn a_rejected_record_is_named_and_the_others_are_found() {
    let shell = Shell::new();
    let imported = shell.import(PRODUCTS, &[]);
    assert_eq!(imported.status.code(), Some(0), "{}", errors(&imported));
    let report = text(&imported);
    assert!(report.starts_with("imported 2 products"), "{report}");
    assert!(report.contains("rejected 1 record\n"), "{report}");
    assert!(report.contains("products.jsonl:2 [b] price: "), "{report}");

    let page = shell.json(&["search"], &["--index", "shop", "running", "--json"]);
    let mut ids: Vec<&str> = page["hits"]
        .as_array()
        .expect("hits")
        .iter()
        .filter_map(|hit| hit["id"].as_str())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, ["a", "c"]);
    assert_eq!(page["total"], 2);

    let cheap = ["--index", "shop", "running", "--json", "--filter", r#"{"price": {"lte": 10}}"#];
    let page = shell.json(&["search"], &cheap);
    assert_eq!(page["hits"][0]["id"], "c");
    assert_eq!(page["total"], 1);

    let table = shell.on_data(&["search"], &["--index", "shop", "running shoes", "--explain"]);
    let table = text(&table);
    assert!(table.contains("Red running shoes") && table.contains("80.00"), "{table}");
    assert!(table.contains("lexical"), "{table}");
}

#[test]
fn importing_again_replaces_and_a_missing_file_fails_the_command_only() {
    let shell = Shell::new();
    assert!(shell.import(PRODUCTS, &["--no-embeddings"]).status.success());
    let more = r#"{"id": "a", "title": "Green running shoes"}"#;
    let output = shell.import(more, &["missing.jsonl"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("'missing.jsonl' cannot be read"), "{}", errors(&output));
    assert!(text(&output).contains("imported 1 product "), "{}", text(&output));
    let page = shell.json(&["search"], &["--index", "shop", "running shoes", "--json"]);
    assert_eq!(page["hits"][0]["product"]["title"], "Green running shoes");
}

#[test]
fn what_is_missing_is_named_with_the_way_out() {
    let shell = Shell::new();
    let output = shell.on_data(&["search"], &["--index", "shop", "x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("there is no store in 'data'"), "{}", errors(&output));
    assert!(!shell.path().join("data").exists(), "looking must not make anything");
    assert!(shell.import(PRODUCTS, &[]).status.success());
    let output = shell.on_data(&["search"], &["--index", "other", "x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("there are: shop"), "{}", errors(&output));
}

#[test]
fn a_key_is_shown_once_listed_without_its_secret_and_revoked() {
    let shell = Shell::new();
    let made = shell.json(&["keys", "create"], &["--scope", "search,events", "--json"]);
    let key = made["key"].as_str().expect("a key");
    let (id, secret) = key.split_once('.').expect("id and secret");
    let listed = shell.on_data(&["keys", "list"], &[]);
    assert!(text(&listed).contains(id) && text(&listed).contains("search,events"));
    assert!(!text(&listed).contains(secret));
    let listed = shell.json(&["keys", "list"], &["--json"]);
    assert_eq!(listed[0]["scopes"], json!(["search", "events"]));
    assert!(shell.on_data(&["keys", "revoke"], &[id]).status.success());
    assert_eq!(shell.json(&["keys", "list"], &["--json"]), json!([]));
    assert_eq!(shell.on_data(&["keys", "revoke"], &[id]).status.code(), Some(1));
}

#[test]
fn corrections_are_measured_and_queries_misspelt() {
    let shell = Shell::new();
    assert!(shell.import(PRODUCTS, &[]).status.success());
    let write = |name: &str, content: &str| {
        fs::write(shell.path().join(name), content).expect("written");
    };
    write("p.tsv", "red runing shoes\tred running shoes\nblue sock\tblue socks\n");
    let pairs = ["--index", "shop", "--corrections", "p.tsv"];
    let report = shell.json(&["eval"], &[&pairs[..], &["--json"]].concat());
    assert_eq!((&report["pairs"], &report["one_edit"]), (&json!(2), &json!(2)));
    assert_eq!((&report["as_meant"], &report["changed"]), (&json!(1), &json!(0)));
    assert_eq!(report["misses"][0]["typed"], "blue sock", "a form of a known word is no mistake");
    let output = shell.on_data(&["eval"], &pairs);
    assert!(text(&output).contains("corrected as meant"), "{}", errors(&output));
    assert_eq!(shell.on_data(&["eval"], &["--index", "shop"]).status.code(), Some(2));

    write("q.tsv", "q1\tred running shoes\n");
    write("r.tsv", "q1\ta\t3\n");
    let judged = ["--index", "shop", "--queries", "q.tsv", "--qrels", "r.tsv"];
    let misspelt = ["--mode", "lexical", "--json", "--misspell", "5"];
    let report = shell.json(&["eval"], &[&judged[..], &misspelt].concat());
    assert_eq!(report["lexical"]["ndcg@10"], 1.0);
}

#[test]
fn evaluation_scores_a_run_and_tries_settings_without_keeping_them() {
    let shell = Shell::new();
    assert!(shell.import(PRODUCTS, &[]).status.success());
    let write = |name: &str, content: &str| {
        fs::write(shell.path().join(name), content).expect("written");
    };
    write("q.tsv", "q1\tred shoes\nq2\tqqqqqqqq\n");
    write("r.tsv", "q1\ta\t3\nq2\tc\t3\n");
    let common = ["--index", "shop", "--queries", "q.tsv", "--qrels", "r.tsv"];
    let lexical = ["--mode", "lexical", "--json", "--run", "run.tsv"];
    let report = shell.json(&["eval"], &[&common[..], &lexical].concat());
    assert_eq!(report["lexical"]["queries"], 2);
    assert_eq!(report["lexical"]["ndcg@10"], 0.5);
    assert_eq!(report["lexical"]["empty"], 1);
    let run = fs::read_to_string(shell.path().join("run.tsv")).expect("a run");
    assert!(run.starts_with("q1\ta\t1\t"), "{run}");

    let without = ["--mode", "lexical", "--set", "ranking.lexical=0", "--run", "none.tsv"];
    let output = shell.on_data(&["eval"], &[&common[..], &without].concat());
    assert!(text(&output).contains("NDCG@10"), "{}", errors(&output));
    let score = |file: &str| -> f64 {
        let run = fs::read_to_string(shell.path().join(file)).expect("a run");
        let last = run.lines().next().and_then(|line| line.rsplit('\t').next());
        last.expect("a score").parse().expect("a number")
    };
    assert!(score("none.tsv") < score("run.tsv"), "the weight counts");
    let unknown = [&common[..], &["--set", "ranking.speed=1"]].concat();
    assert_eq!(shell.on_data(&["eval"], &unknown).status.code(), Some(1));
}

#[test]
fn training_learns_weights_that_can_be_put_and_says_how_good_they_are() {
    let shell = Shell::new();
    // The brand is what counts, and the title says nothing of it.
    let products: String = (0..12)
        .map(|n| {
            let (brand, stock) = (["Nike", "Puma", "Alba"][n % 3], n % 2);
            let (a, b) = (["road", "trail"][n % 2], ["light", "warm"][n / 2 % 2]);
            let title = format!("{a} shoe {b} {n}");
            format!(
                "{}\n",
                json!({"id": format!("p{n}"), "title": title, "brand": brand, "stock": stock})
            )
        })
        .collect();
    assert!(shell.import(&products, &[]).status.success());
    let write = |name: &str, content: &str| {
        fs::write(shell.path().join(name), content).expect("written");
    };
    write("q.tsv", "q1\troad shoe\nq2\ttrail shoe\nq3\twarm shoe\nq4\tlight shoe\n");
    write("r.tsv", "q1\tp1\t3\nq2\tp0\t3\nq2\tp2\t1\nq3\tp3\t2\nq4\tp4\t3\n");
    let quick = ["--judged", "shop=q.tsv,r.tsv", "--folds", "2", "--rounds", "2"];

    let report = shell.json(&["train"], &[&quick[..], &["--json"]].concat());
    let set = &report["sets"][0];
    assert_eq!((&set["name"], &set["default"]["queries"]), (&json!("shop"), &json!(4)));
    let mean = |arm: &str| set[arm]["mean"].as_f64().expect("a mean");
    assert!(mean("in_sample") >= mean("default"), "{report}");
    let judged = ["--index", "shop", "--queries", "q.tsv", "--qrels", "r.tsv", "--json"];
    let evaluated = shell.json(&["eval"], &judged);
    let plain = evaluated["hybrid"]["ndcg@10"].as_f64().expect("a number");
    assert!((mean("default") - plain).abs() < 1e-9, "{report}");
    let searched = set["searched"].as_f64().expect("a number");
    assert!((mean("in_sample") - searched).abs() < 1e-9, "{report}");

    let output = shell.on_data(&["train"], &[&quick[..], &["--out", "weights.toml"]].concat());
    assert!(output.status.success(), "{}", errors(&output));
    let table = text(&output);
    assert!(table.contains("out_of_stock") && table.contains("cross-validated"), "{table}");
    let made = fs::read_to_string(shell.path().join("weights.toml")).expect("weights");
    let command = "vitrine train --judged shop=q.tsv,r.tsv --folds 2 --rounds 2 --caution 0.01";
    assert!(made.contains(command), "{made}");
    let made: toml::Table = made.parse().expect("TOML");
    let put = serde_json::to_value(&made).expect("JSON");
    assert_eq!(
        put["ranking"].as_object().map(serde_json::Map::len),
        Some(report["weights"].as_array().expect("weights").len())
    );
    for weight in report["weights"].as_array().expect("weights") {
        let name = weight["name"].as_str().expect("a name");
        assert_eq!(put["ranking"][name], weight["learned"], "{name}");
        assert_eq!(report["settings"]["ranking"][name], weight["learned"], "{name}");
    }

    let other = shell.on_data(&["train"], &["--judged", "other=q.tsv,r.tsv"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(errors(&other).contains("there are: shop"), "{}", errors(&other));
    write("none.tsv", "q1\tp1\t0\n");
    let none = shell.on_data(&["train"], &["--judged", "shop=q.tsv,none.tsv"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(
        errors(&none).contains("has 0 queries with a product of a grade above 0"),
        "{}",
        errors(&none)
    );
}

#[test]
fn a_backup_restores_to_the_same_answers() {
    let shell = Shell::new();
    assert!(shell.import(PRODUCTS, &[]).status.success());
    let before = shell.json(&["search"], &["--index", "shop", "running", "--json"]);
    assert!(shell.on_data(&["backup"], &["copy"]).status.success());
    assert_eq!(shell.on_data(&["backup"], &["copy"]).status.code(), Some(1), "it exists");
    assert_eq!(shell.on_data(&["restore"], &["copy"]).status.code(), Some(1), "data is there");
    fs::remove_dir_all(shell.path().join("data")).expect("removed");
    assert!(shell.on_data(&["restore"], &["copy"]).status.success());
    let after = shell.json(&["search"], &["--index", "shop", "running", "--json"]);
    assert_eq!(before["hits"], after["hits"]);
}

/// The ids of the shopper's events in the data directory.
fn events_of(shell: &Shell, shopper: &str) -> Vec<String> {
    let store = Embedded::open(&shell.path().join("data")).expect("the store opens");
    let shopper = Visitor::Shopper(ShopperId::parse(shopper).expect("an id"));
    let events = store.events_of(&shopper).expect("readable").into_iter();
    events.filter_map(|(_, event)| event.event.id).collect()
}

fn erase(shell: &Shell, shopper: &str) {
    let store = Embedded::open(&shell.path().join("data")).expect("the store opens");
    let shopper = ShopperId::parse(shopper).expect("an id");
    let erase = Write::EraseShopper { shopper, at: Timestamp::from_ms(1) };
    assert!(store.write(vec![erase]).expect("written")[0].is_ok());
}

#[test]
fn an_older_backup_brings_nobody_back_who_was_erased() {
    let shell = Shell::new();
    assert!(shell.import(PRODUCTS, &[]).status.success());
    let record = |shopper: &str, id: &str| {
        let event = json!({"type": "view", "id": id, "shopper": shopper, "index": "shop",
            "product_id": "a", "timestamp": "2020-01-01T00:00:00Z"});
        fs::write(shell.path().join("events.jsonl"), event.to_string()).expect("written");
        assert!(shell.on_data(&["import-events"], &["events.jsonl"]).status.success());
    };
    record("anna", "a1");
    record("ben", "b1");
    assert!(shell.on_data(&["backup"], &["older"]).status.success());
    erase(&shell, "anna");
    assert!(shell.on_data(&["backup"], &["newer"]).status.success());
    assert!(!shell.path().join("older/erasures").exists());
    record("anna", "a2");

    assert!(shell.on_data(&["restore", "--replace"], &["older"]).status.success());
    assert_eq!(events_of(&shell, "anna"), [""; 0], "the backup is of before the erasure");
    assert_eq!(events_of(&shell, "ben"), ["b1"]);
    let found = shell.json(&["search"], &["--index", "shop", "running", "--json"]);
    assert_eq!(found["total"], 2, "{found}");
    record("anna", "a3");
    assert_eq!(events_of(&shell, "anna"), ["a3"], "what comes afterwards is kept");

    erase(&shell, "ben");
    assert!(shell.on_data(&["restore", "--replace"], &["newer"]).status.success());
    assert_eq!(events_of(&shell, "ben"), [""; 0]);

    // Only the list is left: a new disk, say.
    let list = fs::read(shell.path().join("data/erasures")).expect("a list");
    fs::remove_dir_all(shell.path().join("data")).expect("removed");
    fs::create_dir(shell.path().join("data")).expect("made");
    fs::write(shell.path().join("data/erasures"), list).expect("written");
    assert!(shell.on_data(&["restore"], &["older"]).status.success());
    assert_eq!((events_of(&shell, "anna"), events_of(&shell, "ben")), (vec![], vec![]));
}

#[test]
fn a_backup_replaces_a_data_directory_only_when_told_to_and_nothing_else() {
    let shell = Shell::new();
    assert!(shell.import(PRODUCTS, &[]).status.success());
    assert!(shell.on_data(&["backup"], &["copy"]).status.success());
    let refused = shell.on_data(&["restore"], &["copy"]);
    assert!(errors(&refused).contains("--replace"), "{}", errors(&refused));
    let none = shell.on_data(&["restore", "--replace"], &["none"]);
    assert!(errors(&none).contains("no store"), "{}", errors(&none));
    fs::create_dir_all(shell.path().join("other/indexes")).expect("made");
    let other = shell.run(&["restore", "--replace", "--data-dir", "other", "copy"]);
    assert_eq!(other.status.code(), Some(1), "it is no data directory");
    assert!(shell.path().join("other/indexes").is_dir());
    let held = Embedded::open(&shell.path().join("data")).expect("the store opens");
    let in_use = shell.on_data(&["restore", "--replace"], &["copy"]);
    assert!(errors(&in_use).contains("in use"), "{}", errors(&in_use));
    drop(held);
    let found = shell.json(&["search"], &["--index", "shop", "running", "--json"]);
    assert_eq!(found["total"], 2, "{found}");
}

#[test]
fn a_history_is_imported_whatever_its_age_and_rejects_are_named() {
    let shell = Shell::new();
    assert!(shell.import(PRODUCTS, &[]).status.success());
    let events = r#"{"type": "purchase", "shopper": "s", "index": "shop", "product_id": "a", "timestamp": "2020-01-01T00:00:00Z"}

{"type": "view", "shopper": "s", "index": "shop", "product_id": "gone", "timestamp": "2020-01-01T00:00:00Z"}
{"type": "view", "shopper": "s", "index": "shop", "product_id": "a", "timestamp": "2999-01-01T00:00:00Z"}
{"type": "fly", "shopper": "s", "index": "shop"}
"#;
    fs::write(shell.path().join("events.jsonl"), events).expect("written");
    let output = shell.on_data(&["import-events"], &["events.jsonl"]);
    assert!(output.status.success(), "{}", errors(&output));
    let report = text(&output);
    assert!(report.contains("recorded 1 event, ignored 0 without consent, rejected 3"), "{report}");
    for line in
        ["events.jsonl:3 unknown_product", "events.jsonl:4 invalid_timestamp", "events.jsonl:5"]
    {
        assert!(report.contains(line), "{line} is missing in {report}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let shell = Shell::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_vitrine"))
        .args(["model", "list"])
        .current_dir(shell.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}

#[test]
fn completions_are_measured_and_every_suggestion_checked() {
    let shell = Shell::new();
    assert!(shell.import(PRODUCTS, &[]).status.success());
    fs::write(shell.path().join("queries.tsv"), "q1\tred running shoes\nq2\tpurple unicorn\n")
        .expect("written");
    let measured = |rest: &[&str]| {
        let all = ["--index", "shop", "--json", "--check", "50"];
        shell.json(&["eval-suggest"], &[&all, rest].concat())
    };
    let report = measured(&["--queries", "queries.tsv"]);
    assert_eq!((&report["texts"], &report["distinct"]), (&json!(2), &json!(1)));
    assert_eq!(report["check"]["found"], 50, "{report}");
    let row = &report["comparisons"][0]["arms"][0]["rows"][2];
    assert_eq!((&row["letters"], &row["mrr"]), (&json!(3), &json!(1.0)), "{report}");
    let report = measured(&[]);
    assert_eq!(report["texts"], 0, "there are no events: {report}");
    let suggested = shell.json(
        &["suggest"],
        &["--index", "shop", "--json", "--explain", "--kinds", "product", "re"],
    );
    let first = &suggested["suggestions"][0];
    assert_eq!(
        (&first["kind"], &first["explain"]["source"]),
        (&json!("product"), &json!("catalogue"))
    );
    let refused = shell.on_data(&["suggest"], &["--index", "shop", "--kinds", "colour", "re"]);
    assert_eq!(refused.status.code(), Some(2));
}
