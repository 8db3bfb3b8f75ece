#![no_main]
tradewind_fuzz::target!(log_entry);
