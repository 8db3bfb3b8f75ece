#![no_main]
tradewind_fuzz::target!(feast);
