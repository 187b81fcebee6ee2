//! What personalisation costs with many shoppers: memory, reading a profile, recording events.
//!
//! Measures, in this order: bytes of the packed profiles of the sample shop's shoppers, and the
//! time to fold, pack and unpack one; the time to read the profile of a shopper who is not in
//! memory, from a store on disk with many; memory per kept profile; events recorded a
//! second, durably, in batches from several threads.
//!
//! Corpus: the sample shop with its history. The many shoppers each get the first events of a
//! sample shopper's history, so many that they have a geometric distribution. Random choices are
//! by a splitmix64 generator with seed 1. The store's file is read through the operating system's
//! cache, as far as that holds it.
//!
//! ```text
//! cargo bench --bench shoppers [-- SHOPPERS EVENTS_PER_SHOPPER]     1000000 and 3 unless given
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use vitrine::catalog::{Format, Mapping};
use vitrine::config::Config;
use vitrine::domain::event::{Event, RecordedEvent};
use vitrine::domain::id::{IndexName, InvalidId, ShopperId};
use vitrine::domain::search::SuggestRequest;
use vitrine::domain::time::Timestamp;
use vitrine::engine::{Caller, Engine};
use vitrine::error::{Error, Result};
use vitrine::eval::latency::Percentiles;
use vitrine::settings::Settings;
use vitrine::shopper::Preferences;
use vitrine::shopper::packed::Packed;
use vitrine::shopper::profile::{Profile, ProfileParameters};
use vitrine::shopper::size::SizeSystems;
use vitrine::startup;
use vitrine::store::embedded::Embedded;
use vitrine::store::{Store, Write};

/// Bytes that are allocated at present.
static ALLOCATED: AtomicI64 = AtomicI64::new(0);

/// The system's allocator, which keeps count.
struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
#[allow(unsafe_code, reason = "only an allocator can tell what is allocated")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Profiles that are read in a round, and rounds.
const READS: u64 = 10_000;
const READ_ROUNDS: u32 = 5;

/// Profiles that are kept: none must make room for another.
const KEPT: u64 = 9_000;

/// Writes of one transaction while the store is filled.
const WRITTEN_AT_ONCE: usize = 4_000;

/// Threads that record events, events of one call, and for how long.
const THREADS: u64 = 4;
const BATCH: usize = 100;
/// Events that a batch has of the same visit.
const VISIT: usize = 5;
const RECORDING: Duration = Duration::from_secs(20);

/// Work that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(24 * 3_600);

fn main() -> Result<()> {
    // Cargo passes options of its own, such as --bench.
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let shoppers: u64 = numbers.next().unwrap_or(1_000_000);
    let events_mean: u64 = numbers.next().unwrap_or(3);
    let folder = tempfile::tempdir_in("target").map_err(|error| failed(&error))?;
    let config = Config { data_dir: folder.path().to_path_buf(), ..Config::defaults()? };
    let histories = sample_shop(&config)?;
    let now = newest(&histories);
    packing(&histories, now)?;
    fill(folder.path(), &histories, (shoppers, events_mean))?;
    let engine = startup::engine(&config, 0)?;
    engine.wait_settled(&shop()?, PATIENCE, &|_| {})?;
    wait_until_idle();
    reading(&engine, shoppers, now)?;
    keeping(&engine, &histories, (shoppers, now))?;
    recording(&engine, &histories, (shoppers, now))
}

/// Imports the sample shop and gives its shoppers' histories, as they are stored.
fn sample_shop(config: &Config) -> Result<Vec<Vec<RecordedEvent>>> {
    let engine = startup::engine(config, 0)?;
    let index = shop()?;
    engine.create_index(&index, &json!({}))?;
    let form = (Format::Auto, &Mapping::default());
    engine.put_products(&index, open("data/products.jsonl")?, form, &|_| {})?;
    engine.wait_settled(&index, PATIENCE, &|_| {})?;
    let mut events = Vec::new();
    for line in open("data/events.jsonl")?.lines() {
        let line = line.map_err(|error| failed(&error))?;
        let event: Event = serde_json::from_str(&line)
            .map_err(|error| Error::internal("bench", error.to_string(), ""))?;
        events.push(event);
    }
    let mut shoppers: Vec<ShopperId> =
        events.iter().filter_map(|event| event.shopper.clone()).collect();
    shoppers.sort_unstable();
    shoppers.dedup();
    engine.import_events(events, startup::now())?;
    let history = |shopper: &ShopperId| {
        let events = engine.events_of(shopper)?.into_iter();
        Ok(events.map(|one| one.recorded).collect())
    };
    shoppers.iter().map(history).collect()
}

