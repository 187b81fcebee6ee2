//! Durable writes over HTTP, beside what the disk can do.
//!
//! What: acknowledged writes a second over kept connections, each beside the rate of a bare loop of
//! writing 4 KiB over an existing part of a file and `fdatasync` in the same folder, in the same
//! round: one client with one product a call; 32 such clients; 4, 8 and 16 clients with prices and
//! stocks of 100 products a call. Clients and server share the machine. The writes go to products
//! that are known and keep their text, as a shop's own updates mostly do; the index follows
//! meanwhile.
//! Corpus: 20,000 generated products with a description of 40 words, embedded by hashing. Seed: 7
//! (SplitMix64). Baseline: the bare loop.
//!
//! ```text
//! cargo bench --bench durable [-- ROUNDS [FOLDER]]    5 rounds in target/ unless given
//! ```
//!
//! Prints the medians of the rounds with the least and the greatest, the shares of the bare loop's
//! rate, and the processor time of this process, callers included, for each patched product: on a
//! shared machine that tells more than the rate.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use vitrine::config::Config;
use vitrine::domain::id::IndexName;
use vitrine::engine::{Engine, Format, Mapping};
use vitrine::error::{Error, Result};
use vitrine::http::{AppState, serve};
use vitrine::startup;

/// As the program has it.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const PRODUCTS: u64 = 20_000;
const CLIENTS: u64 = 32;
const PATCHERS: [u64; 3] = [4, 8, 16];
const PATCHES_A_CALL: u64 = 100;
const SECONDS_A_PART: f64 = 1.5;
const SEED: u64 = 7;

/// SplitMix64.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal("bench", error.to_string(), "")
}

/// A product, the same for a number but for its price and stock.
fn product(number: u64, change: u64) -> Value {
    let mut random = Random(SEED ^ number);
    let words: Vec<String> = (0..40).map(|_| format!("word{}", random.below(4_000))).collect();
    json!({
        "id": format!("p{number}"), "title": format!("{} {} shoe {number}", words[0], words[1]),
        "description": words.join(" "), "brand": format!("Brand {}", random.below(200)),
        "category": ["Shoes", format!("Kind {}", random.below(40))], "currency": "EUR",
        "price": (change % 100_000) as f64 / 100.0, "stock": change % 1_000,
        "attributes": {"material": format!("material {}", random.below(30))},
        "variants": [{"sku": format!("S{number}-42"), "size": "42"}],
    })
}

fn shop(folder: &Path) -> Result<Arc<Engine>> {
    let data_dir = folder.to_path_buf();
    let config = Config { data_dir, embedder: "hashing".to_owned(), ..Config::defaults()? };
    let engine = startup::engine(&config, startup::QUERIES_KEPT)?;
    let index = IndexName::parse("shop").map_err(failed)?;
    engine.create_index(&index, &json!({}))?;
    let lines: Vec<String> = (0..PRODUCTS).map(|number| product(number, 0).to_string()).collect();
    let form = (Format::Auto, &Mapping::default());
    engine.put_products(&index, lines.join("\n").as_bytes(), form, &|_| ())?;
    engine.wait_settled(&index, Duration::from_secs(600), &|_| ())?;
    Ok(Arc::new(engine))
}

/// One call over a kept connection: whether it was answered with 200.
fn call(stream: &mut BufReader<TcpStream>, method: &str, body: &str) -> std::io::Result<bool> {
    let length = body.len();
    let request = format!(
        "{method} /v1/indexes/shop/products HTTP/1.1\r\nhost: localhost\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.get_mut().write_all(request.as_bytes())?;
    let (mut line, mut length) = (String::new(), 0);
    stream.read_line(&mut line)?;
    let is_good = line.starts_with("HTTP/1.1 200");
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(is_good)
}

/// Products that are acknowledged a second when so many clients send what `body` makes.
fn rate(
    address: SocketAddr,
    clients: u64,
    (method, per_call): (&str, u64),
    body: impl Fn(&mut Random) -> String + Sync,
) -> Result<f64> {
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let client = |number: u64| -> std::io::Result<()> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut stream = BufReader::new(stream);
        let mut random = Random(SEED * 1_000 + number);
        while !stop.load(Ordering::Relaxed) {
            if !call(&mut stream, method, &body(&mut random))? {
                return Err(std::io::Error::other("a call was refused"));
            }
            done.fetch_add(per_call, Ordering::Relaxed);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..clients).map(|number| scope.spawn(move || client(number))).collect();
        // The first calls open connections and files.
        std::thread::sleep(Duration::from_millis(200));
        let (begun, before) = (Instant::now(), done.load(Ordering::Relaxed));
        std::thread::sleep(Duration::from_secs_f64(SECONDS_A_PART));
        let products = done.load(Ordering::Relaxed) - before;
        let rate = products as f64 / begun.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().map_err(|_| failed("a client ended"))?.map_err(failed)?;
        }
        Ok(rate)
    })
}

