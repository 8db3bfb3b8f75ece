//! What is stored and has no type of its own here that could be taken apart: columns of the lake, which a test
//! compares with the lake's sources, and files.

use tradewind_kernel::data_map::{Data, Field, Keep, Stored, Use};

const fn of(name: &'static str, data: Data, purpose: Use, what: &'static str) -> Field {
    Field { name, data, purpose, what }
}

/// A column that says what the field of an event says that has its name, or what is read off one.
const fn of_event(name: &'static str, data: Data, purpose: Use) -> Field {
    of(name, data, purpose, "As in the event, or read off it.")
}

/// Columns of the tables of events and of order lines.
static LAKE_EVENTS: Stored = Stored {
    name: "lake_events",
    place: "lake/, tables of events and order_lines",
    keep: Keep::Lake,
    fields: &[
        of("offset", Data::Operational, Use::Operation, "The record of the log that it comes from."),
        of_event("message_id", Data::Operational, Use::Operation),
        of_event("kind", Data::Operational, Use::Operation),
        of_event("name", Data::Behaviour, Use::Analytics),
        of_event("user_id", Data::Pseudonym, Use::Analytics),
        of_event("anonymous_id", Data::Pseudonym, Use::Analytics),
        of_event("occurred_at", Data::Behaviour, Use::Analytics),
        of_event("received_at", Data::Operational, Use::Operation),
        of_event("origin", Data::Operational, Use::Operation),
        of_event("product_id", Data::Behaviour, Use::Analytics),
        of_event("price_minor", Data::Behaviour, Use::Analytics),
        of_event("currency", Data::Behaviour, Use::Analytics),
        of_event("quantity", Data::Behaviour, Use::Analytics),
        of_event("position", Data::Behaviour, Use::Analytics),
        of_event("product_count", Data::Behaviour, Use::Analytics),
        of_event("order_id", Data::Pseudonym, Use::Analytics),
        of_event("revenue_minor", Data::Orders, Use::Analytics),
        of_event("query", Data::Behaviour, Use::Analytics),
        of_event("page_path", Data::Behaviour, Use::Analytics),
        of_event("referrer", Data::Behaviour, Use::Analytics),
        of_event("device", Data::Technical, Use::Analytics),
        of_event("os", Data::Technical, Use::Analytics),
        of_event("browser", Data::Technical, Use::Analytics),
        of_event("channel", Data::Technical, Use::Analytics),
        of_event("source", Data::Technical, Use::Analytics),
        of_event("country", Data::Technical, Use::Analytics),
        of_event("region", Data::Technical, Use::Analytics),
        of_event("local_hour", Data::Technical, Use::Analytics),
        of_event("weekday", Data::Technical, Use::Analytics),
        of_event("holiday", Data::Technical, Use::Analytics),
        of_event("season", Data::Technical, Use::Analytics),
        of_event("previous_id", Data::Pseudonym, Use::Analytics),
        of_event("group_id", Data::Pseudonym, Use::Analytics),
        of_event("properties", Data::Free, Use::Analytics),
        of_event("traits", Data::Free, Use::Analytics),
        of_event("context", Data::Free, Use::Analytics),
        of("line", Data::Operational, Use::Operation, "Which of the products of its event."),
        of_event("sku", Data::Behaviour, Use::Analytics),
        of_event("product_name", Data::Behaviour, Use::Analytics),
        of_event("brand", Data::Behaviour, Use::Analytics),
        of_event("category", Data::Behaviour, Use::Analytics),
        of_event("variant", Data::Behaviour, Use::Analytics),
    ],
};

