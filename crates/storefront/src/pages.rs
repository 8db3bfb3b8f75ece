//! The shop's pages, one module each: what is recorded, what is asked of the engine, what is shown.

pub(crate) mod account;
pub(crate) mod cart;
pub(crate) mod category;
pub(crate) mod checkout;
pub(crate) mod home;
pub(crate) mod listing;
pub(crate) mod order;
pub(crate) mod privacy;
pub(crate) mod product;
pub(crate) mod search;
