//! Somebody is erased while webhooks about them wait, are under way and have failed.

use std::sync::atomic::AtomicBool;

use super::*;
use crate::addresses::everything;
use crate::erasure::forms::{Finder, mark};

fn order_of(user: &str, message: &str) -> Value {
    let mut order = order(message);
    order["userId"] = user.into();
    order["properties"]["order_id"] = format!("o-{message}").into();
    order
}

/// Messages of each of the two, by who they are of.
fn seen(receiver: &Receiver, prefix: &str) -> usize {
    receiver.came().iter().filter(|came| came.message.starts_with(prefix)).count()
}

#[test]
fn what_waits_goes_with_the_person_and_never_leaves() {
    let (open, mut rng) = (Arc::new(AtomicBool::new(false)), Rng(0xe7a5));
    let door = Arc::clone(&open);
    // Trouble of its own, so that the endpoint is asked with all and not with one at a time.
    let receiver = Receiver::start(move |_| match door.load(Ordering::Acquire) {
        true => Deed::Take,
        false => Deed::Answer(500),
    });
    let ledger = tempfile::tempdir().unwrap();
    let toml = format!("privacy.ledger_dir = '{}'\n{}", ledger.path().display(), receiver.toml(&[1; 30]));
    let house = House::with(&[], &toml);
    let [gone, stays, device] = [mark(&mut rng), mark(&mut rng), mark(&mut rng)];
    // The last order comes under the browser's id, which is the same person's.
    let mut last = order_of(&gone, &format!("{gone}-9"));
    last["userId"] = Value::Null;
    last["anonymousId"] = device.as_str().into();
    let sign_in = json!({"type": "identify", "userId": gone, "anonymousId": device});
    let orders: Vec<Value> = (0..3)
        .flat_map(|n| [order_of(&gone, &format!("{gone}-{n}")), order_of(&stays, &format!("{stays}-{n}"))])
        .collect();
    let batch: Vec<Value> = std::iter::once(sign_in).chain(orders).chain([last]).collect();
    assert_eq!(house.post("/v1/batch", &json!({ "batch": batch })).status, 200);
    while seen(&receiver, &gone) < 4 || seen(&receiver, &stays) < 3 {
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let export = |subject: &str| {
        let server = format!("http://{}", house.server.address());
        let (out, _) = exits(house.dir.path(), &["privacy", "export", "--server", &server, subject], 0);
        serde_json::from_str::<Value>(&out).unwrap()["webhooks"].as_array().map_or(0, Vec::len)
    };
    assert_eq!((export(&format!("user_id:{gone}")), export(&format!("user_id:{stays}"))), (4, 3));

    // Named in a file, with somebody who never was.
    let file = house.dir.path().join("gone.txt");
    std::fs::write(&file, format!("user_id:{gone}\n\n  user_id:never-was\n")).unwrap();
    let server = format!("http://{}", house.server.address());
    let arguments = ["privacy", "erase", "--server", &server, "--file", file.to_str().unwrap()];
    let (out, _) = exits(house.dir.path(), &arguments, 0);
    std::fs::remove_file(&file).unwrap();
    let receipt: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(receipt["found"]["webhooks"], 4, "{receipt}");
    assert!(receipt["places"].as_array().unwrap().contains(&"webhooks".into()));
    assert_eq!(receipt["remarks"].get("webhooks"), None, "nothing was delivered to anybody yet");
    let before = seen(&receiver, &gone);
    open.store(true, Ordering::Release);
    (0..3).for_each(|n| arrived(&receiver, &format!("{stays}-{n}")));
    delivered(&house.server);

    // And not after a restart either.
    let house = house.restart();
    assert_eq!(house.post("/v1/track", &order_of(&stays, &format!("{stays}-4"))).status, 200);
    arrived(&receiver, &format!("{stays}-4"));
    delivered(&house.server);
    assert_eq!(seen(&receiver, &gone), before, "nothing of them left after the receipt");
    let again = json!({"type": "erase", "subjects": [format!("user_id:{gone}")]});
    let taken = house.post("/v1/privacy/requests", &again);
    let path = format!("/v1/privacy/requests/{}?wait_ms=30000", taken.json["id"].as_str().unwrap());
    let receipt = house.get(&path).json["receipt"].clone();
    assert_eq!(receipt["found"]["webhooks"], 0);
    let remark = receipt["remarks"]["webhooks"].as_str().unwrap();
    assert!(
        remark.contains("cannot be recalled") && remark.contains("4 deliveries") && remark.contains("crm")
    );
    let House { server, dir } = house;
    assert!(server.stop().unwrap().0.success());
    let marks = [gone.as_str(), device.as_str()];
    let (erased, other) =
        (Finder::of_all_forms(marks.into_iter()), Finder::of_plain([stays.as_str()].into_iter()));
    let files = everything(dir.path());
    for (place, bytes) in &files {
        assert!(erased.find(bytes).is_empty(), "{place}");
    }
    assert!(files.iter().any(|(_, bytes)| !other.find(bytes).is_empty()));
}
