//! A sync that fails, under load: the process ends, gives no acknowledgement after it, and nothing that was
//! acknowledged is missing at the next start.
//!
//! strace makes the n-th fsync or fdatasync of each thread return an error once the server runs; all later ones
//! would succeed, so a server that went on would be found out by its acknowledgements. A client that sends one
//! event at a time needs a sync for each answer: with the n-th failing it has n - 1 at most, and exactly so many
//! if nobody else sends.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tradewind_bench::{BenchError, Client, Server, request};

use crate::support::{KEY, PROGRAM, exits, number_from, send, view};

/// Up to which sync each one is made to fail; `make test-faults` sets it to 100.
const SYNCS_VARIABLE: &str = "FAULT_SYNCS";
/// Without it, these fail.
const FEW: [usize; 4] = [1, 2, 3, 13];
/// How many clients send at once where more than one do.
const CROWD: usize = 4;

/// strace on a server whose n-th sync is about to fail; none if it cannot be used here.
fn attach(server: &Server, nth: usize) -> Option<Child> {
    let mut strace = Command::new("strace")
        .args(["-f", "-e", "trace=fsync,fdatasync", "-e", "signal=none", "-o", "/dev/null", "-e"])
        .arg(format!("inject=fsync,fdatasync:error=EIO:when={nth}"))
        .args(["-p", &server.process_id().to_string()])
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut lines = BufReader::new(strace.stderr.take()?).lines().map_while(Result::ok);
    if lines.any(|line| line.contains(" attached")) {
        return Some(strace);
    }
    strace.wait().unwrap();
    None
}

fn id(nth: usize, client: usize, message: usize) -> String {
    format!("n{nth}-c{client}-m{message}")
}

/// The status of one event that is sent; an error if the connection broke.
fn send_one(client: &mut Client, nth: usize, number: usize, message: usize) -> Result<u16, BenchError> {
    let event = view(&id(nth, number, message), &format!("n{nth}-c{number}"), "p").to_string();
    let answer = client.exchange(&request("POST", "/v1/track", &[KEY], event.as_bytes()))?;
    Ok(answer.status)
}

/// What a client got.
struct Got {
    acknowledged: usize,
    /// Connections that broke: one, unless the machine broke one before the server ended.
    broken: usize,
}

/// Sends one event at a time until the server is gone.
fn send_until_gone(server: &Server, nth: usize, number: usize) -> Got {
    let mut got = Got { acknowledged: 0, broken: 0 };
    while let Ok(mut client) = server.connect() {
        while let Ok(status) = send_one(&mut client, nth, number, got.acknowledged) {
            assert_eq!(status, 200, "neither taken nor gone");
            got.acknowledged += 1;
            assert!(got.acknowledged < nth, "sync {nth} failed, and {} answers came", got.acknowledged);
        }
        got.broken += 1;
    }
    got
}

/// All that each client sent while the n-th sync failed is there, once.
fn check(server: &Server, nth: usize, acknowledged: &[usize]) {
    server.drained().unwrap();
    let mut client = server.connect().unwrap();
    let events = |client: &mut Client, number: usize| {
        let profile = send(client, "GET", &format!("/v1/profiles/anonymous_id:n{nth}-c{number}"), &[], b"");
        assert!(matches!(profile.status, 200 | 404), "{profile:?}");
        usize::try_from(profile.json["events"].as_u64().unwrap_or(0)).unwrap()
    };
    for (number, &acknowledged) in acknowledged.iter().enumerate() {
        let held = events(&mut client, number);
        assert!(
            (acknowledged..=acknowledged + 1).contains(&held),
            "{held} events, {acknowledged} acknowledged"
        );
        for message in 0..=acknowledged {
            assert_eq!(send_one(&mut client, nth, number, message).unwrap(), 200);
        }
    }
    server.drained().unwrap();
    for (number, &acknowledged) in acknowledged.iter().enumerate() {
        assert_eq!(events(&mut client, number), acknowledged + 1, "each event counts once");
    }
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_and_nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    // Syncs are counted, and those of the lake say nothing of what is acknowledged.
    std::fs::write(dir.path().join("tradewind.toml"), "lake.enabled = false\n").unwrap();
    let all = number_from(SYNCS_VARIABLE).map(|most| (1..=most).collect::<Vec<_>>());
    let failing = all.unwrap_or_else(|| FEW.to_vec());
    let mut total = 0;
    for &nth in &failing {
        let server = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap();
        let Some(mut strace) = attach(&server, nth) else {
            println!("SKIPPED: strace cannot be attached here, so no sync was made to fail");
            return;
        };
        let clients = if nth % 2 == 0 { CROWD } else { 1 };
        let got: Vec<Got> = std::thread::scope(|scope| {
            let server = &server;
            let sending: Vec<_> = (0..clients)
                .map(|number| scope.spawn(move || send_until_gone(server, nth, number)))
                .collect();
            sending.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (status, log) = server.ended().unwrap();
        strace.wait().unwrap();
        assert_eq!(status.signal(), Some(6), "{status}: {log}");
        assert!(log.contains("the log could not be synced; stopping at once"), "{log}");
        let acknowledged: Vec<usize> = got.iter().map(|got| got.acknowledged).collect();
        if let [Got { acknowledged, broken: 1 }] = got[..] {
            assert_eq!(acknowledged, nth - 1);
        }
        let server = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap();
        check(&server, nth, &acknowledged);
        total += acknowledged.iter().sum::<usize>();
        server.stop().unwrap();
    }
    exits(dir.path(), &["rebuild", "--check", "--data-dir", "."], 0);
    println!("{} syncs failed; {total} events acknowledged before, none after, none lost", failing.len());
}
