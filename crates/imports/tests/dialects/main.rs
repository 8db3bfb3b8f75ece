//! The dialects from outside: small files, garbage, and the published files whole.

mod garbage;
mod lines;
mod online_retail;
mod real_files;
mod rees46;
mod support;
