//! What ADR 3 measured: events through the writer into Delta tables, and three queries over them.
//!
//! `cargo run --release -p tradewind-lake --example ten_million -- [events] [folder]` writes so many events
//! (10,000,000 if not said) of 30 days and 200,000 shoppers, mostly views, with additions to carts, searches
//! and orders among them, in commits of 100,000 rows; merges small files; and prints bytes on disk, CPU and
//! wall seconds, and the seconds of each query, the best of three.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement to be read, which may just stop"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use tradewind_events::{Enrichment, Event, Kind};
use tradewind_kernel::{Currency, UtcMillis};
use tradewind_lake::{DeltaSql, LakeWriter, SqlLimits, Upkeep};
use tradewind_pipeline::Repetitions;
use tradewind_ports::{Record, SqlEngine, SqlForm, block_on};

/// 2026-01-01T00:00:00Z.
const BEGIN: i64 = 1_767_225_600_000;
const DAYS: u64 = 30;
const SHOPPERS: u64 = 200_000;
const PRODUCTS: u64 = 20_000;
const CHUNK: u64 = 20_000;
const COMMIT_ROWS: u64 = 100_000;
const CONTEXT: &str = r#"{"library":{"name":"analytics.js","version":"2.11.1"},"locale":"en-GB","userAgent":"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101","page":{"path":"/products","url":"https://shop.example/products"}}"#;

const QUERIES: [(&str, &str); 3] = [
    (
        "daily revenue by currency",
        "select day, currency, sum(revenue_minor) as revenue_minor, count(distinct order_id) as orders
         from orders where name = 'Order Completed' group by day, currency order by day, currency",
    ),
    (
        "top products by views with conversion",
        "with viewed as (select product_id, count(*) as views from browse
             where name = 'Product Viewed' group by product_id),
           bought as (select product_id, count(distinct order_id) as orders from order_lines
             where name = 'Order Completed' group by product_id)
         select v.product_id, v.views, coalesce(b.orders, 0) as orders, coalesce(b.orders, 0) * 1.0 / v.views as conversion
         from viewed v left join bought b using (product_id) order by v.views desc limit 50",
    ),
    (
        "funnel of shoppers, day by day",
        "select day, count(distinct case when name = 'Product Viewed' then anonymous_id end) as viewed,
           count(distinct case when name = 'Product Added' then anonymous_id end) as added,
           count(distinct case when name = 'Order Completed' then anonymous_id end) as ordered
         from events group by day order by day",
    ),
];

struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    /// Small numbers are common.
    fn skewed(&mut self, bound: u64) -> u64 {
        let (a, b) = (self.below(bound) + 1, self.below(bound) + 1);
        a * b / (bound + 1) * (self.below(bound) + 1) / (bound + 1)
    }
}

fn product(number: u64) -> String {
    let (category, brand, price) = (number % 40, number % 97, 500 + number % 9_000);
    format!(
        r#""product_id":"p{number:05}","name":"Product {number:05}","category":"Category {category}","brand":"Brand {brand}","price":{}.{:02}"#,
        price / 100,
        price % 100
    )
}

