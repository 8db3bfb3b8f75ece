//! What products are, as profiles see them: words for their categories, brands and attributes, and what they
//! cost beside others of their category.
//!
//! A word is a number for a text, given at the text's first use in the log's order and kept in the table
//! `words`; at most [`MAX_WORDS`], later texts have none. What is kept in memory beside them follows from the
//! catalog alone: the words of products that were touched, and the sum of the prices of each category, in
//! whole steps, so that it does not depend on the order in which products came.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tradewind_catalog::{CatalogSnapshot, Product};
use tradewind_events::Stated;
use tradewind_kernel::{Currency, Money};
use tradewind_people::facts::{
    Fact, ItemFacts, MAX_ATTRIBUTES, MAX_CATEGORY_LEVELS, StatedTaste, price_level,
};
use xxhash_rust::xxh3::xxh3_64;

use crate::items::Items;

/// Words that are given.
const MAX_WORDS: u32 = 1_000_000;
/// The longest text of a word, in characters; a longer one is cut.
const MAX_WORD_CHARS: usize = 80;
/// Products with a price that a category needs before its mean says anything.
const ENOUGH_PRICES: i64 = 3;

/// What a word is of; its text in the table begins with it.
const CATEGORY: char = 'c';
const BRAND: char = 'b';
const ATTRIBUTE: char = 'a';

/// The text of a word as people read it, without the mark of what it is of.
pub(crate) fn text_of(words: &Items, word: u32) -> Option<String> {
    words.id(word).map(|text| text.chars().skip(1).collect())
}

/// The word of a category, by its path.
pub(crate) fn category_word(words: &Items, category: &str) -> Option<u32> {
    let text: String = std::iter::once(CATEGORY).chain(category.chars().take(MAX_WORD_CHARS)).collect();
    words.number(&text)
}

/// Prices of one category: the sum of their levels, and how many there are.
#[derive(Debug, Clone, Copy, Default)]
struct Prices {
    sum: i64,
    count: i64,
}

/// A product's facts, and its category's hash.
#[derive(Debug, Clone)]
struct Known {
    facts: Arc<ItemFacts>,
    category: u64,
}

/// What is known before a batch.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    items: FxHashMap<u32, Known>,
    prices: FxHashMap<u64, Prices>,
}

/// What a batch adds.
#[derive(Debug, Default)]
pub(crate) struct NewFacts {
    /// Texts of new words, in the order of their numbers.
    pub(crate) words: Vec<Arc<str>>,
    numbers: FxHashMap<Arc<str>, u32>,
    /// `None` for a product that has changed and was not looked at since.
    items: FxHashMap<u32, Option<Known>>,
    prices: FxHashMap<u64, Prices>,
}

/// Where to look for what is known before a batch.
#[derive(Clone, Copy)]
pub(crate) struct Before<'a> {
    pub(crate) words: &'a Items,
    pub(crate) facts: &'a Facts,
    pub(crate) currency: Currency,
}

impl Facts {
    /// What follows from a whole catalog.
    pub(crate) fn of(catalog: &CatalogSnapshot, currency: Currency) -> Self {
        let mut prices = FxHashMap::default();
        for (_, product) in catalog.iter() {
            count(&mut prices, product, currency, 1);
        }
        Self { items: FxHashMap::default(), prices }
    }

    /// Takes in what a batch has added.
    pub(crate) fn extend(&mut self, batch: NewFacts) {
        for (item, known) in batch.items {
            match known {
                Some(known) => self.items.insert(item, known),
                None => self.items.remove(&item),
            };
        }
        for (category, more) in batch.prices {
            let prices = self.prices.entry(category).or_default();
            (prices.sum, prices.count) = (prices.sum + more.sum, prices.count + more.count);
        }
    }
}

fn category_hash(product: &Product) -> u64 {
    xxh3_64(product.category().as_bytes())
}

fn level(price: Option<Money>, currency: Currency) -> Option<i32> {
    price.filter(|money| money.currency == currency).and_then(|money| price_level(money.minor))
}

fn count(prices: &mut FxHashMap<u64, Prices>, product: &Product, currency: Currency, times: i64) {
    if let Some(level) = level(product.price, currency) {
        let prices = prices.entry(category_hash(product)).or_default();
        (prices.sum, prices.count) = (prices.sum + times * i64::from(level), prices.count + times);
    }
}

impl NewFacts {
    /// Notes that a product is another than before.
    pub(crate) fn changed(&mut self, item: u32, before: Option<&Product>, now: &Product, currency: Currency) {
        if let Some(before) = before {
            count(&mut self.prices, before, currency, -1);
        }
        count(&mut self.prices, now, currency, 1);
        self.items.insert(item, None);
    }

    /// What a product of an act is.
    pub(crate) fn of(&mut self, before: Before<'_>, item: u32, product: &Product) -> Fact {
        let known = match self.items.get(&item) {
            Some(known) => known.clone(),
            None => before.facts.items.get(&item).cloned(),
        };
        let known = known.unwrap_or_else(|| {
            let known = self.look(before, product);
            self.items.insert(item, Some(known.clone()));
            known
        });
        let relative_price = known.facts.price_level.zip(self.mean(before, known.category));
        Fact { relative_price: relative_price.map(|(level, mean)| level - mean), item: known.facts }
    }