/// Writes of 4 KiB with `fdatasync` a second.
fn bare_rate(folder: &Path) -> Result<f64> {
    let mut file = File::create(folder.join("bare")).map_err(failed)?;
    let page = [7; 4_096];
    file.write_all(&page.repeat(1_024)).and_then(|()| file.sync_all()).map_err(failed)?;
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed().as_secs_f64() < SECONDS_A_PART / 2.0 {
        if count % 1_024 == 0 {
            file.rewind().map_err(failed)?;
        }
        file.write_all(&page).and_then(|()| file.sync_data()).map_err(failed)?;
        count += 1;
    }
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}

/// Seconds of the processor that this process has used.
fn processor_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn one_product(random: &mut Random) -> String {
    product(random.below(PRODUCTS), random.below(u64::MAX)).to_string()
}

/// Written as text, so that the callers take little of the processor that they share.
fn patches(random: &mut Random) -> String {
    let patch = |_| {
        let (number, cents) = (random.below(PRODUCTS), random.below(100_000));
        let (price, stock) = (cents as f64 / 100.0, random.below(1_000));
        format!(r#"{{"id":"p{number}","price":{price},"stock":{stock}}}"#)
    };
    format!("[{}]", (0..PATCHES_A_CALL).map(patch).collect::<Vec<_>>().join(","))
}

fn spread(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    let at = |place: usize| format!("{:.digits$}", values[place]);
    format!("{} [{}–{}]", at(values.len() / 2), at(0), at(values.len() - 1))
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let rounds = arguments.next().and_then(|rounds| rounds.parse().ok()).unwrap_or(5);
    let parent = arguments.next().unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").to_owned());
    let folder = tempfile::tempdir_in(PathBuf::from(parent)).map_err(failed)?;
    let engine = shop(folder.path())?;
    let config = Config { dev: true, ..Config::defaults()? };
    let runtime = tokio::runtime::Runtime::new().map_err(failed)?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let state = AppState::new(engine, config, [7; 32]);
    runtime.spawn(serve(state, listener, std::future::pending()));

    let mut columns: [Vec<f64>; 5] = Default::default();
    let mut patched: [[Vec<f64>; 3]; PATCHERS.len()] = Default::default();
    for _ in 0..rounds {
        let bare = bare_rate(folder.path())?;
        let one = rate(address, 1, ("POST", 1), one_product)?;
        let many = rate(address, CLIENTS, ("POST", 1), one_product)?;
        add(&mut columns, [bare, one, one / bare, many, many / one]);
        for (columns, clients) in patched.iter_mut().zip(PATCHERS) {
            let (begun, before) = (Instant::now(), processor_seconds());
            let rate = rate(address, clients, ("PATCH", PATCHES_A_CALL), patches)?;
            let busy = (processor_seconds() - before) / begun.elapsed().as_secs_f64();
            add(columns, [rate, rate / bare, busy / rate * 1e6]);
        }
    }
    let [bare, one, share, many, times] = columns;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "4 KiB write + fdatasync        {}/s\n\
         1 client, 1 product a call     {} products/s, {} of the bare loop\n\
         {CLIENTS} clients, 1 product a call   {} products/s, {} times one client",
        spread(bare, 0),
        spread(one, 0),
        spread(share, 2),
        spread(many, 0),
        spread(times, 1),
    )
    .map_err(failed)?;
    for (clients, [rate, share, processor_us]) in PATCHERS.into_iter().zip(patched) {
        writeln!(
            out,
            "{clients:>2} clients, {PATCHES_A_CALL} patches a call {} products/s, {} times the bare \
             loop, {} µs of the processor each",
            spread(rate, 0),
            spread(share, 1),
            spread(processor_us, 0),
        )
        .map_err(failed)?;
    }
    Ok(())
}

/// Adds one row to the columns.
fn add<const N: usize>(columns: &mut [Vec<f64>; N], row: [f64; N]) {
    columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
}
