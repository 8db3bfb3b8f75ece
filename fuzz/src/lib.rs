//! What the fuzz targets share: each is a call of [`target`] with its own name.

#[doc(hidden)]
pub use libfuzzer_sys::fuzz_target;
#[doc(hidden)]
pub use tradewind_fuzzing::targets;

/// A fuzz target that runs the check of this name.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        $crate::fuzz_target!(
            init: {
                std::sync::LazyLock::force(&CHECK);
            },
            |bytes: &[u8]| (*CHECK)(bytes)
        );

        static CHECK: std::sync::LazyLock<fn(&[u8])> = std::sync::LazyLock::new(|| {
            let found = $crate::targets().into_iter().find(|(name, _)| *name == stringify!($name));
            found.expect("crates/fuzzing has no check of this name").1
        });
    };
}
