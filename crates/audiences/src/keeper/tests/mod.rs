//! The keeper on the embedded engines: who is in an audience is whom its rule fits, whatever happened.

mod world;

use proptest::prelude::*;
use tradewind_kernel::{Clock, Purposes, Subject};
use tradewind_people::identity::Command;
use tradewind_pipeline::Crossing;

use super::*;
use world::{World, device, drain, user};

/// What is done, of three devices, three users and three audiences.
#[derive(Debug, Clone)]
enum Op {
    Event {
        ids: Vec<Subject>,
        is_order: bool,
    },
    Choice {
        of: Subject,
        personalization: bool,
        email: bool,
    },
    Merge(u8, u8),
    Split(u8, u8),
    Put {
        name: usize,
        rule: usize,
    },
    Delete(usize),
    /// The visit ends.
    Leave,
    Days(i64),
    Turn,
    Settle,
    Restart,
    Rebuild,
}

const NAMES: [(&str, Purpose); 3] =
    [("one", Purpose::Personalization), ("two", Purpose::MarketingEmail), ("three", Purpose::AdsSharing)];

const RULES: [&str; 6] = [
    "count_events('Product Viewed', 3) >= 2",
    "orders >= 1 && days_since_last_order <= 2",
    "is_first_time_shopper && sessions >= 1",
    "session_views >= 2",
    "days_since_event('Order Completed') >= 2 || lifecycle_stage == 'at_risk'",
    "orders >= 2 || count_events('product viewed', 1) == 1",
];

fn subjects() -> Vec<Subject> {
    (0..3).map(device).chain((0..3).map(user)).collect()
}

fn op() -> impl Strategy<Value = Op> {
    let one = (0u8..3, any::<bool>()).prop_map(|(n, is_user)| if is_user { user(n) } else { device(n) });
    let ids = prop_oneof![
        4 => one.clone().prop_map(|id| vec![id]),
        1 => (0u8..3, 0u8..3).prop_map(|(a, b)| vec![device(a), user(b)]),
    ];
    prop_oneof![
        24 => (ids, prop::bool::weighted(0.3)).prop_map(|(ids, is_order)| Op::Event { ids, is_order }),
        6 => (one, prop::bool::weighted(0.7), any::<bool>())
            .prop_map(|(of, personalization, email)| Op::Choice { of, personalization, email }),
        2 => (0u8..3, 0u8..3).prop_map(|(a, b)| Op::Merge(a, b)),
        2 => (0u8..3, 0u8..3).prop_map(|(a, b)| Op::Split(a, b)),
        6 => (0..NAMES.len(), 0..RULES.len()).prop_map(|(name, rule)| Op::Put { name, rule }),
        1 => (0..NAMES.len()).prop_map(Op::Delete),
        2 => Just(Op::Leave),
        2 => (1i64..40).prop_map(Op::Days),
        4 => Just(Op::Turn),
        4 => Just(Op::Settle),
        1 => Just(Op::Restart),
        1 => Just(Op::Rebuild),
    ]
}

fn merge(world: &World, a: u8, b: u8, is_merge: bool) {
    let [one, other] = [a, b].map(|n| user(n).to_string().replace("user_id:", ""));
    let (reason, at) = ("a test".to_owned(), world.clock.now());
    world.command(if is_merge {
        Command::Merge { into: one, from: other, reason, at }
    } else {
        Command::Split { one, other, reason, at }
    });
}

