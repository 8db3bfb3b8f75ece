//! Rows of features, as Feast's client writes them.

use std::sync::LazyLock;

use tradewind_api::wire;
use tradewind_features::{FeatureNote, FeatureRef, RowBatch, View};

use crate::RECEIVED;

/// A view with a feature of every type.
static VIEW: LazyLock<Option<View>> = LazyLock::new(|| {
    let spec = r#"{"name":"v","entity":"subject","joinKeys":[{"name":"k","type":"string"}],"features":[
        {"name":"a","type":"int64"},{"name":"b","type":"double"},{"name":"c","type":"float"},
        {"name":"d","type":"string"},{"name":"e","type":"bool"},{"name":"f","type":"unix_timestamp"},
        {"name":"g","type":"bytes"},{"name":"h","type":"float_list"},{"name":"i","type":"string_list"}],
        "source":{"push":"p"},"purpose":"analytics"}"#;
    serde_json::from_str(spec).ok().map(|spec| View { spec, version: 1 })
});

/// Any body that was unpacked: its rows fit the view, and the log gives back what it was given.
pub fn check(bytes: &[u8]) {
    let Ok(body) = wire::unpack(&axum::http::HeaderMap::new(), bytes) else { return };
    let Some(view) = &*VIEW else { panic!("the view does not read") };
    if let Ok(text) = std::str::from_utf8(&body)
        && let Ok(name) = FeatureRef::parse(text)
    {
        assert!(!name.view.is_empty() && name.feature != Some(""));
    }
    let Some(rows) = wire::feast_rows(&body, view, RECEIVED) else { return };
    for new in &rows {
        assert!(new.row.fits(view) && !new.entity.is_empty() && new.entity.len() <= 1_000, "{new:?}");
    }
    let note = FeatureNote::Rows(RowBatch { view: "v".into(), version: 1, rows });
    let mut stored = Vec::new();
    note.encode_to(&mut stored);
    // JSON has no NaN, so that what is equal is the same.
    assert_eq!(FeatureNote::decode(&stored).as_ref(), Ok(&note));
}
