//! What a shopper says of themselves: the answers of `Quiz Answered`.

use serde_json::Value;
use serde_json::value::RawValue;
use tradewind_kernel::{Currency, Money};

/// Answers of one kind that are read, at most.
const MAX_ANSWERS: usize = 8;

/// A stated taste. What does not read is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stated {
    /// Paths of categories, the root first: `category`, a text or a list of such.
    pub categories: Vec<Vec<String>>,
    /// Brands: `brand`, a text or a list of such.
    pub brands: Vec<String>,
    /// Attributes with their values: `attributes`, an object.
    pub attributes: Vec<(String, String)>,
    /// The most that one product should cost: `price_max`, in major units of `currency`.
    pub price_max: Option<Money>,
}

impl Stated {
    /// Reads properties. An amount without a readable currency is in `shop_currency`.
    #[must_use]
    pub fn read(properties: Option<&RawValue>, shop_currency: Currency) -> Self {
        let Some(Ok(Value::Object(fields))) = properties.map(|raw| serde_json::from_str(raw.get())) else {
            return Self::default();
        };
        let texts = |name: &str| fields.get(name).map(texts).unwrap_or_default();
        let currency = fields.get("currency").and_then(Value::as_str);
        let currency = currency.and_then(|c| Currency::parse(c).ok()).unwrap_or(shop_currency);
        let price = fields.get("price_max").and_then(number);
        let attributes = fields.get("attributes").and_then(Value::as_object).into_iter().flatten();
        Self {
            categories: texts("category").iter().map(|text| path(text)).filter(|p| !p.is_empty()).collect(),
            brands: texts("brand"),
            attributes: attributes
                .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
                .take(MAX_ANSWERS)
                .collect(),
            price_max: price.and_then(|major| Money::from_major(major, currency).ok()),
        }
    }
}

fn path(category: &str) -> Vec<String> {
    let levels = category.split(['>', '/']).map(str::trim).filter(|level| !level.is_empty());
    levels.map(str::to_owned).collect()
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().filter_map(text).take(MAX_ANSWERS).collect(),
        one => text(one).into_iter().collect(),
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|n: &f64| n.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Stated {
        Stated::read(Some(&RawValue::from_string(json.to_owned()).unwrap()), Currency::EUR)
    }

    #[test]
    fn answers_and_what_is_none() {
        let stated = read(
            r#"{"category":["Camping > Tents",7,{}],"brand":"Hearth","price_max":"49.90","attributes":{"colour":"green","odd":[1]}}"#,
        );
        assert_eq!(stated.categories, [vec!["Camping", "Tents"], vec!["7"]]);
        assert_eq!((stated.brands, stated.price_max.unwrap().minor), (vec!["Hearth".to_owned()], 4_990));
        assert_eq!(stated.attributes, [("colour".to_owned(), "green".to_owned())]);
        for odd in ["[1]", "3", r#"{"category":{},"price_max":"much","attributes":7}"#] {
            assert_eq!(read(odd), Stated::default(), "{odd}");
        }
    }
}