fn apply(world: &mut World, op: &Op) {
    // So that no two choices are of the same moment.
    world.wait(UtcMillis::SECOND);
    match op {
        Op::Event { ids, is_order } => {
            world.send(ids, if *is_order { "Order Completed" } else { "Product Viewed" }, None);
        }
        Op::Choice { of, personalization, email } => {
            let choices = [(Purpose::Personalization, *personalization), (Purpose::MarketingEmail, *email)];
            let set = |granted| choices.iter().filter(|(_, g)| *g == granted).map(|(p, _)| *p).collect();
            let said: (Purposes, Purposes) = (set(true), set(false));
            world.send(std::slice::from_ref(of), "Consent Preference Updated", Some(said));
        }
        Op::Merge(a, b) => merge(world, *a, *b, true),
        Op::Split(a, b) => merge(world, *a, *b, false),
        Op::Put { name, rule } => world.put(NAMES[*name].0, RULES[*rule], NAMES[*name].1),
        Op::Delete(name) => world.delete(NAMES[*name].0),
        Op::Leave => world.wait(SESSION_GAP_MS + 1),
        Op::Days(days) => world.wait(days * UtcMillis::DAY),
        Op::Turn => world.turn(),
        Op::Settle => {
            world.settle();
            world.check(&subjects());
        }
        Op::Restart => world.restart(),
        Op::Rebuild => assert!(world.rebuild(), "a rebuild gives another state"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn who_is_in_is_whom_the_rule_fits_whatever_happened(
        first in prop::collection::vec(0..RULES.len(), NAMES.len()),
        ops in prop::collection::vec(op(), 1..50),
    ) {
        let mut world = World::new();
        for ((name, purpose), rule) in NAMES.into_iter().zip(&first) {
            world.put(name, RULES[*rule], purpose);
        }
        world.settle();
        ops.iter().for_each(|op| apply(&mut world, op));
        world.settle();
        world.check(&subjects());
        prop_assert!(world.rebuild(), "a rebuild gives another state");
        world.settle();
        world.check(&subjects());
    }
}

fn told(world: &World) -> Vec<(String, Crossing)> {
    world.told().into_iter().map(|(_, audience, _, crossing, _)| (audience, crossing)).collect()
}

#[test]
fn a_withdrawal_takes_out_at_once_and_is_told_where_the_entry_was() {
    let mut world = World::new();
    world.put("letter", "orders >= 1", Purpose::MarketingEmail);
    world.put("site", "orders >= 1", Purpose::Personalization);
    let email: Purposes = [Purpose::MarketingEmail].into_iter().collect();
    world.send(&[user(1)], "Order Completed", Some((email, Purposes::NONE)));
    world.send(&[user(2)], "Order Completed", None);
    world.settle();
    assert_eq!(world.pipeline().audiences_of(&user(1)).unwrap(), ["letter", "site"]);
    assert_eq!(world.pipeline().audiences_of(&user(2)).unwrap(), ["site"], "nobody asked about letters");
    assert_eq!(
        told(&world),
        [("letter".to_owned(), Crossing::Entered)],
        "what stays in the house is not told"
    );
    world.wait(1);
    world.send(&[user(1)], "Consent Preference Updated", Some((Purposes::NONE, email)));
    drain(world.pipeline());
    assert_eq!(world.pipeline().audiences_of(&user(1)).unwrap(), ["site"], "before anybody was asked again");
    let sizes = |world: &World| {
        let audiences = world.pipeline().audiences();
        ["letter", "site"].map(|name| audiences.size(audiences.get(name).unwrap().id))
    };
    assert_eq!(sizes(&world), [1, 2]);
    world.settle();
    assert_eq!(sizes(&world), [0, 2]);
    world.pipeline().sync().unwrap();
    assert_eq!(told(&world)[1], ("letter".to_owned(), Crossing::Exited));
    world.check(&subjects());
}

#[test]
fn a_visit_ends_without_an_event() {
    let mut world = World::new();
    world.put("here", "session_views >= 1", Purpose::Personalization);
    world.settle();
    world.send(&[device(0)], "Product Viewed", None);
    world.settle();
    assert_eq!(world.pipeline().audiences_of(&device(0)).unwrap(), ["here"]);
    world.wait(SESSION_GAP_MS);
    world.settle();
    assert_eq!(world.pipeline().audiences_of(&device(0)).unwrap(), ["here"], "up to the last moment");
    world.wait(1);
    world.settle();
    assert_eq!(world.pipeline().audiences_of(&device(0)).unwrap(), Vec::<String>::new());
    world.check(&subjects());
}

#[test]
fn a_pass_that_time_overtakes_is_followed_by_another() {
    let mut world = World::new();
    world.put("gone", "lifecycle_stage == 'at_risk'", Purpose::Personalization);
    world.send(&[device(0)], "Product Viewed", None);
    world.settle();
    world.wait(28 * UtcMillis::DAY);
    // The first slice of a pass, which asks about everybody there is.
    world.turn();
    world.wait(27 * UtcMillis::DAY);
    world.settle();
    assert_eq!(world.pipeline().audiences_of(&device(0)).unwrap(), ["gone"]);
    world.check(&subjects());
}

#[test]
fn who_is_erased_is_in_nothing_and_nowhere() {
    let mut world = World::new();
    world.put("site", "orders >= 1", Purpose::AdsSharing);
    for n in [1, 2] {
        world.send(&[user(n)], "Order Completed", None);
    }
    world.settle();
    world.check(&subjects());
    world.erase(&user(1));
    world.settle();
    world.check(&subjects());
    assert_eq!(world.expected(&user(1)), None);
    let stays = world.told();
    assert_eq!(stays.len(), 1, "{stays:?}");
    let size = |world: &World| {
        let audiences = world.pipeline().audiences();
        audiences.size(audiences.get("site").unwrap().id)
    };
    assert_eq!(size(&world), 1);
    // The log gives the same again: the definition stays, and nobody of it comes back.
    world.rebuild();
    assert_eq!((size(&world), world.told()), (1, stays));
    world.send(&[user(1)], "Order Completed", None);
    world.settle();
    world.check(&subjects());
}

#[test]
fn a_rule_of_a_newer_program_leaves_everybody_where_they_are() {
    let mut world = World::new();
    world.put("site", "orders >= 1", Purpose::Personalization);
    world.send(&[user(1)], "Order Completed", None);
    world.settle();
    world.put("site", "orders >= 1 && a_trait_to_come > 2", Purpose::Personalization);
    world.settle();
    assert_eq!(world.pipeline().audiences_of(&user(1)).unwrap(), ["site"]);
}

#[test]
fn the_thread_follows_by_itself() {
    let world = World::new();
    let pipeline = Arc::clone(world.pipeline());
    let _keeper = Keeper::start(Arc::clone(&pipeline)).unwrap();
    let mut world = world;
    let mut applied = pipeline.applications();
    let mut until = |names: &[&str]| {
        while pipeline.audiences_of(&device(0)).unwrap() != names {
            tradewind_ports::block_on(applied.changed()).unwrap();
        }
    };
    world.send(&[device(0)], "Product Viewed", None);
    world.put("site", "count_events('Product Viewed', 1) >= 1", Purpose::Personalization);
    until(&["site"]);
    world.put("two", "count_events('Product Viewed', 1) >= 2", Purpose::Personalization);
    world.send(&[device(0)], "Product Viewed", None);
    until(&["site", "two"]);
    world.put("site", "count_events('Product Viewed', 1) >= 3", Purpose::Personalization);
    until(&["two"]);
}
