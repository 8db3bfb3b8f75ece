//! What names a person is in the vault and nowhere else, and there it is sealed.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tradewind_embedded::{DataDir, FjallStore, LogOptions};
use tradewind_ports::{EventLog, StateStore};

use crate::support::{House, KEY, exits, run, send};

/// Persons.
const PERSONS: usize = 200;
/// What every marked value holds, but for the numbers.
const MARK: &str = "qzvmark";
/// What every marked telephone number begins with, without its country's code.
const NUMBER: &str = "15550199";
/// Fields that are marked.
const FIELDS: usize = 12;
const OPENER: (&str, &str) = ("authorization", "Bearer opener");
const TOML: &str = "vault.api_keys = ['opener']\ncollect.shopify_secrets = ['hush']\n\
    privacy.personal_fields = ['loyalty_card']\nprivacy.phone_calling_code = '49'\n";

/// The marked values of a person.
struct Person {
    n: usize,
    email: String,
    second: String,
    id: String,
    phone: String,
}

impl Person {
    fn new(n: usize) -> Self {
        Self {
            n,
            email: format!("Ann.{MARK}{n}+a@Privat.example"),
            second: format!("{MARK}{n}-second@privat.example"),
            id: format!("{MARK}{n}-id@privat.example"),
            phone: format!("+49 {NUMBER} {n:03}"),
        }
    }

    fn word(&self, what: &str) -> String {
        format!("{what}{MARK}{}", self.n)
    }

    /// Eleven of the twelve fields; the twelfth is in the address of the page.
    fn traits(&self) -> Value {
        json!({"email": self.email, "phone": self.phone, "firstName": self.word("first"), "plan": "gold",
            "last_name": self.word("last"), "name": self.word("whole "), "username": self.word("user"),
            "birthday": self.word("born"), "loyalty_card": self.word("card"), "avatar": self.word("https://a.example/"),
            "address": {"street": self.word("street"), "city": self.word("city"), "zip": self.n}})
    }

    fn segment(&self) -> Value {
        let user = format!("p{}", self.n);
        let page = format!("https://shop.example/?email={}&x=1", self.second.replace('@', "%40"));
        let both = json!({"traits": self.traits(), "page": {"url": page, "referrer": page, "search": "?x"}});
        json!([
            {"type": "identify", "userId": user, "traits": self.traits(), "context": both},
            {"type": "page", "userId": user, "context": both, "properties": {"url": page}},
            {"type": "track", "event": "Order Completed", "userId": user, "context": both,
                "messageId": format!("m-{}", self.second),
                "properties": {"order_id": format!("o{}", self.n), "email": self.email, "shipping": {"name": self.word("to"),
                    "city": self.word("in"), "method": "post"}, "note": format!("write to {}", self.second),
                    "packed": STANDARD.encode(json!({"phone": self.phone, "first_name": self.word("x")}).to_string()),
                    "products": [{"product_id": "p1", "name": "Mug", "price": 5}]}},
            {"type": "track", "event": "Product Viewed", "userId": self.id, "properties": {"product_id": "p1"}},
            {"type": "alias", "userId": user, "previousId": self.phone},
            // These two cannot be processed.
            {"type": "track", "event": "Nobody", "traits": self.traits(), "properties": {"email": self.email}},
            {"type": "nothing", "userId": user, "traits": self.traits(), "context": both},
            {"type": "track", "userId": user, "event": "x", "properties": self.email}
        ])
    }

    fn shopify(&self) -> Value {
        let address = json!({"first_name": self.word("a"), "last_name": self.word("b"), "address1": self.word("c"),
            "phone": self.phone, "city": self.word("d"), "zip": self.word("e"), "name": self.word("f")});
        json!({"id": 1000 + self.n, "email": self.email, "contact_email": self.second, "phone": self.phone,
            "customer": {"id": self.n, "email": self.email, "phone": self.phone, "first_name": self.word("g"),
                "last_name": self.word("h"), "default_address": address},
            "billing_address": address, "shipping_address": address, "note": format!("ask {}", self.second),
            "landing_site": format!("/?mail={}", self.second), "created_at": "2026-11-20T10:00:00Z",
            "currency": "EUR", "total_price": "5.00", "line_items": [{"product_id": 1, "quantity": 1, "price": "5.00"}]})
    }

