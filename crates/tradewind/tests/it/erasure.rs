//! People who are erased are nowhere, whatever form one looks for them in; the others are as they were; and
//! an older backup brings nobody back.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use tradewind_bench::Server;
use tradewind_embedded::DataDir;
use tradewind_ports::StateStore;

use crate::addresses::everything;
use crate::support::{House, KEY, PROGRAM, Reply, Rng, exits, number_from, send};

pub(crate) mod forms;
mod together;

use forms::Finder;

/// Marks of one person.
const FIELDS: usize = 12;
/// Messages of one batch.
const BATCH: usize = 500;

/// Somebody with a mark of their own in each of twelve fields.
struct Person {
    marks: [String; FIELDS],
    has_letter: bool,
    has_decision: bool,
}

impl Person {
    fn new(rng: &mut Rng, number: usize) -> Self {
        let marks = std::array::from_fn(|_| forms::mark(rng));
        Self { marks, has_letter: number.is_multiple_of(5), has_decision: number.is_multiple_of(3) }
    }

    fn user(&self) -> &str {
        &self.marks[0]
    }

    fn device(&self) -> &str {
        &self.marks[1]
    }

    /// What happened: a visit without a name, a sign-in, an order; and for some, something that does not read.
    fn messages(&self) -> Vec<Value> {
        let [user, device, nick, custom, mark, query, url, order, campaign, coupon, referrer, message] =
            &self.marks;
        let page = json!({"page": {"url": format!("https://shop.example/{url}?a=1"),
            "referrer": format!("https://elsewhere.example/{referrer}")},
            "campaign": {"name": campaign, "source": "letter"}});
        let mut all = vec![
            json!({"type": "page", "name": "Home", "anonymousId": device, "messageId": format!("{message}-1"),
                "context": page, "properties": {"mark": mark}}),
            json!({"type": "track", "event": "Products Searched", "anonymousId": device,
                "messageId": format!("{message}-2"), "properties": {"query": query}}),
            json!({"type": "identify", "anonymousId": device, "userId": user, "messageId": format!("{message}-3"),
                "traits": {"nick": nick, "deep": {"custom": custom}}}),
            json!({"type": "track", "event": "Order Completed", "userId": user,
                "messageId": format!("{message}-4"), "properties": {"order_id": order, "coupon": coupon,
                "total": 12.5, "products": [{"product_id": "p-1", "price": 12.5, "quantity": 1}]}}),
        ];
        if self.has_letter {
            all.push(json!({"type": "track", "userId": user, "messageId": format!("{message}-5"),
                "properties": {"mark": mark, "note": nick}}));
        }
        all
    }
}

fn people() -> Vec<Person> {
    let mut rng = Rng(0x5eed);
    (0..number_from("ERASE_PEOPLE").unwrap_or(2_000)).map(|number| Person::new(&mut rng, number)).collect()
}

/// Every tenth is erased.
fn is_erased(number: usize) -> bool {
    number % 10 == 7
}

/// A house whose ledger is elsewhere.
fn house() -> (House, TempDir) {
    let ledger = tempfile::tempdir().unwrap();
    let toml = format!("privacy.ledger_dir = '{}'\n", ledger.path().display());
    (House::with(&[], &toml), ledger)
}

