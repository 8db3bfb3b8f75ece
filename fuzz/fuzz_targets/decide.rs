#![no_main]
tradewind_fuzz::target!(decide);