    fn posthog(&self) -> Value {
        json!({"event": "$identify", "distinct_id": self.id, "$set": self.traits(),
            "properties": {"$set_once": {"email": self.second}, "$user_id": self.id, "$email": self.email,
                "$current_url": format!("https://shop.example/?next=%2Fa%3Fe%3D{}", self.second.replace('@', "%2540"))}})
    }

    fn ga4(&self) -> Value {
        json!({"client_id": format!("c{}", self.n), "user_id": format!("p{}", self.n),
            "user_properties": {"email": {"value": self.email}, "first_name": {"value": self.word("i")}},
            "user_data": {"sha256_email_address": self.word("hash"), "address": [{"city": self.word("j")}]},
            "events": [{"name": "login", "params": {"email": self.email, "phone_number": self.phone,
                "user_data": {"email": self.second, "address": {"street": self.word("k")}}}},
                {"params": {"email": self.email, "phone": self.phone, "name": 1}}]})
    }
}

fn post(house: &House, path: &str, headers: &[(&str, &str)], body: &str) {
    let headers = [&[KEY], headers].concat();
    let reply = send(&mut house.client(), "POST", path, &headers, body.as_bytes());
    assert!(matches!(reply.status, 200 | 204), "{path} {body}: {reply:?}");
}

fn send_all(house: &House, person: &Person) {
    post(
        house,
        "/v1/batch",
        &[],
        &json!({"batch": person.segment(), "context": {"traits": person.traits()}}).to_string(),
    );
    let body = person.shopify().to_string();
    let mac = Hmac::<Sha256>::new_from_slice(b"hush").unwrap().chain_update(&body);
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    for topic in ["orders/create", "customers/update", "customers/data_request", "draft_orders/create"] {
        let headers = [
            ("x-shopify-topic", topic),
            ("x-shopify-hmac-sha256", &signature),
            ("x-shopify-event-id", &format!("{topic}-{}", person.n)),
        ];
        post(house, "/webhooks/shopify", &headers, &body);
    }
    post(house, "/capture/", &[], &person.posthog().to_string());
    post(house, "/mp/collect", &[], &person.ga4().to_string());
    // Cut short: no JSON at all.
    let whole = person.ga4().to_string();
    post(house, "/mp/collect", &[], &whole[..whole.len() - 2]);
}

/// Ways to write the marks in which they are looked for.
fn forms() -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for mark in [MARK, NUMBER] {
        forms.push(mark.as_bytes().to_vec());
        let hex: String = mark.bytes().map(|b| format!("{b:02x}")).collect();
        forms.push(hex.to_uppercase().into_bytes());
        forms.push(hex.into_bytes());
        forms.push(mark.bytes().map(|b| format!("%{b:02X}")).collect::<String>().into_bytes());
        // In base64, wherever the mark begins; the letters at both ends depend on what stands beside it.
        for before in 0..3 {
            let text = format!("{}{mark}", "x".repeat(before));
            let encoded = STANDARD_NO_PAD.encode(text);
            forms.push(encoded.as_bytes()[[0, 2, 3][before]..encoded.len() - 2].to_vec());
        }
    }
    forms
}

fn holds(bytes: &[u8], form: &[u8]) -> bool {
    memchr::memmem::find(bytes, form).is_some()
}

fn rows(store: &FjallStore, place: &str, found: &mut Vec<(String, Vec<u8>)>) {
    for name in store.table_names() {
        let table = store.table(&name).unwrap();
        for row in store.scan(table, b"") {
            let (key, value) = row.unwrap();
            found.push((format!("{place} {name}"), [&key[..], b" ", &value[..]].concat()));
        }
    }
}

/// Every byte of every file, and every record and value as the program reads it.
fn everything(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    let data = DataDir::open(dir).unwrap();
    let log = data.log(LogOptions::default()).unwrap();
    let mut reader = log.reader(log.start()).unwrap();
    loop {
        let records = reader.read(1 << 20).unwrap();
        if records.is_empty() {
            break;
        }
        found.extend(records.into_iter().map(|r| (format!("record {}", r.offset), r.bytes.to_vec())));
    }
    rows(&data.state(8 << 20).unwrap(), "state", &mut found);
    rows(&data.vault(8 << 20).unwrap(), "vault", &mut found);
    found
}