    /// The mean price level of a category.
    fn mean(&self, before: Before<'_>, category: u64) -> Option<i32> {
        let old = before.facts.prices.get(&category).copied().unwrap_or_default();
        let new = self.prices.get(&category).copied().unwrap_or_default();
        let (sum, count) = (old.sum + new.sum, old.count + new.count);
        if count < ENOUGH_PRICES { None } else { i32::try_from(sum / count).ok() }
    }

    fn look(&mut self, before: Before<'_>, product: &Product) -> Known {
        let attributes = product.attributes.iter().take(MAX_ATTRIBUTES);
        let attributes: Vec<String> = attributes.map(|(name, value)| format!("{name}={value}")).collect();
        let facts = ItemFacts {
            categories: self.levels(before, &product.category_path),
            brand: product.brand.as_deref().and_then(|brand| self.word(before, BRAND, brand)),
            attributes: attributes.iter().filter_map(|text| self.word(before, ATTRIBUTE, text)).collect(),
            price_level: level(product.price, before.currency),
            is_reduced: product
                .list_price
                .zip(product.price)
                .is_some_and(|(list, price)| list.currency == price.currency && list.minor > price.minor),
        };
        Known { facts: Arc::new(facts), category: category_hash(product) }
    }

    /// The words of a path's levels.
    fn levels(&mut self, before: Before<'_>, path: &[String]) -> Vec<u32> {
        let levels = 1..=path.len().min(MAX_CATEGORY_LEVELS);
        levels.filter_map(|depth| self.word(before, CATEGORY, &path[..depth].join(" > "))).collect()
    }

    /// The words of what a shopper said.
    pub(crate) fn stated(&mut self, before: Before<'_>, stated: &Stated) -> StatedTaste {
        let attribute = |(name, value): &(String, String)| format!("{name}={value}");
        let attributes: Vec<String> = stated.attributes.iter().map(attribute).collect();
        let price = stated.price_max.filter(|money| money.currency == before.currency);
        StatedTaste {
            categories: stated.categories.iter().flat_map(|path| self.levels(before, path)).collect(),
            brands: stated.brands.iter().filter_map(|text| self.word(before, BRAND, text)).collect(),
            attributes: attributes.iter().filter_map(|text| self.word(before, ATTRIBUTE, text)).collect(),
            price_max_minor: price.map(|money| money.minor),
        }
    }

    fn word(&mut self, before: Before<'_>, mark: char, text: &str) -> Option<u32> {
        let text: String = std::iter::once(mark).chain(text.chars().take(MAX_WORD_CHARS)).collect();
        let known = before.words.number(&text).or_else(|| self.numbers.get(text.as_str()).copied());
        if known.is_some() {
            return known;
        }
        let number = before.words.len() + u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        if number >= MAX_WORDS {
            return None;
        }
        let text: Arc<str> = Arc::from(text);
        self.words.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tent(id: &str, minor: i64) -> Product {
        Product {
            id: id.into(),
            category_path: vec!["Camping".into(), "Tents".into()],
            brand: Some("Hearth".into()),
            price: Some(Money::new(minor, Currency::EUR)),
            list_price: Some(Money::new(9_000, Currency::EUR)),
            attributes: [("colour".to_owned(), "green".to_owned())].into(),
            ..Product::default()
        }
    }

    #[test]
    fn words_are_given_once_and_prices_compare() {
        let (mut facts, mut words) = (Facts::default(), Items::default());
        for (item, minor) in [(0, 4_000), (1, 8_000), (2, 16_000)] {
            let before = Before { words: &words, facts: &facts, currency: Currency::EUR };
            let mut batch = NewFacts::default();
            let product = tent("t", minor);
            batch.changed(item, None, &product, Currency::EUR);
            let fact = batch.of(before, item, &product);
            assert_eq!((fact.item.categories.as_slice(), fact.item.brand), (&[0, 1][..], Some(2)));
            assert_eq!((fact.item.is_reduced, fact.relative_price.is_some()), (minor < 9_000, item == 2));
            assert_eq!(batch.words.len(), if item == 0 { 4 } else { 0 });
            batch.words.iter().for_each(|text| words.push(Arc::clone(text)));
            facts.extend(batch);
        }
        let text = |word| text_of(&words, word).unwrap();
        assert_eq!([text(1), text(3)], ["Camping > Tents", "colour=green"]);
        let before = Before { words: &words, facts: &facts, currency: Currency::EUR };
        let mut batch = NewFacts::default();
        assert_eq!(batch.of(before, 1, &tent("t", 8_000)).relative_price, Some(0));
        batch.changed(2, Some(&tent("t", 16_000)), &tent("t", 2_000), Currency::EUR);
        assert_eq!(batch.of(before, 1, &tent("t", 8_000)).relative_price, Some(1_024));
    }
}
