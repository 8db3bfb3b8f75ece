//! Audiences on the embedded engines.
