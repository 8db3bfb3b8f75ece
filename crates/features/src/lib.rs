//! The feature store without its storage: what is declared, what a row is, what leads to what.
//!
//! A [`ViewSpec`] declares features of one entity, with their types, source, age limit, owner and purpose. A
//! [`Registry`] keeps the versions of all views side by side: a change of the schema makes a new version, a
//! change of words does not. A [`ReadPlan`] is a list of features looked up in a registry, ready to be read by
//! whoever has the rows. A [`Row`] is what was pushed or computed for one entity; of two rows the later one
//! counts. [`point_in_time_join`] makes training sets that never look ahead.
//!
//! Nothing here does I/O or reads a clock.

pub mod built_in;
mod check;
mod codec;
pub mod data_map;
mod join;
mod json;
mod lineage;
mod note;
mod plan;
mod registry;
mod row;
mod sql;
mod value;
mod view;

pub use check::DeclarationError;
pub use codec::CodecError;
pub use join::{EntityTime, HistoryRow, point_in_time_join};
pub use json::ValueError;
pub use lineage::{Edge, Lineage, LiveModel, Node, NodeKind};
pub use note::{FeatureNote, NewRow, RowBatch};
pub use plan::{Column, FeatureRef, Naming, PlanError, PlannedView, ReadPlan};
pub use registry::{Put, Registry};
pub use row::{Row, entity_key, row_key};
pub use sql::{training_query, training_set_sql};
pub use value::{Scalar, Value, ValueType};
pub use view::{EntityKind, Feature, JoinKey, ServiceSpec, Source, View, ViewSpec};