fn fill(house: &House, people: &[Person]) {
    let mut client = house.client();
    let all: Vec<Value> = people.iter().flat_map(Person::messages).collect();
    for some in all.chunks(BATCH) {
        let body = json!({ "batch": some }).to_string();
        let answer = send(&mut client, "POST", "/v1/batch", &[KEY], body.as_bytes());
        let bad =
            some.iter().filter(|message| message["type"] == "track" && message["event"].is_null()).count();
        let rejected = answer.json["rejected"].as_array().map_or(0, Vec::len);
        assert_eq!((answer.status, rejected), (200, bad), "{answer:?}");
    }
    for person in people.iter().filter(|person| person.has_decision) {
        let ask = json!({"subject": {"userId": person.user(), "anonymousId": person.device()},
            "placements": [{"name": "home.trending", "limit": 3}]});
        let answer = send(&mut client, "POST", "/v1/decide", &[], ask.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    house.server.drained().unwrap();
}

/// Every profile as it is stored, by key.
fn profiles(dir: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let data = DataDir::open(dir).unwrap();
    let state = data.state(8 << 20).unwrap();
    let table = state.table("profiles").unwrap();
    let pairs = state.scan(table, b"").map(|pair| pair.unwrap());
    pairs.map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

fn stopped(server: Server) {
    let (status, log) = server.stop().unwrap();
    assert!(status.success(), "{status}\n{log}");
}

fn ask(server: &Server, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(&mut server.connect().unwrap(), method, path, &[], body.as_bytes())
}

/// Sends a request and waits for its end.
fn carried_out(server: &Server, body: &Value) -> Value {
    let taken = ask(server, "POST", "/v1/privacy/requests", body);
    assert_eq!(taken.status, 202, "{taken:?}");
    let path = taken.header("location").unwrap().to_owned();
    loop {
        let status = ask(server, "GET", &format!("{path}?wait_ms=10000"), &Value::Null);
        assert_eq!(status.status, 200, "{status:?}");
        if !["INITIALIZED", "RUNNING"].contains(&status.json["status"].as_str().unwrap()) {
            return status.json;
        }
    }
}

/// Checks that a data directory holds nothing of the erased, everything of the others, and their profiles as
/// they were.
fn check(dir: &Path, people: &[Person], before: &BTreeMap<Vec<u8>, Vec<u8>>) {
    let marks = |wanted: bool| {
        let them = people.iter().enumerate().filter(move |(number, _)| is_erased(*number) == wanted);
        them.flat_map(|(_, person)| person.marks.iter().map(String::as_str))
    };
    let after = profiles(dir);
    let gone: Vec<String> = people
        .iter()
        .enumerate()
        .filter(|(number, _)| is_erased(*number))
        .map(|(_, person)| format!("u:{}", person.user()))
        .collect();
    let mut expected = before.clone();
    for key in &gone {
        assert!(expected.remove(key.as_bytes()).is_some(), "{key} had a profile");
    }
    assert!(expected == after, "the others' profiles are byte for byte what they were");
    let kept = everything(dir);
    let erased = Finder::of_all_forms(marks(true));
    for (place, bytes) in &kept {
        let found = erased.find(bytes);
        assert!(
            found.is_empty(),
            "{place} holds {} marks of the erased, such as {:?}",
            found.len(),
            found.first()
        );
    }
    let others = Finder::of_plain(marks(false));
    let found: std::collections::BTreeSet<&str> =
        kept.iter().flat_map(|(_, bytes)| others.find(bytes)).collect();
    assert_eq!(found.len(), marks(false).count(), "everything of the others is still there");
}

fn holds(dir: &Path, receipt: &Value, code: i32) -> String {
    let file = dir.join("receipt.json");
    std::fs::write(&file, receipt.to_string()).unwrap();
    let (out, err) = exits(dir, &["privacy", "verify", file.to_str().unwrap()], code);
    out + &err
}

/// Asks for somebody's profile until the server answers: they are gone then.
fn gone_once_it_answers(server: &Server, subject: &str) {
    loop {
        let answer = ask(server, "GET", &format!("/v1/profiles/{subject}"), &Value::Null);
        match answer.status {
            503 => answer.is_problem(503, "stopped"),
            _ => return answer.is_problem(404, "not-found"),
        }
    }
}

/// Those who are erased, each by either of their ids.
fn erased_subjects(people: &[Person]) -> Vec<String> {
    let them = people.iter().enumerate().filter(|(number, _)| is_erased(*number));
    them.map(|(number, person)| match number % 4 {
        1 => format!("user_id:{}", person.user()),
        _ => format!("anonymous_id:{}", person.device()),
    })
    .collect()
}

/// A hundred people and the house that they were in, stopped, with its ledger's folder.
fn a_hundred(seed: u64) -> (Vec<Person>, TempDir, TempDir) {
    let mut rng = Rng(seed);
    let people: Vec<Person> = (0..100).map(|number| Person::new(&mut rng, number)).collect();
    let (house, ledger) = house();
    fill(&house, &people);
    let House { server, dir } = house;
    stopped(server);
    (people, dir, ledger)
}

/// A copy of a stopped house, started with a ledger of its own.
fn a_life(dir: &Path, ledger: &Path) -> (TempDir, Server) {
    let life = tempfile::tempdir().unwrap();
    copy(dir, life.path());
    let toml = format!("privacy.ledger_dir = '{}'\n", ledger.display());
    std::fs::write(life.path().join("tradewind.toml"), toml).unwrap();
    let server = Server::start(Path::new(PROGRAM), life.path(), &[]).unwrap();
    (life, server)
}

#[test]
fn a_kill_only_interrupts_an_erasure() {
    let (people, dir, ledger) = a_hundred(0xdead);
    let before = profiles(dir.path());
    let mut interrupted = 0;
    for glances in [0, 1, 2, 4, 8, 16, 32, 64] {
        let (life, server) = a_life(dir.path(), &ledger.path().join(glances.to_string()));
        let subjects = erased_subjects(&people);
        let taken =
            ask(&server, "POST", "/v1/privacy/requests", &json!({"type": "erase", "subjects": subjects}));
        assert_eq!(taken.status, 202, "{taken:?}");
        let path = taken.header("location").unwrap().to_owned();
        let mut stage = taken.json["status"].clone();
        for _ in 0..glances {
            stage = ask(&server, "GET", &path, &Value::Null).json["status"].clone();
        }
        server.kill();
        interrupted += usize::from(stage != "FINISHED");
        let server = Server::start(Path::new(PROGRAM), life.path(), &[]).unwrap();
        gone_once_it_answers(&server, &subjects[0]);
        assert_eq!(ask(&server, "GET", &path, &Value::Null).json["status"], "FINISHED");
        stopped(server);
        check(life.path(), &people, &before);
    }
    assert!(interrupted >= 3, "{interrupted} were interrupted");
}

#[test]
fn the_erased_are_nowhere_and_an_older_backup_brings_nobody_back() {
    let people = people();
    let (house, ledger) = house();
    fill(&house, &people);
    let House { server, dir } = house;
    stopped(server);
    let backup = tempfile::tempdir().unwrap();
    copy(dir.path(), backup.path());
    let before = profiles(dir.path());
    let all = Finder::of_plain(people.iter().flat_map(|person| person.marks.iter().map(String::as_str)));
    let found: std::collections::BTreeSet<String> = everything(dir.path())
        .iter()
        .flat_map(|(_, bytes)| all.find(bytes).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>())
        .collect();
    assert_eq!(found.len(), people.len() * FIELDS, "the search finds what is there");

    let server = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap();
    let subjects = erased_subjects(&people);
    let done = carried_out(&server, &json!({"type": "erase", "subjects": subjects}));
    assert_eq!(done["status"], "FINISHED", "{done}");
    let receipt = done["receipt"].clone();
    let count = subjects.len() as u64;
    assert_eq!(receipt["found"]["profiles"], count, "{}", receipt["found"]);
    assert_eq!(receipt["found"]["links"], count, "{}", receipt["found"]);
    assert_eq!(receipt["prints"].as_array().map(Vec::len), Some(2 * subjects.len()));
    let shown = ask(&server, "GET", &format!("/v1/profiles/{}", subjects[0]), &Value::Null);
    shown.is_problem(404, "not-found");
    let rejected = ask(&server, "GET", "/v1/rejected", &Value::Null).text;
    stopped(server);
    check(dir.path(), &people, &before);
    let erased: Vec<&str> = (0..people.len())
        .filter(|n| is_erased(*n))
        .flat_map(|n| &people[n].marks)
        .map(String::as_str)
        .collect();
    let finder = Finder::of_all_forms(erased.into_iter());
    assert!(finder.find(rejected.as_bytes()).is_empty());
    for entry in std::fs::read_dir(ledger.path()).unwrap() {
        let path = entry.unwrap().path();
        assert!(finder.find(&std::fs::read(&path).unwrap()).is_empty(), "{}", path.display());
    }
    assert!(finder.find(receipt.to_string().as_bytes()).is_empty(), "a receipt names nobody");

    let elsewhere = tempfile::tempdir().unwrap();
    assert!(holds(elsewhere.path(), &receipt, 0).contains("the receipt holds"));
    let mut changed = receipt.clone();
    changed["found"]["profiles"] = (count + 1).into();
    assert!(holds(elsewhere.path(), &changed, 1).contains("does not hold"));

    // The backup of before, the ledger of now: nothing is answered before they are gone again.
    let server = Server::start(Path::new(PROGRAM), backup.path(), &[]).unwrap();
    gone_once_it_answers(&server, &subjects[0]);
    assert_eq!(ask(&server, "GET", "/readyz", &Value::Null).status, 200);
    let id = receipt["request"].as_str().unwrap();
    let again = ask(&server, "GET", &format!("/v1/privacy/requests/{id}"), &Value::Null).json;
    assert_eq!(again["status"], "FINISHED", "{again}");
    assert_eq!(again["receipt"]["found"]["profiles"], count, "{again}");
    assert_eq!(again["receipt"]["public_key"], receipt["public_key"]);
    stopped(server);
    assert!(holds(elsewhere.path(), &again["receipt"], 0).contains("the receipt holds"));
    check(backup.path(), &people, &before);
}

#[test]
fn people_are_exported_suppressed_and_taken_again() {
    let (house, _ledger) = house();
    let mut rng = Rng(1);
    let [ann, bob] = [0, 1].map(|number| Person::new(&mut rng, number * 15));
    let messages: Vec<Value> = [&ann, &bob].iter().flat_map(|person| person.messages()).collect();
    assert_eq!(house.post("/v1/batch", &json!({ "batch": messages })).status, 200);
    let subject = format!("user_id:{}", ann.user());
    let (out, _) = exits(
        house.dir.path(),
        &["privacy", "export", "--server", &format!("http://{}", house.server.address()), &subject],
        0,
    );
    let found = Finder::of_all_forms(ann.marks.iter().map(String::as_str)).find(out.as_bytes()).len();
    assert_eq!(found, FIELDS, "{out}");
    assert!(Finder::of_all_forms(bob.marks.iter().map(String::as_str)).find(out.as_bytes()).is_empty());

    let done = carried_out(&house.server, &json!({"type": "erase", "subjects": [subject], "suppress": true}));
    assert_eq!(done["status"], "FINISHED", "{done}");
    let house = house.restart();
    let seen = |house: &House, user: &str, device: &str| {
        let view = json!({"type": "track", "event": "Product Viewed", "userId": user, "anonymousId": device,
            "properties": {"product_id": "p-1"}});
        let other = json!({"type": "track", "event": "Product Viewed", "userId": bob.user(),
            "properties": {"product_id": "p-1"}});
        let answer = house.post("/v1/batch?strict=1", &json!({"batch": [view, other]}));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json["rejected"][0]["code"].as_str().map(ToOwned::to_owned)
    };
    let suppressed = Some("suppressed".to_owned());
    assert_eq!(seen(&house, ann.user(), "new-device"), suppressed);
    assert_eq!(seen(&house, "somebody", ann.device()), suppressed);
    let decide = json!({"subject": {"userId": ann.user()}, "placements": [{"name": "home.trending"}]});
    assert_eq!(house.post("/v1/decide", &decide).status, 200);
    house.server.drained().unwrap();
    house.get(&format!("/v1/profiles/{subject}")).is_problem(404, "not-found");
    let held = Finder::of_all_forms(ann.marks.iter().map(String::as_str));
    assert!(held.find(house.get("/v1/rejected").text.as_bytes()).is_empty());
    let House { server, dir } = house;
    stopped(server);
    for (place, bytes) in everything(dir.path()) {
        assert!(held.find(&bytes).is_empty(), "{place}");
    }

    let server = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap();
    let house = House { server, dir };
    let device = format!("anonymous_id:{}", ann.device());
    let done = carried_out(&house.server, &json!({"type": "unsuppress", "subjects": [subject, device]}));
    assert_eq!(done["status"], "FINISHED", "{done}");
    assert_eq!(seen(&house, ann.user(), ann.device()), None);
}

#[test]
fn what_is_no_request_is_refused() {
    let (house, _ledger) = house();
    let post = |body: Value| house.post("/v1/privacy/requests", &body);
    post(json!({"type": "erase", "subjects": []})).is_problem(400, "invalid-request");
    post(json!({"type": "forget", "subjects": ["user_id:x"]})).is_problem(400, "invalid-request");
    post(json!({"type": "export", "subjects": ["user_id:x"], "suppress": true}))
        .is_problem(400, "invalid-request");
    let wrong = post(json!({"type": "erase", "subjects": ["user_id:x", "x"]}));
    wrong.is_problem(400, "invalid-request");
    assert_eq!(wrong.json["errors"][0]["pointer"], "/subjects/1");
    let crowd: Vec<String> = (0..5_001).map(|n| format!("user_id:{n}")).collect();
    post(json!({"type": "erase", "subjects": crowd})).is_problem(400, "invalid-request");
    house.get("/v1/privacy/requests/none").is_problem(404, "not-found");
    assert_eq!(house.get("/v1/privacy/requests").json, json!([]));
}

#[test]
fn who_is_restricted_agrees_to_nothing_any_more() {
    let (house, _ledger) = house();
    let allowed = || {
        let purposes = house.get("/v1/consent/user_id:x").json["purposes"].clone();
        let purposes = purposes.as_object().unwrap().clone();
        assert_eq!(purposes.len(), 8);
        purposes.values().filter(|purpose| purpose["allowed"] == true).count()
    };
    assert!(allowed() > 0);
    let taken = house.post("/v1/privacy/requests", &json!({"type": "restrict", "subjects": ["user_id:x"]}));
    assert_eq!(taken.status, 202, "{taken:?}");
    let path = format!("/v1/privacy/requests/{}?wait_ms=10000", taken.json["id"].as_str().unwrap());
    assert_eq!(house.get(&path).json["status"], "FINISHED");
    assert_eq!(allowed(), 0);
}
