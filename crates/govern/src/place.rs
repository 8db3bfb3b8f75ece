//! What other parts keep of people.

use serde_json::Value;
use tradewind_pipeline::Whose;

/// A place, beside the state and the log, that holds something of people.
///
/// Erasures and exports ask every place, one after the other, on the thread `rights`; both may take their time.
pub trait Place: Send + Sync {
    /// Its name in receipts and exports, such as `lake`. It never changes.
    fn name(&self) -> &'static str;

    /// Removes what is theirs, for good, and gives how much it was. Made again, it finds nothing.
    ///
    /// # Errors
    /// In words; then the erasure counts as failed and is made again from its beginning at the next start.
    fn erase(&self, whose: &Whose) -> Result<u64, String>;

    /// What is theirs, in words that they can read; null for nothing.
    ///
    /// # Errors
    /// In words.
    fn export(&self, whose: &Whose) -> Result<Value, String>;

    /// What a receipt says of it beside the count, such as what has left and is beyond reach. It names nobody.
    fn remark(&self) -> Option<String> {
        None
    }
}

/// Where it is kept what people agreed to.
pub trait Consents: Send + Sync {
    /// Takes back every purpose for these people, durably, and gives for how many keys.
    ///
    /// # Errors
    /// In words.
    fn deny_all(&self, whose: &Whose) -> Result<u64, String>;
}
