//! Scores against numbers computed by hand and by an independent implementation, files with their
//! mistakes named, percentiles and intervals.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use vitrine::error::Error;
use vitrine::eval::bootstrap::paired_difference;
use vitrine::eval::completions::{Target, evaluate_completions, zipf_counts};
use vitrine::eval::evaluate;
use vitrine::eval::judgments::{Hits, JudgedQuery, Judgments, RankedList, read_queries, write_run};
use vitrine::eval::latency::Percentiles;
use vitrine::eval::metrics::{Scores, score_each};

fn list(query: &str, products: &[&str]) -> RankedList {
    let hits = products.iter().map(|product| ((*product).to_owned(), 1.0)).collect();
    RankedList { query: query.to_owned(), hits }
}

fn judgments(text: &str) -> Judgments {
    Judgments::read(text.as_bytes()).unwrap()
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "found {found}, expected {expected}");
}

#[test]
fn a_case_computed_by_hand() {
    let judgments = judgments("q\ta\t3\nq\tb\t2\nq\tc\t1\nq\td\t0\n");
    // Gains 3 at rank 1, 7 at rank 3 (the repeated 'a' counts once), 1 at rank 4.
    let scores = score_each(&judgments, &[list("q", &["b", "x", "a", "a", "c"])]);
    let found = 3.0 / 2f64.log2() + 7.0 / 4f64.log2() + 1.0 / 5f64.log2();
    let ideal = 7.0 / 2f64.log2() + 3.0 / 3f64.log2() + 1.0 / 4f64.log2();
    close(scores[0].ndcg, found / ideal);
    close(scores[0].mrr, 1.0);
    close(scores[0].recall, 1.0);
    assert!(!scores[0].empty);
}

#[test]
fn a_fixed_table_of_an_independent_implementation() {
    let many: String = (0..40).map(|n| format!("q5\tp{n}\t{}\n", n % 4)).collect();
    let judgments = judgments(&format!(
        "q1\ta\t3\nq1\tb\t2\nq1\tc\t1\nq1\td\t0\nq2\ta\t1\nq2\tb\t1\nq2\tc\t0\nq3\ta\t3\n\
         q3\tb\t2\nq4\ta\t0\n{many}q6\ta\t0.5\nq6\tb\t0.25\n"
    ));
    let mut long: Vec<String> = (0..40).rev().step_by(3).map(|n| format!("p{n}")).collect();
    long.extend((0..86).map(|n| format!("x{n}")));
    long.extend(["p2".to_owned(), "p5".to_owned()]);
    let run = [
        list("q9", &["a"]),
        list("q1", &["b", "x", "a", "a", "c"]),
        list("q2", &["x", "y", "b"]),
        list("q4", &["a"]),
        list("q5", &long.iter().map(String::as_str).collect::<Vec<_>>()),
        list("q6", &["b", "a"]),
    ];
    let expected = [
        ("q1", 0.7378720384008995, 1.0, 1.0),
        ("q2", 0.3065735963827292, 1.0 / 3.0, 0.5),
        ("q3", 0.0, 0.0, 0.0),
        ("q5", 0.46807033084657373, 1.0, 0.35),
        ("q6", 0.8443689141901356, 0.5, 1.0),
    ];
    let found = score_each(&judgments, &run);
    assert_eq!(found.len(), expected.len());
    for (score, (query, ndcg, mrr, recall)) in found.iter().zip(expected) {
        assert_eq!(score.query, query);
        assert_eq!(score.empty, query == "q3");
        close(score.ndcg, ndcg);
        close(score.mrr, mrr);
        close(score.recall, recall);
    }
    let mean = Scores::mean_of(&found).unwrap();
    assert_eq!((mean.queries, mean.empty), (5, 1));
    close(mean.ndcg, 0.4713769759640677);
    close(mean.mrr, 0.5666666666666667);
    close(mean.recall, 0.57);
    assert_eq!(Scores::mean_of(&[]), None);
}

