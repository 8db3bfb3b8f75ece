//! Several requests that wait, and a kill in their midst.

use super::*;

#[test]
fn a_kill_in_the_midst_of_several_requests_leaves_none_undone() {
    let (people, dir, ledger) = a_hundred(0xbeef);
    let before = profiles(dir.path());
    let (mut interrupted, mut together) = (0, 0);
    for glances in [0, 4, 24] {
        let (life, server) = a_life(dir.path(), &ledger.path().join(glances.to_string()));
        let subjects = erased_subjects(&people);
        let ask_for = |some: &[String]| {
            let taken =
                ask(&server, "POST", "/v1/privacy/requests", &json!({"type": "erase", "subjects": some}));
            assert_eq!(taken.status, 202, "{taken:?}");
            taken.header("location").unwrap().to_owned()
        };
        let paths: Vec<String> = subjects.chunks(2).map(ask_for).collect();
        assert_eq!(paths.len(), 5);
        let all = |server: &Server| -> Vec<Value> {
            paths.iter().map(|path| ask(server, "GET", path, &Value::Null).json).collect()
        };
        let mut stages = all(&server);
        for _ in 0..glances {
            stages = all(&server);
        }
        server.kill();
        let done = |all: &[Value]| all.iter().filter(|one| one["status"] == "FINISHED").count();
        interrupted += 5 - done(&stages);
        // Whatever was told as done has its receipt.
        assert!(stages.iter().all(|one| (one["status"] == "FINISHED") == one["receipt"].is_object()));
        let server = Server::start(Path::new(PROGRAM), life.path(), &[]).unwrap();
        gone_once_it_answers(&server, &subjects[0]);
        let ended = all(&server);
        assert_eq!(done(&ended), 5, "{ended:?}");
        let elsewhere = tempfile::tempdir().unwrap();
        for one in &ended {
            assert!(holds(elsewhere.path(), &one["receipt"], 0).contains("the receipt holds"));
            assert!(one["receipt"]["prints"].as_array().unwrap().len() >= 4);
            together = together.max(one["receipt"]["requests_together"].as_u64().unwrap());
        }
        stopped(server);
        check(life.path(), &people, &before);
    }
    assert!(interrupted >= 5 && together >= 4, "{interrupted} were interrupted, {together} went together");
}
