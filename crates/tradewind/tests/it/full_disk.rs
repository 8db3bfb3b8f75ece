//! A disk that runs full under the server, and is given room again.
//!
//! The disk is a small tmpfs in a mount namespace of its own: the test starts itself again there, as a test that
//! is ignored otherwise. Another file than the server's fills it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tradewind_bench::{Client, Server};

use crate::support::{KEY, PROGRAM, Reply, exits, send, view};

/// Where the part within the namespace finds its mount point.
const PLACE_VARIABLE: &str = "FULL_DISK_PLACE";
const DISK_MIB: usize = 192;
const RESERVE_MIB: u64 = 16;

/// A disk, the file that fills it, a server on it, and what that server acknowledged.
struct Scene {
    data: PathBuf,
    filler: PathBuf,
    server: Option<Server>,
    sent: usize,
}

impl Scene {
    fn start(&mut self, reserve_mib: u64) {
        let settings = format!("[storage]\nlog_segment_mib = 1\ndisk_reserve_mib = {reserve_mib}\n");
        fs::create_dir_all(&self.data).unwrap();
        fs::write(self.data.join("tradewind.toml"), settings).unwrap();
        self.server = Some(Server::start(Path::new(PROGRAM), &self.data, &[]).unwrap());
    }

    fn stop(&mut self) {
        let (status, log) = self.server.take().unwrap().stop().unwrap();
        assert!(status.success() && !log.contains("panicked"), "{log}");
    }

    fn client(&self) -> Client {
        self.server.as_ref().unwrap().connect().unwrap()
    }

    /// Fills the disk, but for so many bytes.
    fn fill(&self, left_bytes: u64) {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.filler).unwrap();
        for size in [1 << 20, 4 << 10, 1] {
            while file.write_all(&vec![7; size]).is_ok() {}
        }
        file.set_len(file.metadata().unwrap().len() - left_bytes).unwrap();
    }

    fn send_next(&self) -> Reply {
        let mut event = view(&format!("m{}", self.sent), "me", "p");
        event["properties"]["description"] = json!("x".repeat(20_000));
        send(&mut self.client(), "POST", "/v1/track", &[KEY], event.to_string().as_bytes())
    }

    /// Sends one event after the other until one is refused.
    fn send_until_refused(&mut self) -> Reply {
        loop {
            let reply = self.send_next();
            if reply.status != 200 {
                return reply;
            }
            self.sent += 1;
        }
    }

    /// Sends the event that was refused until it is taken; the server may take a moment to see the room.
    fn send_until_taken(&mut self) {
        loop {
            let reply = self.send_next();
            if reply.status == 200 {
                self.sent += 1;
                return;
            }
            reply.is_problem(503, "storage-full");
            std::thread::yield_now();
        }
    }

    /// It still answers whoever reads.
    fn reads(&self) {
        let ask =
            json!({"subject": {"anonymousId": "me"}, "placements": [{"name": "home.trending", "limit": 3}]});
        let decided = send(&mut self.client(), "POST", "/v1/decide", &[], ask.to_string().as_bytes());
        assert_eq!(decided.status, 200, "{decided:?}");
        assert_eq!(decided.json["placements"].as_array().unwrap().len(), 1, "{decided:?}");
        let profile = send(&mut self.client(), "GET", "/v1/profiles/anonymous_id:me", &[], b"");
        assert_eq!(profile.status, 200, "{profile:?}");
    }

    fn holds_exactly_what_was_acknowledged(&self) {
        self.server.as_ref().unwrap().drained().unwrap();
        let profile = send(&mut self.client(), "GET", "/v1/profiles/anonymous_id:me", &[], b"");
        assert_eq!(profile.json["events"], self.sent, "{profile:?}");
    }
}

#[test]
#[ignore = "the part of the next test that needs a disk of its own"]
#[expect(clippy::disallowed_methods, reason = "where the disk is, as the outer test says")]
fn on_a_disk_of_its_own() {
    let place = PathBuf::from(std::env::var(PLACE_VARIABLE).unwrap());
    let size = format!("size={DISK_MIB}m");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&place).status();
    assert!(mounted.unwrap().success());
    let mut scene = Scene { data: place.join("data"), filler: place.join("filler"), server: None, sent: 0 };

    scene.start(RESERVE_MIB);
    (0..20).for_each(|_| scene.send_until_taken());
    scene.fill((RESERVE_MIB * 3 / 4) << 20);
    let refused = scene.send_until_refused();
    refused.is_problem(503, "storage-full");
    assert!(
        refused.header("retry-after").is_some_and(|s| s.parse::<u32>().is_ok_and(|s| s > 0)),
        "{refused:?}"
    );
    scene.reads();
    scene.holds_exactly_what_was_acknowledged();
    scene.stop();
    scene.start(RESERVE_MIB);
    scene.reads();
    scene.send_until_refused().is_problem(503, "storage-full");
    scene.holds_exactly_what_was_acknowledged();
    fs::remove_file(&scene.filler).unwrap();
    (0..20).for_each(|_| scene.send_until_taken());
    scene.holds_exactly_what_was_acknowledged();
    scene.stop();
    println!("with a reserve: {} events acknowledged, all there", scene.sent);

    // Without a reserve the log and the state run into the wall itself.
    scene.start(0);
    scene.fill(300_000);
    let refused = scene.send_until_refused();
    let code = refused.json["code"].as_str().unwrap_or_default().to_owned();
    assert!(refused.status == 503 && matches!(code.as_str(), "storage-full" | "stopped"), "{refused:?}");
    scene.reads();
    fs::remove_file(&scene.filler).unwrap();
    if code == "stopped" {
        scene.server.take().unwrap().kill();
        scene.start(0);
    }
    (0..20).for_each(|_| scene.send_until_taken());
    scene.holds_exactly_what_was_acknowledged();
    scene.stop();
    exits(&scene.data, &["verify", "--data-dir", "."], 0);
    exits(&scene.data, &["rebuild", "--check", "--data-dir", "."], 0);
    println!("without one ({code}): {} events acknowledged, all there", scene.sent);
}

/// Runs itself again where it may mount a disk.
#[test]
fn a_full_disk_refuses_goes_on_reading_and_recovers() {
    let place = tempfile::tempdir().unwrap();
    let unshare = |how: &str| {
        let mut command = Command::new("unshare");
        command.args([how, "--"]).env(PLACE_VARIABLE, place.path());
        command
    };
    let may_mount = |how: &&str| {
        let mut probe = unshare(how);
        probe.args(["mount", "-t", "tmpfs", "tmpfs"]).arg(place.path());
        probe.output().is_ok_and(|output| output.status.success())
    };
    let Some(how) = ["-rm", "-m"].into_iter().find(may_mount) else {
        println!("SKIPPED: no disk can be mounted here, so none was filled");
        return;
    };
    let mut inner = unshare(how);
    inner.arg(std::env::current_exe().unwrap());
    inner.args(["--exact", "full_disk::on_a_disk_of_its_own", "--ignored", "--nocapture"]);
    let output = inner.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}\n{failed}");
    told.lines().filter(|line| line.contains("acknowledged")).for_each(|line| println!("{line}"));
}