#[test]
fn a_search_is_asked_once_per_query_and_scored() {
    let queries = read_queries("q1\tred shoe\r\n\nq2\tunjudged\nq3\tnothing\n".as_bytes()).unwrap();
    let judgments = judgments("q3\tz\t2\nq1\ta\t3\n");
    let mut asked = Vec::new();
    let mut search = |text: &str| {
        asked.push(text.to_owned());
        let hits = ["b", "a"].map(|product| (product.to_owned(), 0.5));
        Ok(if text == "nothing" { Hits::new() } else { hits.to_vec() })
    };
    let report = evaluate(&queries, &judgments, &mut search).unwrap();
    assert_eq!(asked, ["red shoe", "unjudged", "nothing"]);
    assert_eq!((report.scores.queries, report.scores.empty, report.latency.samples), (2, 1, 3));
    close(report.scores.mrr, 0.25);
    close(report.scores.ndcg, 0.5 / 3f64.log2());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["recall@100"], 0.5);
    assert_eq!(json["by_query"][0]["query"], "q3");
    assert!(json["latency"]["p95_ms"].is_number() && json.get("run").is_none());
    let text = report.to_string();
    assert!(text.contains("queries             2\n"), "{text}");
    assert!(text.contains("mrr@10         0.2500\n"), "{text}");
    assert_eq!(text.lines().count(), 8);

    let mut written = Vec::new();
    write_run(&mut written, &report.run).unwrap();
    let lines = "q1\tb\t1\t0.5\nq1\ta\t2\t0.5\nq2\tb\t1\t0.5\nq2\ta\t2\t0.5\n";
    assert_eq!(String::from_utf8(written).unwrap(), lines);
}

#[test]
fn an_evaluation_that_would_mislead_is_refused() {
    let queries = [JudgedQuery { id: "q1".to_owned(), text: "shoe".to_owned() }];
    let mut none = |_: &str| Ok(Hits::new());
    let error = evaluate(&queries, &judgments("q1\ta\t1\nq2\ta\t1\n"), &mut none).unwrap_err();
    assert!(error.to_string().contains("'q2' is judged but has no text"), "{error}");
    let error = evaluate(&queries, &judgments("q1\ta\t0\n"), &mut none).unwrap_err();
    assert!(error.to_string().contains("above 0"), "{error}");
    let mut failing = |_: &str| Err(Error::unavailable("closed", "the index is closed", ""));
    let error = evaluate(&queries, &judgments("q1\ta\t1\n"), &mut failing).unwrap_err();
    assert_eq!(error.problem().code, "closed");
}