/// Checks that the vault opens a person, and that the person is found by what identifies them.
fn check_open(house: &House, person: &Person) {
    let get = |path: &str, headers: &[(&str, &str)]| send(&mut house.client(), "GET", path, headers, b"");
    let percent = |text: &str| text.replace('+', "%2B").replace(' ', "%20").replace('@', "%40");
    let own = format!("/v1/vault/user_id:p{}", person.n);
    get(&own, &[]).is_problem(401, "missing-api-key");
    get(&own, &[("authorization", "Bearer other")]).is_problem(403, "vault-forbidden");
    let opened = get(&own, &[OPENER]).json;
    let fields = opened["fields"].as_object().unwrap();
    let expected = [
        ("traits.email", person.email.clone()),
        ("traits.phone", person.phone.clone()),
        ("traits.firstName", person.word("first")),
        ("traits.last_name", person.word("last")),
        ("traits.name", person.word("whole ")),
        ("traits.username", person.word("user")),
        ("traits.birthday", person.word("born")),
        ("traits.loyalty_card", person.word("card")),
        ("traits.avatar", person.word("https://a.example/")),
        ("context.page.url", person.second.clone()),
        ("properties.shipping.name", person.word("to")),
        ("properties.packed.first_name", person.word("x")),
    ];
    assert_eq!(expected.len(), FIELDS);
    for (field, value) in &expected {
        assert_eq!(fields.get(*field).and_then(Value::as_str), Some(value.as_str()), "{field} in {opened}");
    }
    assert!(fields["traits.address"].as_str().unwrap().contains(&person.word("street")), "{opened}");
    let by_email = get(&format!("/v1/profiles/email:{}", percent(&person.email)), &[]);
    assert_eq!(by_email.status, 200, "{by_email:?}");
    let by_id = get(&format!("/v1/profiles/user_id:{}", percent(&person.id.to_uppercase())), &[]);
    assert_eq!(by_id.status, 200, "{by_id:?}");
    assert!(!by_id.text.contains(MARK), "{by_id:?}");
    let by_phone = get(&format!("/v1/vault/phone:0{NUMBER}{:03}", person.n), &[OPENER]);
    assert_eq!(by_phone.status, 200, "{by_phone:?}");
}

#[test]
fn no_identifier_is_readable_anywhere() {
    let house = House::with(&[], TOML);
    let persons: Vec<Person> = (0..PERSONS).map(Person::new).collect();
    for person in &persons {
        send_all(&house, person);
    }
    house.server.drained().unwrap();
    for person in persons.iter().step_by(20) {
        check_open(&house, person);
    }
    let ask = json!({"subject": {"userId": persons[0].id}, "placements": [{"name": "home.for_you"}]});
    assert_eq!(house.post("/v1/decide", &ask).status, 200);
    let letters = house.get("/v1/dead-letters?state=all&limit=1000");
    assert_eq!(letters.json["totals"]["kept"], PERSONS * 5, "{}", letters.text);
    let told = [house.get("/v1/rejected").text, letters.text, house.get("/v1/dead-letters?limit=5").text];
    let dir = house.dir;
    let (status, log) = house.server.stop().unwrap();
    assert!(status.success(), "{log}");
    assert!(
        log.contains("MASTER KEY LIES IN THE DATA DIRECTORY") && log.contains("the vault was opened"),
        "{log}"
    );
    let kept = everything(dir.path());
    let vault: Vec<_> = kept.iter().filter(|(place, _)| place == "vault fields").collect();
    assert!(vault.len() > PERSONS * FIELDS, "{}", vault.len());
    let named = kept.iter().filter(|(place, bytes)| place.starts_with("record") && holds(bytes, b"em_1_"));
    assert!(named.count() > PERSONS * 8, "the search finds what is there");
    let (forms, told) = (forms(), told.map(|text| ("an answer".to_owned(), text.into_bytes())));
    let log = ("the program's log".to_owned(), log.into_bytes());
    for (place, bytes) in kept.iter().chain(&told).chain([&log]) {
        let lower = bytes.to_ascii_lowercase();
        for form in &forms {
            if holds(bytes, form) || holds(&lower, form) {
                let (form, text) = (String::from_utf8_lossy(form), String::from_utf8_lossy(bytes));
                panic!("{form} in {place}: {}", text.chars().take(4_000).collect::<String>());
            }
        }
    }
}

