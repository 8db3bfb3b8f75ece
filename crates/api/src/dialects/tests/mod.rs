//! Each dialect has tests of its own beside it; here is what they and others share.

pub(crate) mod testing;