fn event(offset: u64, total: u64, rng: &mut Rng) -> Event {
    let since = u128::from(offset) * u128::from(DAYS * 86_400_000) / u128::from(total);
    let at = UtcMillis::new(BEGIN + i64::try_from(since).unwrap());
    let id = format!("{:016x}{offset:016x}", offset.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut event = Event::new(Kind::Track, id, at, UtcMillis::new(at.get() + 40));
    let one = product(rng.skewed(PRODUCTS));
    let currency = if rng.below(4) == 0 { "GBP" } else { "EUR" };
    let (name, properties) = match rng.below(100) {
        0..78 => ("Product Viewed", format!(r#"{{{one},"currency":"{currency}"}}"#)),
        78..84 => ("Products Searched", format!(r#"{{"query":"mug {}"}}"#, rng.skewed(5_000))),
        84..97 => ("Product Added", format!(r#"{{{one},"quantity":1,"currency":"{currency}"}}"#)),
        _ => {
            let (other, order) = (product(rng.skewed(PRODUCTS)), rng.below(u64::MAX >> 12));
            let lines = format!(r#"[{{{one},"quantity":1}},{{{other},"quantity":2}}]"#);
            let head =
                format!(r#""order_id":"{order:x}","revenue":{}.95,"currency":"{currency}""#, rng.below(300));
            ("Order Completed", format!(r#"{{{head},"products":{lines}}}"#))
        }
    };
    event.name = Some(name.into());
    event.anonymous_id = Some(format!("visitor-{:016x}", rng.skewed(SHOPPERS)));
    event.properties = Some(RawValue::from_string(properties).unwrap());
    event.context = Some(RawValue::from_string(CONTEXT.into()).unwrap());
    let pick = |rng: &mut Rng, of: &[&str]| {
        Some(of[usize::try_from(rng.below(of.len() as u64)).unwrap()].to_owned())
    };
    event.enriched = Some(Box::new(Enrichment {
        device: pick(rng, &["phone", "phone", "desktop", "tablet"]),
        os: pick(rng, &["Android", "iOS", "Windows"]),
        browser: pick(rng, &["Chrome", "Safari", "Firefox"]),
        channel: pick(rng, &["search", "paid", "email", "direct"]),
        country: pick(rng, &["DE", "NL", "GB", "FR"]),
        local_hour: u8::try_from(rng.below(24)).ok(),
        ..Enrichment::default()
    }));
    event
}

fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// Bytes and files of the data that the newest commits refer to, and of everything in the folder.
fn size(folder: &Path) -> (u64, u64) {
    let mut sum = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (bytes, files) = match entry.file_type().unwrap().is_dir() {
            true => size(&entry.path()),
            false => (entry.metadata().unwrap().len(), 1),
        };
        sum = (sum.0 + bytes, sum.1 + files);
    }
    sum
}

async fn write(root: &Path, total: u64) {
    let mut writer = LakeWriter::open(root, Currency::EUR).await.unwrap();
    let mut rng = Rng(0x5EED);
    let (mut making, mut log_bytes) = (Duration::ZERO, 0);
    let (cpu_before, began) = (cpu(), Instant::now());
    let mut offset = 0;
    while offset < total {
        let end = (offset + CHUNK).min(total);
        let made_from = cpu();
        let record = |offset| {
            let mut bytes = vec![1];
            event(offset, total, &mut rng).encode_to(&mut bytes).unwrap();
            Record { offset, bytes: bytes.into() }
        };
        let records: Vec<Record> = (offset..end).map(record).collect();
        making += cpu() - made_from;
        log_bytes += records.iter().map(|r| r.bytes.len()).sum::<usize>();
        writer.take(&records, &Repetitions::default()).unwrap();
        offset = end;
        if writer.waiting_rows() >= COMMIT_ROWS {
            writer.commit().await.unwrap();
        }
    }
    writer.commit().await.unwrap();
    let (written, wall) = (cpu() - cpu_before - making, began.elapsed());
    println!("log records: {log_bytes} bytes");
    println!(
        "write: {:.1} CPU s without making the events, {:.1} wall s with it",
        written.as_secs_f64(),
        wall.as_secs_f64()
    );
    let (bytes, files) = size(root);
    println!("on disk before merging: {bytes} bytes in {files} files");
    let cpu_before = cpu();
    let report = writer.merge(Upkeep { keep_days: None, merge_at: 2 }).await.unwrap();
    println!("merge: {} files, {:.1} CPU s", report.merged_files, (cpu() - cpu_before).as_secs_f64());
}

fn main() {
    let total: u64 = std::env::args().nth(1).map_or(10_000_000, |n| n.parse().unwrap());
    let temp = tempfile::tempdir().unwrap();
    let root = std::env::args().nth(2).map_or_else(|| temp.path().to_owned(), PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(write(&root, total));
    let limits = SqlLimits { memory_mib: 1_024, timeout: Duration::from_secs(600), max_rows: 1_000 };
    let engine = DeltaSql::open(&root, limits).unwrap();
    let ask = |sql: &str, form| block_on(engine.query(sql, form)).unwrap();
    let table = |sql: &str| String::from_utf8(ask(sql, SqlForm::Table).body).unwrap();
    println!("{}", table("select family, count(*) as rows from events group by family order by family"));
    for (name, sql) in QUERIES {
        let cpu_before = cpu();
        let times: Vec<f64> = (0..3).map(|_| ask(sql, SqlForm::Arrow).took.as_secs_f64()).collect();
        let best = times.iter().copied().fold(f64::MAX, f64::min);
        println!(
            "{name}: {best:.2} s, first {:.2} s, {:.1} CPU s for three",
            times[0],
            (cpu() - cpu_before).as_secs_f64()
        );
    }
    println!("{}", table(&format!("{} limit 3", QUERIES[0].1)));
}
