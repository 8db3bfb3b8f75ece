#![no_main]
tradewind_fuzz::target!(json_lines);
