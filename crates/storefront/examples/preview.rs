//! Serves the shop and the console over the in-memory engine of the tests, to look at.
//!
//! `cargo run -p tradewind-storefront --example preview [-- ADDRESS]`; the address is 127.0.0.1:8089.

use std::sync::Arc;

use tradewind_kernel::{Currency, SystemClock};
use tradewind_storefront::{Site, router};

#[path = "../tests/shop/art.rs"]
mod art;
#[path = "../tests/shop/memory.rs"]
#[expect(dead_code, reason = "the tests read more of the engine than the preview does")]
mod memory;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8089".to_owned());
    let engine = memory::Memory::new(memory::goods(), Arc::new(SystemClock), memory::Health::Well);
    let site = Site::new("Tradewind Outfitters", "Well-made things for weather of every kind", Currency::EUR);
    let listener = tokio::net::TcpListener::bind(&address).await?;
    axum::serve(listener, router(Arc::new(engine), site)).await
}
