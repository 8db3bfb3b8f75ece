//! A schema as JSON Schema, draft 2020-12, for validators and editors.
//!
//! It says what to send. The collector takes more: numbers written as text, ids that are numbers.

use serde_json::{Map, Value, json};

use super::{Need, OF_EACH_PRODUCT, Property, PropertyType, Schema};

impl Schema {
    /// The properties of the event as JSON Schema. `x-enables`, `x-unit` and `x-recommended` are notes.
    #[must_use]
    pub fn to_json_schema(&self) -> Value {
        let own = self.properties.iter().filter(|p| !p.name.starts_with(OF_EACH_PRODUCT));
        let mut schema = object(own);
        let of_products: Vec<&Property> =
            self.properties.iter().filter(|p| p.name.starts_with(OF_EACH_PRODUCT)).collect();
        if !of_products.is_empty() {
            schema["properties"]["products"]["items"] = object(of_products.into_iter());
        }
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        schema["$id"] = format!("urn:tradewind:schema:{}:{}", super::plain(&self.event), self.version).into();
        schema["title"] = self.event.as_ref().into();
        schema["description"] = self.description.as_ref().into();
        schema["x-version"] = self.version.into();
        if !self.enables.is_empty() {
            schema["x-enables"] = self.enables.as_ref().into();
        }
        schema
    }
}

fn local(name: &str) -> &str {
    name.strip_prefix(OF_EACH_PRODUCT).unwrap_or(name)
}

fn object<'a>(properties: impl Iterator<Item = &'a Property>) -> Value {
    let (mut fields, mut required, mut any_of) = (Map::new(), Vec::new(), Vec::new());
    for property in properties {
        fields.insert(local(&property.name).to_owned(), one(property));
        match property.need {
            Need::Required if property.or.is_empty() => required.push(local(&property.name)),
            Need::Required => {
                let names = std::iter::once(&property.name).chain(&property.or);
                let choices: Vec<Value> = names.map(|n| json!({ "required": [local(n)] })).collect();
                any_of.push(json!({ "anyOf": choices }));
            }
            Need::Recommended | Need::Optional => {}
        }
    }
    let mut object = json!({"type": "object", "properties": fields, "additionalProperties": true});
    if !required.is_empty() {
        object["required"] = required.into();
    }
    if !any_of.is_empty() {
        object["allOf"] = any_of.into();
    }
    object
}

fn one(property: &Property) -> Value {
    let mut schema = match property.kind {
        PropertyType::String => json!({"type": ["string", "number"]}),
        PropertyType::Number | PropertyType::Money => json!({"type": "number"}),
        PropertyType::Integer => json!({"type": "integer"}),
        PropertyType::Currency => json!({"type": "string", "pattern": "^[A-Za-z]{3}$"}),
        PropertyType::Time => json!({"type": "string", "format": "date-time"}),
        PropertyType::Boolean => json!({"type": "boolean"}),
        PropertyType::Object => json!({"type": "object"}),
        PropertyType::Array => json!({"type": "array"}),
        PropertyType::Any => json!({}),
    };
    let notes = [("description", &property.description), ("x-enables", &property.enables)];
    for (name, words) in notes.into_iter().filter(|(_, words)| !words.is_empty()) {
        schema[name] = words.as_ref().into();
    }
    if let Some(unit) = &property.unit {
        schema["x-unit"] = unit.as_ref().into();
    }
    if property.need == Need::Recommended {
        schema["x-recommended"] = true.into();
    }
    schema
}
