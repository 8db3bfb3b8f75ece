//! What an event says of a visit beside the products that it names.

use tradewind_events::{Commerce, EventName, EventView, Stated};
use tradewind_kernel::Currency;
use tradewind_people::facts::{Arrival, Channel, Country, Device, Signal};

/// What an event says by itself.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) signal: Signal,
    pub(crate) arrival: Arrival,
    pub(crate) stated: Option<Box<Stated>>,
}

/// Reads it.
pub(crate) fn said(
    event: &EventView<'_>,
    name: Option<&EventName>,
    commerce: Option<&Commerce>,
    currency: Currency,
) -> Said {
    let is_quiz = name == Some(&EventName::QuizAnswered);
    Said {
        signal: name.map_or(Signal::None, |name| signal(name, commerce)),
        arrival: arrival(event),
        stated: is_quiz.then(|| Box::new(Stated::read(event.properties, currency))),
    }
}

fn signal(name: &EventName, commerce: Option<&Commerce>) -> Signal {
    match name {
        EventName::ProductsSearched => Signal::Searched,
        EventName::ProductListViewed | EventName::ProductListFiltered => Signal::Listed,
        EventName::CartViewed => Signal::CartSeen,
        EventName::CheckoutStarted | EventName::CheckoutStepViewed | EventName::CheckoutStepCompleted => {
            Signal::Checkout
        }
        EventName::PaymentInfoEntered => Signal::Payment,
        EventName::CouponApplied => Signal::Coupon,
        EventName::OrderCompleted if commerce.is_some_and(|c| c.coupon.is_some()) => Signal::Coupon,
        _ => Signal::None,
    }
}

fn arrival(event: &EventView<'_>) -> Arrival {
    let Some(enriched) = &event.enriched else { return Arrival::default() };
    Arrival {
        device: enriched.device.as_deref().and_then(Device::parse),
        channel: enriched.channel.as_deref().and_then(Channel::parse),
        country: enriched.country.as_deref().and_then(Country::parse),
    }
}
