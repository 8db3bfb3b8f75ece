//! Carts and checkouts: what is about to be bought.

use tradewind_events::Kind;

use super::payload::{cart_key, links, object, objects, products, put, put_numbers, put_person, put_texts};
use super::{Heard, Notice, Said};
use crate::collect::parse::{Reject, reject};
use crate::dialects::draft::{Draft, Fields, text_of};

/// `carts/create`, `carts/update`: the cart as it is now. Not a *Cart Viewed*, since nobody looked.
pub(super) fn cart(notice: &Notice, payload: &Fields) -> Heard {
    let key = cart_key(payload, "token").or_else(|| cart_key(payload, "id"));
    if key.is_none() {
        return Err(reject("id_missing", "the cart has no token"));
    }
    let mut draft = notice.draft(Kind::Track, payload, &["updated_at", "created_at"]);
    draft.name = Some("Cart Updated".to_owned());
    put_person(&mut draft, payload, std::slice::from_ref(&key));
    put(&mut draft.properties, "cart_id", key);
    put_texts(&mut draft.properties, payload, &[("currency", "currency")]);
    put(&mut draft.properties, "products", Some(products(payload)));
    Ok(Said::Events(vec![draft]))
}

/// `checkouts/create`
pub(super) fn checkout_started(notice: &Notice, payload: &Fields) -> Heard {
    let (draft, links) = checkout(notice, payload, "Checkout Started", &["created_at"])?;
    Ok(Said::Events(links.into_iter().chain([draft]).collect()))
}

/// `checkouts/update`: `step` is the last one that is filled in: 1 contact, 2 address, 3 shipping.
pub(super) fn checkout_step(notice: &Notice, payload: &Fields) -> Heard {
    let (mut draft, links) = checkout(notice, payload, "Checkout Step Completed", &["updated_at"])?;
    let shipping = objects(payload, "shipping_lines").next().or_else(|| object(payload, "shipping_line"));
    let step = if shipping.is_some() {
        3
    } else if object(payload, "shipping_address").is_some() {
        2
    } else {
        1
    };
    put(&mut draft.properties, "step", Some(step));
    put(&mut draft.properties, "shipping_method", shipping.and_then(|s| text_of(s, "title")));
    put_texts(&mut draft.properties, payload, &[("gateway", "payment_method")]);
    Ok(Said::Events(links.into_iter().chain([draft]).collect()))
}

fn checkout(
    notice: &Notice,
    payload: &Fields,
    name: &str,
    times: &[&str],
) -> Result<(Draft, Vec<Draft>), Reject> {
    let Some(token) = text_of(payload, "token").or_else(|| text_of(payload, "id")) else {
        return Err(reject("id_missing", "the checkout has no token"));
    };
    let cart = cart_key(payload, "cart_token");
    let keys = [cart.clone().or_else(|| Some(format!("shopify:checkout:{token}")))];
    let mut draft = notice.draft(Kind::Track, payload, times);
    draft.name = Some(name.to_owned());
    put_person(&mut draft, payload, &keys);
    let properties = &mut draft.properties;
    put(properties, "checkout_id", Some(token));
    put(properties, "cart_id", cart);
    put_texts(properties, payload, &[("currency", "currency"), ("source_name", "affiliation")]);
    let amounts = [
        ("total_price", "value"),
        ("subtotal_price", "revenue"),
        ("total_tax", "tax"),
        ("total_discounts", "discount"),
    ];
    put_numbers(properties, payload, &amounts);
    put(properties, "products", Some(products(payload)));
    let links = links(&draft, &keys);
    Ok((draft, links))
}
