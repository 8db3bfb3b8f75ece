//! The lake beside a server that is used, and killed.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tradewind_bench::Server;

use crate::crash::{check_exactly, cycle, finish, new_writers};
use crate::support::{House, KEY, PROGRAM, Rng, send, view};

/// Kills with the lake on.
const KILLS: usize = 6;
/// The longest time from the first commit of a cycle to its kill.
const LONGEST_MS: usize = 1_000;

/// Niceness by the name of the thread.
#[cfg(target_os = "linux")]
fn niceness(pid: u32) -> Vec<(String, i64)> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let stats = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("stat")).ok());
    let read = |stat: String| {
        let (head, rest) = stat.rsplit_once(") ").unwrap();
        let name = head.split_once('(').unwrap().1.to_owned();
        (name, rest.split(' ').nth(16).unwrap().parse().unwrap())
    };
    stats.map(read).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn long_work_and_the_lake_give_way_to_answers() {
    let house = House::with(&[], "lake.commit_seconds = 1\n");
    let views: Vec<_> = (0..200).map(|n| view(&format!("m{n}"), "ann", "p")).collect();
    assert_eq!(house.post("/v1/batch", &json!({"batch": views})).status, 200);
    assert_eq!(house.post("/v1/sql", &json!({"sql": "select 1"})).status, 200);
    let threads = niceness(house.server.process_id());
    let nice = |name: &str| threads.iter().find(|(known, _)| known == name).map(|(_, nice)| *nice);
    let own = nice("log-writer").unwrap();
    for (name, steps) in [
        ("tokio-rt-worker", 0),
        ("long-requests", 5),
        ("projection", 5),
        ("fold-0", 5),
        ("keeper", 5),
        ("fjall:worker", 5),
        ("lake", 5),
        ("lake-io", 5),
        ("sql", 5),
    ] {
        assert_eq!(nice(name), Some((own + steps).min(19)), "{name}: {threads:?}");
    }
}

/// A metric's value; `None` while it is not told.
pub(crate) fn metric(server: &Server, name: &str) -> Option<u64> {
    let text = send(&mut server.connect().unwrap(), "GET", "/metrics", &[], b"").text;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    Some(line.parse::<f64>().unwrap() as u64)
}

/// Waits until the lake holds everything that the state held when the server started.
fn lake_is_complete(server: &Server) {
    while metric(server, "tradewind_lake_lag_records") != Some(0) {
        look_again_soon();
    }
}

/// Leaves the core to the lake for a moment.
fn look_again_soon() {
    std::thread::park_timeout(Duration::from_millis(10));
}

fn position(data: &Path) -> u64 {
    let text = std::fs::read_to_string(data.join("lake/POSITION")).unwrap_or_default();
    text.trim().parse().unwrap_or(0)
}

/// Whether the newest commit of a table is beyond the position: the kill came between the two.
fn has_table_ahead(data: &Path, position: u64) -> bool {
    let tables = std::fs::read_dir(data.join("lake")).into_iter().flatten();
    tables.filter_map(|table| std::fs::read_dir(table.ok()?.path().join("_delta_log")).ok()).any(|log| {
        let newest = log
            .filter_map(|e| Some(e.ok()?.path()))
            .filter(|p| p.extension().is_some_and(|e| e == "json"))
            .max();
        let text = newest.map(|path| std::fs::read_to_string(path).unwrap()).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines.filter_map(|line| line["txn"]["version"].as_u64()).any(|version| version > position)
    })
}

#[test]
fn after_kills_under_load_the_lake_holds_each_event_once() {
    let dir = tempfile::tempdir().unwrap();
    // Commits as often as can be, so that kills hit them.
    std::fs::write(dir.path().join("tradewind.toml"), "lake.commit_rows = 50\nlake.commit_seconds = 1\n")
        .unwrap();
    let (mut writers, mut rng) = (new_writers(), Rng(11));
    let mut between = 0;
    for _ in 0..KILLS {
        let delay = Duration::from_millis(rng.below(LONGEST_MS + 1) as u64);
        let before = position(dir.path());
        cycle(dir.path(), &mut writers, || {
            while position(dir.path()) == before {
                look_again_soon();
            }
            std::thread::park_timeout(delay);
        });
        between += usize::from(has_table_ahead(dir.path(), position(dir.path())));
    }
    let server = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap();
    finish(&server, &mut writers);
    let (status, log) = server.stop().unwrap();
    assert!(status.success() && !log.contains("panicked") && !log.contains("ERROR"), "{log}");
    // The state is now at the log's end, so that no lag is no lag at all.
    let server = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap();
    let by_name = check_exactly(&server, &writers);
    lake_is_complete(&server);
    let sql = "select name, count(*) as rows, count(distinct message_id) as ids from events group by name";
    let reply = send(
        &mut server.connect().unwrap(),
        "POST",
        "/v1/sql",
        &[KEY],
        json!({ "sql": sql }).to_string().as_bytes(),
    );
    assert_eq!(reply.status, 200, "{reply:?}");
    let mut found: Vec<_> = reply.json["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let number = |name: &str| row[name].as_u64().unwrap();
            (row["name"].as_str().unwrap(), number("rows"), number("ids"))
        })
        .collect();
    found.sort_unstable();
    let expected: Vec<_> = by_name.iter().map(|(name, count)| (*name, *count, *count)).collect();
    assert_eq!(found, expected);
    let rows: u64 = by_name.values().sum();
    println!("{KILLS} kills, {between} between a table's commit and the position; {rows} rows, each once");
    server.stop().unwrap();
}

/// The rows that a query gives; asked again until there are so many.
fn rows(house: &House, sql: &str, count: usize) -> Vec<serde_json::Value> {
    loop {
        let reply = house.post("/v1/sql", &json!({ "sql": sql }));
        // The tables are made once the server has started.
        let rows = reply.json["rows"].as_array().cloned().unwrap_or_default();
        if rows.len() >= count {
            return rows;
        }
        assert!(matches!(reply.status, 200 | 429), "{reply:?}");
        look_again_soon();
    }
}

#[test]
fn what_the_storefront_records_is_enriched_as_what_comes_over_http() {
    let house = House::with(&["--storefront"], "lake.commit_seconds = 1\n");
    assert_eq!(house.post("/v1/track", &view("m", "ann", "p")).status, 200);
    let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
    let headers =
        [("user-agent", agent), ("referer", "https://www.google.com/"), ("accept-language", "nl-NL")];
    let mut client = house.client();
    assert_eq!(send(&mut client, "GET", "/", &headers, b"").status, 200);
    assert_eq!(send(&mut client, "GET", "/?utm_source=news&utm_medium=email", &headers, b"").status, 200);
    let sql = "select device, os, channel, country from browse where name = 'Home' order by \"offset\"";
    let found = rows(&house, sql, 2);
    let expected = |channel| json!({"device": "phone", "os": "iOS", "channel": channel, "country": "NL"});
    assert_eq!(found, [expected("search"), expected("email")]);
}
