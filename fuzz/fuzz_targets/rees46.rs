#![no_main]
tradewind_fuzz::target!(rees46);
