//! `POST /v1/features/training-set`: entities at times joined to what was known of them then, from the lake.
//!
//! Rows about people are left out unless each of them agrees, at this moment, to `model_training` and to the
//! purpose of every view and feature that is asked for: a withdrawal takes effect in the next set. Who a row is about, its column
//! of a subject says (`subject`, or the join key of a view of subjects), and `user_id` or `anonymous_id` where
//! there are such columns.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tradewind_features::{Naming, ReadPlan, View, training_query};
use tradewind_kernel::{Purpose, Purposes, Subject};
use tradewind_ports::SqlForm;
use utoipa::ToSchema;

use crate::auth::check_api_key;
use crate::body::{Inbound, read_json};
use crate::problem::{Code, Problem, ProblemDocument};
use crate::sql::{engine_of, problem_of};
use crate::state::Api;

/// The longest query of entities, in bytes.
const MAX_QUERY_BYTES: usize = 16 << 10;

/// What a set is made of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TrainingSetRequest {
    /// A query of the lake that gives the join keys, `event_timestamp`, and whatever else a model is to learn.
    entities: String,
    /// `view:feature`, `view@v2:feature`, or `view`; of views over the lake's SQL.
    #[serde(default)]
    features: Option<Vec<String>>,
    /// Or the features of this service.
    #[serde(default)]
    service: Option<String>,
    /// Whether features are named `view__feature`.
    #[serde(default)]
    full_feature_names: bool,
}

/// A set.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrainingSetOut {
    /// The columns, those of the entities first.
    columns: Vec<String>,
    /// The rows, each an object.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<BTreeMap<String, Box<RawValue>>>,
    row_count: usize,
    /// Rows about people who do not agree to it.
    left_out: usize,
    /// What a model that learns from it should keep: `view@v1:feature`.
    features: Vec<String>,
    /// What each person in it agrees to.
    purposes: Vec<&'static str>,
    /// When consent was asked, RFC 3339.
    made_at: String,
}

type Row = BTreeMap<String, Box<RawValue>>;

/// `POST /v1/features/training-set`
#[utoipa::path(post, path = "/v1/features/training-set", tag = "features", request_body = TrainingSetRequest,
    responses((status = 200, body = TrainingSetOut), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = 503, body = ProblemDocument)))]