#[test]
fn without_its_key_the_vault_stays_shut() {
    let house = House::with(&[], TOML);
    send_all(&house, &Person::new(1));
    let house = house.restart();
    check_open(&house, &Person::new(1));
    let dir = house.dir;
    house.server.stop().unwrap();
    let key = dir.path().join("master.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    // The program is started as the house starts it: the directory holds its configuration too.
    let data = dir.path().display().to_string();
    let serve = ["serve", "--port", "0", "--data-dir", &data];
    let (_, told) = exits(dir.path(), &serve, 3);
    assert!(told.contains("master.key is missing"), "{told}");
    std::fs::write(&key, format!("{}\n", STANDARD.encode([7; 32]))).unwrap();
    let (_, told) = exits(dir.path(), &serve, 3);
    assert!(told.contains("the vault cannot be opened"), "{told}");
    std::fs::write(&key, kept).unwrap();
    let (listed, _) = exits(dir.path(), &["keys", "list", "--data-dir", &data], 0);
    assert!(listed.contains("in use") && listed.contains("epoch 1"), "{listed}");
    let (rotated, _) = exits(dir.path(), &["keys", "rotate", "--data-dir", &data], 0);
    assert!(rotated.contains("is in use now"), "{rotated}");
}

#[test]
fn keys_and_names_rotate_while_events_come_and_no_request_fails() {
    let house = House::with(&[], TOML);
    for n in 0..20 {
        send_all(&house, &Person::new(n));
    }
    let server = format!("http://{}", house.server.address());
    let done = AtomicBool::new(false);
    let sent = std::thread::scope(|scope| {
        let writers = [0, 1].map(|writer| {
            let (house, done) = (&house, &done);
            scope.spawn(move || {
                let mut client = house.client();
                let mut count = 0;
                while !done.load(Ordering::Relaxed) {
                    let n = 100 + count * 2 + writer;
                    let person = Person::new(n);
                    let body = json!({"userId": format!("p{n}"), "traits": person.traits()}).to_string();
                    let reply = send(&mut client, "POST", "/v1/identify", &[KEY], body.as_bytes());
                    assert_eq!(reply.status, 200, "{reply:?}");
                    let own = format!("/v1/vault/user_id:p{n}");
                    let opened = send(&mut client, "GET", &own, &[OPENER], b"");
                    assert_eq!(opened.json["fields"]["traits.email"], person.email.as_str(), "{opened:?}");
                    count += 1;
                }
                count
            })
        });
        for _ in 0..3 {
            for what in [&["keys", "rotate"][..], &["keys", "rotate", "--pseudonyms"]] {
                let data = house.dir.path().display().to_string();
                let arguments = [what, &["--server", &server, "--data-dir", &data]].concat();
                let output = run(house.dir.path(), &arguments);
                assert!(output.status.success(), "{output:?}");
            }
        }
        done.store(true, Ordering::Relaxed);
        writers.map(|writer| writer.join().unwrap())
    });
    assert!(sent.iter().all(|count| *count > 0), "{sent:?}");
    let report = send(&mut house.client(), "GET", "/v1/vault-keys", &[OPENER], b"").json;
    assert_eq!((report["masters"].as_array().unwrap().len(), &report["epoch"]), (1, &json!(4)), "{report}");
    let house = house.restart();
    for n in 0..20 {
        check_open(&house, &Person::new(n));
    }
    // Somebody whose id is an address is the same person as before.
    let before = house.get(&format!("/v1/profiles/user_id:{}", Person::new(3).id)).json;
    house.post("/v1/track", &json!({"event": "x", "userId": Person::new(3).id}));
    house.server.drained().unwrap();
    let after = house.get(&format!("/v1/profiles/user_id:{}", Person::new(3).id)).json;
    assert_eq!(after["subject"], before["subject"]);
    assert_eq!(after["events"].as_u64(), before["events"].as_u64().map(|n| n + 1));
}
