#![no_main]
tradewind_fuzz::target!(ga4);
