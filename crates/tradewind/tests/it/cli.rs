//! The command line: exit codes, messages for people, results for programs.

use std::path::Path;

use serde_json::Value;
use tradewind_bench::Server;

use crate::support::{House, PROGRAM, exits};

const ROWS: &str =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2019-11-01 00:00:00 UTC,view,1003461,205,electronics.smartphone,xiaomi,489.07,520088904,4d3b30da
2019-11-01 00:00:10 UTC,cart,1003461,205,electronics.smartphone,xiaomi,489.07,520088904,4d3b30da
2019-11-01 00:01:00 UTC,purchase,1003461,205,electronics.smartphone,xiaomi,489.07,520088904,4d3b30da
2019-11-01 00:02:00 UTC,view,5000088,206,appliances.sewing_machine,janome,293.65,530496790,8e5f4f83
not a time,view,5000088,206,appliances.sewing_machine,janome,293.65,530496790,8e5f4f83
2019-11-01 00:03:00 UTC,stare,5000088,206,appliances.sewing_machine,janome,293.65,530496790,8e5f4f83
";

fn json_of(out: &str) -> Value {
    serde_json::from_str(out.trim()).unwrap_or_else(|e| panic!("{e}: {out}"))
}

#[test]
fn what_does_not_read_exits_with_2() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in [&["sevre"][..], &["serve", "--port", "many"], &["import"], &["bench", "nothing"], &[]] {
        let (_, err) = exits(dir.path(), arguments, 2);
        assert!(err.contains("--help"), "{err}");
    }
    let (out, _) = exits(dir.path(), &["--version"], 0);
    assert!(out.starts_with("tradewind "), "{out}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn the_configuration_is_shown_with_its_origins() {
    let dir = tempfile::tempdir().unwrap();
    let toml = "shop.name = 'Kiosk'\ncollect.write_keys = ['secret-key']\n";
    std::fs::write(dir.path().join("tradewind.toml"), toml).unwrap();
    let (out, _) = exits(dir.path(), &["config", "show", "--data-dir", "elsewhere"], 0);
    let line = |key: &str| out.lines().find(|l| l.starts_with(key)).unwrap_or_default();
    assert!(line("shop.name").contains("\"Kiosk\"") && line("shop.name").contains("tradewind.toml"), "{out}");
    assert!(line("data_dir").ends_with("# command line"), "{out}");
    assert!(line("serve.port").contains("8080") && line("serve.port").ends_with("# default"), "{out}");
    assert!(!out.contains("secret-key"), "{out}");
    let (out, _) = exits(dir.path(), &["config", "show", "--json"], 0);
    let all = json_of(&out);
    let name = all.as_array().unwrap().iter().find(|s| s["key"] == "shop.name").unwrap();
    assert_eq!(name["value"], "Kiosk");
}

#[test]
fn an_unknown_setting_exits_with_3_and_suggests() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tradewind.toml"), "[serve]\nprot = 1\n").unwrap();
    for arguments in [&["config", "show"][..], &["serve"], &["train"]] {
        let (_, err) = exits(dir.path(), arguments, 3);
        assert!(err.contains("did you mean 'serve.port'") && err.contains("tradewind.toml"), "{err}");
    }
    let (_, err) = exits(dir.path(), &["config", "show", "--config", "missing.toml"], 3);
    assert!(err.contains("missing.toml"), "{err}");
    std::fs::write(dir.path().join("tradewind.toml"), "").unwrap();
    let (_, err) = exits(dir.path(), &["serve", "--host", "0.0.0.0", "--port", "0"], 3);
    assert!(err.contains("collect.write_keys"), "{err}");
}

#[test]
fn a_data_directory_in_use_exits_with_4() {
    let house = House::new();
    let dir = house.dir.path().display().to_string();
    for arguments in [&["serve", "--port", "0"][..], &["train"], &["demo", "--no-serve"]] {
        let arguments = [arguments, &["--data-dir", &dir]].concat();
        let (_, err) = exits(house.dir.path(), &arguments, 4);
        assert!(err.contains("in use by another process") && err.contains("--data-dir"), "{err}");
    }
    assert_eq!(house.get("/readyz").status, 200, "the first one goes on");
}

#[test]
fn a_port_in_use_exits_with_1() {
    let house = House::new();
    let dir = tempfile::tempdir().unwrap();
    let port = house.server.address().port().to_string();
    let (_, err) = exits(dir.path(), &["serve", "--port", &port], 1);
    assert!(err.contains(&port) && err.contains("--port"), "{err}");
}

#[test]
fn an_import_twice_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("rows.csv"), ROWS).unwrap();
    let import =
        ["import", "rees46", "rows.csv", "--rejects", "rejects.jsonl", "--json", "--data-dir", "data"];
    let first = json_of(&exits(dir.path(), &import, 0).0);
    assert_eq!((&first["rows_read"], &first["rows_taken"]), (&6.into(), &4.into()), "{first}");
    assert_eq!((&first["new_events"], &first["new_products"]), (&4.into(), &2.into()), "{first}");
    let rejects = std::fs::read_to_string(dir.path().join("rejects.jsonl")).unwrap();
    let rejects: Vec<Value> = rejects.lines().map(json_of).collect();
    assert_eq!(rejects.len(), 2, "{rejects:?}");
    for reject in &rejects {
        assert!(reject["line"].is_u64() && reject["reason"].is_string(), "{reject}");
    }
    let second = json_of(&exits(dir.path(), &import, 0).0);
    assert_eq!(second["rows_taken"], 4, "{second}");
    assert_eq!((&second["new_events"], &second["new_products"]), (&0.into(), &0.into()), "{second}");
    let server = Server::start(Path::new(PROGRAM), &dir.path().join("data"), &[]).unwrap();
    let stats = server.drained().unwrap();
    assert_eq!((&stats["eventsTotal"], &stats["products"]), (&4.into(), &2.into()), "{stats}");
    assert_eq!(stats["eventsByName"]["Order Completed"], 1, "{stats}");
}

