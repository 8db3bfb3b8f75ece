//! The graph against an oracle that knows nothing of spans, and the failures of others, each by its name.

mod cases;
mod oracle;
