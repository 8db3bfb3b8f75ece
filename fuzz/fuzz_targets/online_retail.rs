#![no_main]
tradewind_fuzz::target!(online_retail);