#[test]
fn a_rebuild_gives_the_same_state_and_tells_another() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("rows.csv"), ROWS).unwrap();
    exits(dir.path(), &["import", "rees46", "rows.csv", "--data-dir", "data"], 0);
    let rebuild = |more: &[&str], code| {
        json_of(&exits(dir.path(), &[&["rebuild", "--json", "--data-dir", "data"], more].concat(), code).0)
    };
    assert_eq!(rebuild(&["--check"], 0)["same"], true);
    std::fs::remove_dir_all(dir.path().join("data/state")).unwrap();
    assert_eq!(rebuild(&["--check"], 1)["same"], false);
    assert_eq!(rebuild(&[], 0)["replaced"], true);
    assert_eq!(rebuild(&["--check"], 0)["same"], true);
    assert!(!dir.path().join("data/state.old").exists() && !dir.path().join("data/state.new").exists());
}

#[test]
fn a_verification_tells_damage_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("rows.csv"), ROWS).unwrap();
    exits(dir.path(), &["import", "rees46", "rows.csv", "--data-dir", "data"], 0);
    let verify = ["verify", "--json", "--data-dir", "data"];
    exits(dir.path(), &verify, 0);
    let segment = dir.path().join("data/log/00000000000000000000.log");
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    let (out, err) = exits(dir.path(), &verify, 1);
    assert!(format!("{out}{err}").contains("00000000000000000000.log"), "{out}\n{err}");
    assert_eq!(std::fs::read(&segment).unwrap(), bytes);
    let (_, err) = exits(dir.path(), &["train", "--data-dir", "data"], 1);
    assert!(err.contains("damaged"), "{err}");
}

#[test]
fn an_input_that_does_not_read_exits_with_5() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("bad.csv"), "a,b\n1,2\n").unwrap();
    let data = ["--data-dir", "data"];
    for (format, file) in [("rees46", "bad.csv"), ("online-retail", "bad.csv"), ("rees46", "missing.csv")] {
        let (_, err) = exits(dir.path(), &[&["import", format, file][..], &data].concat(), 5);
        assert!(err.contains(file), "{err}");
    }
    let (_, err) = exits(dir.path(), &["evaluate", "sequences", "--file", "missing.txt"], 5);
    assert!(err.contains("missing.txt"), "{err}");
    let evaluate = ["evaluate", "sessions", "--train", "bad.csv", "--test", "missing.txt"];
    exits(dir.path(), &evaluate, 5);
    std::fs::write(dir.path().join("bytes"), [0xff, 0xfe, 0, 0x80]).unwrap();
    exits(dir.path(), &["evaluate", "sequences", "--file", "bytes"], 5);
}

#[test]
fn training_on_nothing_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (_, err) = exits(dir.path(), &["train", "--data-dir", "data"], 1);
    assert!(err.contains("tradewind: "), "{err}");
    assert!(!err.contains("panicked"), "{err}");
}

#[test]
fn a_demo_is_filled_once_and_served() {
    let dir = tempfile::tempdir().unwrap();
    let demo = ["demo", "--no-serve", "--days", "3", "--sessions-per-day", "40", "--data-dir", "data"];
    let (first, _) = exits(dir.path(), &demo, 0);
    let (second, _) = exits(dir.path(), &demo, 0);
    assert_eq!(first, second, "a second run changes nothing");
    let server = Server::start(Path::new(PROGRAM), &dir.path().join("data"), &["--storefront"]).unwrap();
    let stats = server.stats().unwrap();
    assert!(stats["products"].as_u64() > Some(0) && stats["modelVersion"].is_string(), "{stats}");
}

#[test]
fn the_bench_measures_and_cleans_up() {
    let dir = tempfile::tempdir().unwrap();
    let (out, _) = exits(dir.path(), &["bench", "--seconds", "1", "--max-lag-records", "2000", "--json"], 0);
    let report = json_of(&out);
    assert!(report["events"]["acked_total"].as_u64() > Some(0), "{report}");
    assert!(report["singles"]["acked_total"].as_u64() > Some(0), "{report}");
    let overload = &report["overload"];
    assert!(overload["saturation_per_second"].as_f64() > Some(0.0), "{overload}");
    let steps = overload["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3, "{overload}");
    assert!(steps[2]["refused_batches"].as_u64() > Some(0), "{overload}");
    let decisions = &report["decisions"];
    assert_eq!((&decisions["filled_percent"], &decisions["degraded_percent"]), (&100.0.into(), &0.0.into()));
    for loops in ["closed", "open"] {
        assert_eq!(decisions[loops].as_array().map(Vec::len), Some(4), "{decisions}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "something was left behind");
}