pub(crate) async fn training_set(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Json<TrainingSetOut>, Problem> {
    check_api_key(&api, &headers)?;
    let body = read_json(&headers, body).await?;
    let ask: TrainingSetRequest = serde_json::from_slice(&body).map_err(|e| invalid(e.to_string()))?;
    if ask.entities.trim().is_empty() || ask.entities.len() > MAX_QUERY_BYTES {
        return Err(invalid("entities is a query of 1 byte to 16 KiB"));
    }
    let plan = planned(&api, &ask)?;
    let people = People::of(&plan)?;
    let query = training_query(&plan, &ask.entities).map_err(|view| invalid(no_history(view)))?;
    let answer = engine_of(&api)?.query(&query, SqlForm::Json).await.map_err(|error| problem_of(&error))?;
    if answer.is_truncated {
        let words = format!(
            "the set has more than {} rows: ask for fewer days, or raise lake.sql_max_rows",
            answer.rows
        );
        return Err(Problem::new(Code::SqlLimit, words));
    }
    let rows: Vec<Row> = serde_json::from_slice(&answer.body).map_err(|error| {
        tracing::error!(%error, "rows of a training set do not read");
        Problem::new(Code::Internal, "the rows of the lake do not read; see the program's log")
    })?;
    let made_at = api.now();
    let all = rows.len();
    let rows = people.agreeing(&api, rows)?;
    let features = plan.views.iter().flat_map(|planned| {
        let name =
            |&n: &usize| format!("{}:{}", planned.view.versioned(), planned.view.spec.features[n].name);
        planned.features.iter().map(name).collect::<Vec<_>>()
    });
    Ok(Json(TrainingSetOut {
        columns: columns_of(&plan, &rows),
        row_count: rows.len(),
        left_out: all - rows.len(),
        rows,
        features: features.collect(),
        purposes: people.purposes.iter().map(|purpose| purpose.as_str()).collect(),
        made_at: made_at.to_rfc3339(),
    }))
}

fn invalid(why: impl Into<String>) -> Problem {
    Problem::new(Code::InvalidRequest, why)
}

fn planned(api: &Api, ask: &TrainingSetRequest) -> Result<ReadPlan, Problem> {
    let registry = api.pipeline.feature_registry();
    let naming = if ask.full_feature_names { Naming::Full } else { Naming::Short };
    let plan = match (&ask.features, &ask.service) {
        (Some(features), None) => registry.plan(features, naming),
        (None, Some(service)) => registry.plan_service(service, naming),
        _ => return Err(invalid("name features or a service, one of them")),
    };
    plan.map_err(|error| invalid(error.to_string()))
}

/// Why a view cannot be in a set, and what to do.
fn no_history(view: &View) -> String {
    format!(
        "{} has no history in the lake: its values are those of the moment. Declare a view with {{\"sql\":…}} over \
         the lake's tables, or join a history of your own with `tradewind features training-set --history`",
        view.versioned()
    )
}

/// Who rows are about, and what each of them has to agree to.
struct People {
    /// Columns that name a subject, a user or an anonymous id.
    subjects: Vec<String>,
    purposes: Vec<Purpose>,
}

impl People {
    fn of(plan: &ReadPlan) -> Result<Self, Problem> {
        let mut people =
            Self { subjects: vec!["subject".to_owned()], purposes: vec![Purpose::ModelTraining] };
        let mut need = |purpose: Purpose| {
            if !people.purposes.contains(&purpose) {
                people.purposes.push(purpose);
            }
        };
        for planned in plan.views.iter().filter(|planned| planned.view.spec.entity.is_personal()) {
            let view = &planned.view;
            need(view.spec.purpose);
            planned.features.iter().filter_map(|&n| view.spec.features[n].purpose).for_each(&mut need);
        }
        for view in plan.views.iter().map(|planned| &planned.view).filter(|v| v.spec.entity.is_personal()) {
            if !view.is_of_subjects() {
                let words = "rows of it do not say which person they are about, so consent cannot be asked";
                return Err(invalid(format!("{}: {words}", view.versioned())));
            }
            people.subjects.extend(view.spec.keys().into_iter().map(|key| key.name));
        }
        people.subjects.sort();
        people.subjects.dedup();
        Ok(people)
    }

    /// The rows of those who agree to everything, and those that are about nobody.
    fn agreeing(&self, api: &Api, rows: Vec<Row>) -> Result<Vec<Row>, Problem> {
        let needed = self.purposes.iter().fold(Purposes::NONE, |all, purpose| all.with(*purpose));
        let mut known: HashMap<String, bool> = HashMap::new();
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let mut agrees = true;
            for subject in self.subjects_of(&row) {
                let key = subject.key();
                let one = match known.get(&key) {
                    Some(known) => *known,
                    None => {
                        let standing = api.pipeline.standing(&subject).map_err(|error| {
                            tracing::error!(%error, "consent could not be read");
                            Problem::new(Code::Internal, "consent could not be read; see the program's log")
                        })?;
                        let one = standing.1.allowed().and(needed) == needed;
                        known.insert(key, one);
                        one
                    }
                };
                agrees &= one;
            }
            if agrees {
                kept.push(row);
            }
        }
        Ok(kept)
    }

    fn subjects_of(&self, row: &Row) -> Vec<Subject> {
        let text = |column: &str| {
            let value: Value = serde_json::from_str(row.get(column)?.get()).ok()?;
            match value {
                Value::String(text) if !text.is_empty() => Some(text),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            }
        };
        let named = self.subjects.iter().filter_map(|column| text(column));
        let named = named.map(|id| Subject::parse(&id).unwrap_or(Subject::User(id)));
        let user = text("user_id").map(Subject::User);
        let anonymous = text("anonymous_id").map(Subject::Anonymous);
        named.chain(user).chain(anonymous).collect()
    }
}

/// The columns of the entities by name, then the features as they were asked for.
fn columns_of(plan: &ReadPlan, rows: &[Row]) -> Vec<String> {
    let features: Vec<String> = plan.columns.iter().map(|column| column.name.clone()).collect();
    let others = rows.first().into_iter().flat_map(BTreeMap::keys);
    let others = others.filter(|name| !features.contains(name)).cloned();
    others.collect::<Vec<_>>().into_iter().chain(features.iter().cloned()).collect()
}