#[test]
fn mistakes_in_files_are_named_with_their_line() {
    for (text, message) in [
        ("q\ta\t1\nq\ta\n", "line 2: expected query⇥product⇥grade (3 columns), found 2 columns"),
        ("q a 1\n", "line 1: expected query⇥product⇥grade (3 columns), found 1 columns"),
        ("\nq\ta\thigh\n", "line 2: expected a grade from 0 to 50, found 'high'"),
        ("q\ta\tNaN\n", "found 'NaN'"),
        ("q\ta\t-1\n", "found '-1'"),
        ("q\t\t1\n", "line 1: expected query⇥product⇥grade, but column 2 is empty"),
    ] {
        let error = Judgments::read(text.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::BadRequest(_)));
        assert!(error.to_string().contains(message), "{error}");
    }
    for (bytes, message) in [
        (&b"q1\tshoe\nq1\tboot\n"[..], "line 2: query 'q1' is there already"),
        (b"q1\n", "line 1: expected query⇥text (2 columns), found 1 columns"),
        (b"q1\tshoe\n\xff\tx\n", "line 2: expected UTF-8 text"),
    ] {
        let error = read_queries(bytes).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn percentiles_are_measured_times_by_nearest_rank() {
    let times: Vec<f64> = (1..=200).rev().map(f64::from).collect();
    let found = Percentiles::of(&times);
    let expected =
        Percentiles { samples: 200, p50_ms: 100.0, p95_ms: 190.0, p99_ms: 198.0, max_ms: 200.0 };
    assert_eq!(found, expected);
    let one = Percentiles::of(&[7.0]);
    assert_eq!((one.p50_ms, one.p99_ms), (7.0, 7.0));
    let three = Percentiles::of(&[3.0, 1.0, 2.0]);
    assert_eq!((three.p50_ms, three.p95_ms), (2.0, 3.0));
    assert_eq!(Percentiles::of(&[]), Percentiles::default());
}

#[test]
fn a_paired_interval_is_repeatable_and_about_as_wide_as_theory_says() {
    let control: Vec<f64> = (0..400).map(|n| f64::from(n * 7919 % 101) / 101.0).collect();
    let noise = |n: usize| if n.is_multiple_of(2) { 0.2 } else { -0.2 };
    let better: Vec<f64> =
        control.iter().enumerate().map(|(n, value)| value + 0.05 + noise(n)).collect();
    let found = paired_difference(&control, &better, 2_000, 7).unwrap();
    assert_eq!(found, paired_difference(&control, &better, 2_000, 7).unwrap());
    assert_ne!(found, paired_difference(&control, &better, 2_000, 8).unwrap());
    close((found.mean * 1e9).round() / 1e9, 0.05);
    // The standard error is 0.2 / √400 = 0.01, so the ends lie 1.96 of it from the mean.
    assert!((found.low - (0.05 - 0.0196)).abs() < 0.002, "{found:?}");
    assert!((found.high - (0.05 + 0.0196)).abs() < 0.002, "{found:?}");
    assert!(found.is_significant());
    assert!(!paired_difference(&control, &control, 200, 1).unwrap().is_significant());
    let swapped = paired_difference(&better, &control, 2_000, 7).unwrap();
    assert!(swapped.high < 0.0 && swapped.is_significant());
}

#[test]
fn arms_that_do_not_pair_are_refused() {
    for (control, treatment, resamples) in [
        (&[1.0][..], &[1.0, 2.0][..], 1_000),
        (&[], &[], 1_000),
        (&[1.0], &[f64::NAN], 1_000),
        (&[1.0], &[2.0], 99),
    ] {
        assert!(paired_difference(control, treatment, resamples, 1).is_err());
    }
}

#[test]
fn completions_are_ranked_after_each_number_of_letters() {
    let target = |text: &str, weight: f64| Target { text: text.to_owned(), weight };
    let targets = [target("nike shoes", 3.0), target("hat", 1.0)];
    let mut asked = Vec::new();
    let found = evaluate_completions("any", &targets, None, &mut |keystroke| {
        asked.push((keystroke.target, keystroke.typed.to_owned()));
        let rank = [Some(keystroke.typed.len()), Some(11)][keystroke.target];
        Ok(rank)
    })
    .unwrap();
    let rows: Vec<_> = found.rows.iter().map(|row| (row.letters, row.targets)).collect();
    let few = [(Some(3), 1), (Some(4), 1), (Some(5), 1), (Some(6), 1), (None, 2)];
    assert_eq!(rows, [&[(Some(1), 2), (Some(2), 2)][..], &few].concat());
    close(found.rows[0].mrr, 3.0 / 4.0);
    close(found.rows[1].mrr, 3.0 / 4.0 / 2.0);
    close(found.rows[5].mrr, 1.0 / 6.0);
    assert!(asked.contains(&(0, "nike shoe".to_owned())) && asked.contains(&(1, "ha".to_owned())));
    let mut typed = Vec::new();
    let misspelt = evaluate_completions("any", &targets, Some(7), &mut |keystroke| {
        typed.push(keystroke.typed.to_owned());
        Ok(None)
    });
    let rows = misspelt.unwrap().rows;
    assert_eq!(rows.first().map(|row| (row.letters, row.targets)), Some((Some(4), 1)));
    assert!(rows.iter().all(|row| row.mrr.abs() < 1e-12));
    let is_a_start = |typed: &String| "nike shoes".starts_with(typed.as_str());
    assert!(typed.iter().filter(|typed| is_a_start(typed)).count() < typed.len() / 5);
}

#[test]
fn made_up_counts_fall_as_zipfs_law_says_in_an_order_of_chance() {
    let counts = zipf_counts(50, 100.0, 5.0, 1);
    let mut sorted = counts.clone();
    sorted.sort_by(|left, right| right.total_cmp(left));
    assert_eq!(sorted[..4], [100.0, 50.0, 33.0, 25.0]);
    assert!(sorted[20..].iter().all(|count| (count - 5.0).abs() < 1e-12));
    assert_ne!(counts, sorted);
    assert_ne!(counts, zipf_counts(50, 100.0, 5.0, 2));
    assert_eq!(counts, zipf_counts(50, 100.0, 5.0, 1));
}