fn newest(histories: &[Vec<RecordedEvent>]) -> Timestamp {
    histories.iter().flatten().map(|event| event.at).max().unwrap_or_default()
}

fn packing(histories: &[Vec<RecordedEvent>], now: Timestamp) -> Result<()> {
    let settings = Settings::defaults()?;
    let parameters = ProfileParameters {
        size_systems: SizeSystems::new(&settings.size_systems),
        ..ProfileParameters::default()
    };
    let (mut bytes, mut events) = (Vec::new(), 0);
    let [mut folding_us, mut packing_us, mut unpacking_us] = [0.0; 3];
    for history in histories {
        let start = Instant::now();
        let profile = Profile::fold(history, &Preferences::default(), &parameters, now);
        folding_us += us_since(start);
        let start = Instant::now();
        let packed = Packed::of(&profile);
        packing_us += us_since(start);
        let start = Instant::now();
        let unpacked = packed.unpack();
        unpacking_us += us_since(start);
        events += unpacked.events;
        bytes.push(packed.bytes() as f64);
    }
    let count = histories.len() as f64;
    let mean = bytes.iter().sum::<f64>() / count;
    let most = bytes.iter().copied().fold(0.0, f64::max);
    say(&format!(
        "sample shop: {count} shoppers, {:.1} events each; packed profile mean {mean:.0} bytes, \
         largest {most:.0}; fold {:.1} µs, pack {:.1} µs, unpack {:.1} µs",
        f64::from(events) / count,
        folding_us / count,
        packing_us / count,
        unpacking_us / count
    ));
    Ok(())
}

/// Stores the histories of many shoppers.
fn fill(folder: &Path, histories: &[Vec<RecordedEvent>], size: (u64, u64)) -> Result<()> {
    let store = Embedded::open(folder)?;
    let start = Instant::now();
    let mut random = Random(1);
    let mut writes = Vec::with_capacity(WRITTEN_AT_ONCE);
    let mut events = 0_u64;
    for number in 0..size.0 {
        let history = &histories[random.below(histories.len())];
        let mut wanted = 1;
        while random.below(size.1 as usize) > 0 && wanted < history.len() {
            wanted += 1;
        }
        for event in history.iter().take(wanted) {
            let mut event = event.clone();
            event.event.shopper = Some(shopper(number)?);
            let session = event.event.session.map(|session| format!("{number}-{session}"));
            event.event.session = session.and_then(|session| session.try_into().ok());
            writes.push(Write::Record(Box::new(event)));
            events += 1;
        }
        if writes.len() >= WRITTEN_AT_ONCE {
            write(&store, &mut writes)?;
        }
    }
    write(&store, &mut writes)?;
    let seconds = start.elapsed().as_secs_f64();
    let mib = folder.join("store.redb").metadata().map_or(0, |file| file.len()) >> 20;
    say(&format!(
        "stored {events} events of {} shoppers in {seconds:.0} s, {:.0} a second; {mib} MiB",
        size.0,
        events as f64 / seconds
    ));
    Ok(())
}

fn write(store: &Embedded, writes: &mut Vec<Write>) -> Result<()> {
    store.write(std::mem::take(writes))?.into_iter().try_for_each(|written| written.map(drop))
}

/// Reads, folds and shows the profiles of shoppers chosen by chance, in rounds with others: where
/// the machine is shared, the least disturbed round tells most.
fn reading(engine: &Engine, shoppers: u64, now: Timestamp) -> Result<()> {
    let index = shop()?;
    let mut random = Random(1);
    for round in 1..=READ_ROUNDS {
        let mut times_ms = Vec::new();
        for _ in 0..READS {
            let shopper = shopper(random.below(shoppers as usize) as u64)?;
            let start = Instant::now();
            engine.profile(&index, &shopper, now)?;
            times_ms.push(us_since(start) / 1e3);
        }
        let Percentiles { p50_ms, p99_ms, max_ms, .. } = Percentiles::of(&times_ms);
        say(&format!(
            "profile not in memory, round {round}: p50 {p50_ms:.3} ms, p99 {p99_ms:.3} ms, \
             most {max_ms:.3} ms"
        ));
    }
    Ok(())
}