/// Columns of the tables of decisions.
static LAKE_DECISIONS: Stored = Stored {
    name: "lake_decisions",
    place: "lake/, tables of decisions",
    keep: Keep::Lake,
    fields: &[
        of("offset", Data::Operational, Use::Operation, "The record of the log that it comes from."),
        of("decision_id", Data::Operational, Use::Operation, "As in the decision."),
        of("placement", Data::Behaviour, Use::Personalization, "As in the decision."),
        of("decided_at", Data::Behaviour, Use::Personalization, "As in the decision."),
        of("user_id", Data::Pseudonym, Use::Analytics, "As in the decision."),
        of("anonymous_id", Data::Pseudonym, Use::Analytics, "As in the decision."),
        of("model_version", Data::Operational, Use::Operation, "As in the decision."),
        of("elapsed_us", Data::Operational, Use::Operation, "As in the decision."),
        of("slots", Data::Behaviour, Use::Personalization, "As in the decision."),
        of("degraded_reasons", Data::Operational, Use::Operation, "As in the decision."),
        of("position", Data::Behaviour, Use::Personalization, "As in the decision."),
        of("product_id", Data::Behaviour, Use::Personalization, "As in the decision."),
        of("score", Data::Behaviour, Use::Personalization, "As in the decision."),
        of("source", Data::Behaviour, Use::Personalization, "As in the decision."),
    ],
};

/// Columns of the table of products.
static LAKE_PRODUCTS: Stored = Stored {
    name: "lake_products",
    place: "lake/products",
    keep: Keep::Shop,
    fields: &[
        of("offset", Data::Shop, Use::Operation, "The record of the log that it comes from."),
        of("product_id", Data::Shop, Use::Operation, "As in the product."),
        of("updated_at", Data::Shop, Use::Operation, "As in the product."),
        of("title", Data::Shop, Use::Operation, "As in the product."),
        of("category", Data::Shop, Use::Operation, "As in the product."),
        of("brand", Data::Shop, Use::Operation, "As in the product."),
        of("price_minor", Data::Shop, Use::Operation, "As in the product."),
        of("cost_minor", Data::Shop, Use::Operation, "As in the product."),
        of("currency", Data::Shop, Use::Operation, "As in the product."),
        of("availability", Data::Shop, Use::Operation, "As in the product."),
        of("origin", Data::Shop, Use::Operation, "As in the product."),
        of("url", Data::Shop, Use::Operation, "As in the product."),
        of("image_url", Data::Shop, Use::Operation, "As in the product."),
        of("attributes", Data::Shop, Use::Operation, "As in the product."),
    ],
};

/// Trained models.
static MODELS: Stored = Stored {
    name: "model",
    place: "blobs/models",
    keep: Keep::Models,
    fields: &[
        of(
            "artifact",
            Data::Aggregate,
            Use::Personalization,
            "Which product follows which, over many people.",
        ),
        of("info", Data::Aggregate, Use::Operation, "When and of how many sessions it was made."),
    ],
};

/// Files of keys.
static KEYS: Stored = Stored {
    name: "keys",
    place: "master.key, erasures/salt, erasures/key, or where the configuration says",
    keep: Keep::Ledger,
    fields: &[
        of("master_key", Data::Operational, Use::Rights, "What the vault's keys are sealed with."),
        of("salt", Data::Operational, Use::Rights, "What makes fingerprints of the ledger."),
        of("signing_key", Data::Operational, Use::Rights, "What signs receipts."),
    ],
};

/// Tables of the state whose rows are plain keys and numbers.
static PLAIN_ROWS: Stored = Stored {
    name: "plain_rows",
    place: "state/, tables without a type of their own",
    keep: Keep::Aggregates,
    fields: &[
        of(
            "links",
            Data::Pseudonym,
            Use::Analytics,
            "Whose an anonymous id is and was, by time; kept as people.",
        ),
        of(
            "seen",
            Data::Operational,
            Use::Operation,
            "Hashes of live messages' ids, in a table a week; kept as message_ids.",
        ),
        of(
            "imported",
            Data::Operational,
            Use::Operation,
            "Hashes of imported messages' ids; kept as imported_ids.",
        ),
        of("duplicates", Data::Operational, Use::Operation, "Which records of the log were repetitions."),
        of("popularity", Data::Aggregate, Use::Analytics, "How popular each product is."),
        of("counters", Data::Aggregate, Use::Analytics, "How many events of each name there were."),
        of("words", Data::Shop, Use::Operation, "Texts of categories, brands and attributes."),
    ],
};

/// All of it.
pub(super) static ALL: &[&Stored] =
    &[&LAKE_EVENTS, &LAKE_DECISIONS, &LAKE_PRODUCTS, &MODELS, &KEYS, &PLAIN_ROWS];
