//! What this crate stores, declared field by field: see [`tradewind_kernel::data_map`].

use tradewind_kernel::data_map::Stored;
use tradewind_kernel::stored;

use crate::{Feature, JoinKey, Row, ServiceSpec, View, ViewSpec};
stored! {
    pub(crate) static ROW: struct Row, "log/ and state/features", Features {
        event_at: Inferred, Declared, "When they held.";
        created_at: Inferred, Declared, "When they were made.";
        values: Inferred, Declared, "`None` where there is no value.";
    }
}

stored! {
    pub(crate) static VIEW: struct View, "log/ and state/feature_views", Shop {
        spec: Shop, Operation, "What is declared.";
        version: Shop, Operation, "Its version, from 1.";
    }
}

stored! {
    pub(crate) static VIEW_SPEC: struct ViewSpec, "log/ and state/feature_views", Shop {
        name: Shop, Operation, "Its name.";
        entity: Shop, Operation, "What it tells something about.";
        join_keys: Shop, Operation, "The columns that name the entity; one of the entity's own name, as text, if none is given.";
        features: Shop, Operation, "Its features.";
        source: Shop, Operation, "Where they come from.";
        ttl_seconds: Shop, Operation, "How old a row may be to count, in seconds; 0 sets no limit.";
        owner: Shop, Operation, "Who answers for it.";
        purpose: Shop, Operation, "What it may be used for, where it is personal data.";
        description: Shop, Operation, "What it is, in words.";
    }
}

stored! {
    pub(crate) static FEATURE: struct Feature, "log/ and state/feature_views", Shop {
        name: Shop, Operation, "Its name, unique within the view.";
        kind: Shop, Operation, "Its type.";
        unit: Shop, Operation, "What it counts: `orders`, `days`, `minor units`; empty where it has none.";
        from: Shop, Operation, "What it comes from, where that has another name than the feature: a trait, a field, a column.";
        description: Shop, Operation, "What it says, in words.";
        purpose: Shop, Operation, "What it may be used for, where that is narrower than the view's purpose.";
        ttl_seconds: Shop, Operation, "How long after the entity's latest event it has a value, in seconds.";
        dimensions: Shop, Operation, "Of an embedding, how many numbers it has.";
    }
}

stored! {
    pub(crate) static JOIN_KEY: struct JoinKey, "log/ and state/feature_views", Shop {
        name: Shop, Operation, "The column's name.";
        kind: Shop, Operation, "`string` or `int64`.";
    }
}

stored! {
    pub(crate) static SERVICE_SPEC: struct ServiceSpec, "log/ and state/feature_views", Shop {
        name: Shop, Operation, "Its name.";
        features: Shop, Operation, "`view:feature`, `view@v2:feature`, or `view` for all of a view.";
        models: Shop, Operation, "The models that read it.";
        owner: Shop, Operation, "Who answers for it.";
        description: Shop, Operation, "What it is for, in words.";
    }
}

/// All of it.
pub static ALL: &[&Stored] = &[&ROW, &VIEW, &VIEW_SPEC, &FEATURE, &JOIN_KEY, &SERVICE_SPEC];