/// Memory that kept profiles take, with all that is needed to find them again: of those read
/// above, so that nothing else grows meanwhile, and of the sample shop's shoppers one by one.
fn keeping(
    engine: &Engine,
    histories: &[Vec<RecordedEvent>],
    (shoppers, now): (u64, Timestamp),
) -> Result<()> {
    let mut random = Random(1);
    let mut many = BTreeSet::new();
    for _ in 0..KEPT {
        many.insert(shopper(random.below(shoppers as usize) as u64)?);
    }
    let sample = histories.iter().filter_map(|history| history.first()?.event.shopper.clone());
    for (name, shoppers) in [("of the sample shop", sample.collect()), ("of the many", many)] {
        let mut bytes = Vec::with_capacity(shoppers.len());
        for shopper in shoppers {
            let request =
                SuggestRequest { shopper: Some(shopper), limit: 1, ..SuggestRequest::default() };
            let before = ALLOCATED.load(Ordering::Relaxed);
            engine.suggest(&shop()?, &request, Caller { now, sees_private: false })?;
            bytes.push((ALLOCATED.load(Ordering::Relaxed) - before) as f64);
        }
        let mean = bytes.iter().sum::<f64>() / bytes.len() as f64;
        let most = bytes.iter().copied().fold(0.0, f64::max);
        let count = bytes.len();
        say(&format!(
            "{count} kept profiles {name}: {mean:.0} bytes of memory each, most {most:.0}"
        ));
    }
    Ok(())
}

/// Records batches from several threads.
fn recording(
    engine: &Engine,
    histories: &[Vec<RecordedEvent>],
    (shoppers, now): (u64, Timestamp),
) -> Result<()> {
    let start = Instant::now();
    let record = |thread: u64| -> Result<(usize, Vec<f64>)> {
        let mut random = Random(thread + 2);
        let (mut events, mut times_ms) = (0, Vec::new());
        while start.elapsed() < RECORDING {
            let mut number = 0;
            let batch: Vec<Event> = (0..BATCH)
                .map(|place| {
                    let history = &histories[random.below(histories.len())];
                    let mut event = history[random.below(history.len())].event.clone();
                    if place % VISIT == 0 {
                        number = random.below(shoppers as usize) as u64;
                    }
                    event.shopper = Some(shopper(number)?);
                    event.session = format!("{number}-new").try_into().ok();
                    event.timestamp = None;
                    Ok(event)
                })
                .collect::<Result<_>>()?;
            let begun = Instant::now();
            events += engine.record(batch, now)?.accepted;
            times_ms.push(us_since(begun) / 1e3);
        }
        Ok((events, times_ms))
    };
    let done: Vec<(usize, Vec<f64>)> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || record(thread))).collect();
        let joined = threads.into_iter().map(|thread| {
            thread.join().map_err(|_| Error::internal("bench", "a thread panicked", ""))?
        });
        joined.collect::<Result<_>>()
    })?;
    let rate =
        done.iter().map(|(events, _)| events).sum::<usize>() as f64 / start.elapsed().as_secs_f64();
    let times_ms: Vec<f64> = done.into_iter().flat_map(|(_, times_ms)| times_ms).collect();
    let Percentiles { p50_ms, p99_ms, .. } = Percentiles::of(&times_ms);
    say(&format!(
        "recorded {rate:.0} events a second, durably, {THREADS} threads with batches of {BATCH}, {VISIT} of each visit: \
         a batch p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms"
    ));
    Ok(())
}

/// The index's thread reads all events after a start; measured is what comes after that.
fn wait_until_idle() {
    let start = Instant::now();
    loop {
        let before = processor_ticks();
        std::thread::sleep(Duration::from_secs(2));
        if processor_ticks() - before < 10.0 {
            break;
        }
    }
    say(&format!("idle {:.0} s after the start", start.elapsed().as_secs_f64()));
}

/// Hundredths of a second that this process computed; not a number where the system does not say.
fn processor_ticks() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Vec<f64> = fields.skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    if ticks.is_empty() { 0.0 } else { ticks.iter().sum() }
}

/// Splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }
}

fn us_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e6
}

fn shopper(number: u64) -> Result<ShopperId> {
    ShopperId::parse(&format!("bench-{number:08}")).map_err(|rule| invalid(&rule))
}

fn shop() -> Result<IndexName> {
    IndexName::parse("shop").map_err(|rule| invalid(&rule))
}

fn invalid(rule: &InvalidId) -> Error {
    Error::internal("bench", rule.to_string(), "")
}

fn say(line: &str) {
    // Standard output that is closed early is no reason to fail a measurement.
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn open(path: &str) -> Result<BufReader<File>> {
    File::open(path).map(BufReader::new).map_err(|error| {
        Error::unavailable("bench", format!("'{path}' cannot be read: {error}"), "")
    })
}

fn failed(error: &std::io::Error) -> Error {
    Error::unavailable("bench", error.to_string(), "")
}
