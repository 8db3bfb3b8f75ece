//! Trained models and the session index as bytes.
//!
//! An artifact's checksum is put right, so that what lies behind it is reached.

use tradewind_models::{CoOccurrence, CoScratch, Scratch, SessionIndex, Trained};
use xxhash_rust::xxh3::xxh3_64;

/// Any bytes, as each of the three formats.
pub fn check(bytes: &[u8]) {
    if let Ok(model) = CoOccurrence::from_bytes(bytes) {
        co_occurrence(&model);
    }
    if let Ok(index) = SessionIndex::from_bytes(bytes) {
        session_index(&index);
    }
    artifact(bytes);
    if let Some((body, _)) = bytes.split_last_chunk::<8>() {
        artifact(&[body, &xxh3_64(body).to_le_bytes()].concat());
    }
}

fn artifact(bytes: &[u8]) {
    let Ok(trained) = Trained::from_bytes(bytes) else { return };
    co_occurrence(&trained.seen);
    co_occurrence(&trained.bought);
    let Ok(written) = trained.to_bytes() else { panic!("it does not write: {:?}", trained.info) };
    let Ok(back) = Trained::from_bytes(&written) else { panic!("it does not read back: {:?}", trained.info) };
    assert_eq!((back.seen, back.bought), (trained.seen, trained.bought));
    assert_eq!(back.info, trained.info);
}

fn co_occurrence(model: &CoOccurrence) {
    let back = CoOccurrence::from_bytes(&model.to_bytes());
    assert_eq!(back.as_ref(), Ok(model));
    let mut scratch = CoScratch::default();
    for history in [&[0][..], &[1, 0], &[2, 3, 2], &[u32::MAX]] {
        for (item, score) in model.recommend(history, &mut scratch, 5) {
            assert!((item as usize) < model.items() && !history.contains(&item));
            assert!(score.is_finite() && score > 0.0, "a score of {score}");
        }
    }
    assert!(model.related(0, 5).iter().all(|(_, weight)| weight.is_finite()));
}

fn session_index(index: &SessionIndex) {
    let written = index.to_bytes();
    let Ok(back) = SessionIndex::from_bytes(&written) else { panic!("it does not read back") };
    assert_eq!(back.to_bytes(), written);
    assert_eq!((back.sessions(), back.clicks()), (index.sessions(), index.clicks()));
    let mut scratch = Scratch::default();
    for query in [&[0][..], &[1, 0], &[2, 3, 2], &[u32::MAX]] {
        for (item, score) in index.predict(query, None, &mut scratch, 5) {
            assert!((item as usize) < index.items() && score.is_finite(), "{item}: {score}");
        }
    }
}
