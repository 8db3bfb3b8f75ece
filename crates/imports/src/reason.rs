//! Why a row was not taken: a closed set of codes.

/// Why a row was not taken. Its code is what [`crate::Reject`] and [`crate::Tally`] carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// More or fewer fields than the header.
    WrongColumns,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A line over 1 MiB.
    TooLarge,
    /// An id, a customer or a country over 64 bytes.
    TooLong,
    /// Not a number, nor `C` and a number.
    BadInvoiceNumber,
    /// No product is named.
    NoStockCode,
    /// Manual postings, fees, samples, vouchers and the like.
    NotAProduct,
    /// Not a date and time, or one after the import.
    BadDate,
    /// Not a whole number within ±10 million, or zero.
    BadQuantity,
    /// Not a decimal number within ±42 million.
    BadPrice,
    /// Nothing was charged, or less: zero, under half a minor unit, or negative.
    NoPrice,
    /// A correction of the stock: goods leave without a sale.
    NegativeWithoutCancellation,
    /// A cancellation that sells.
    PositiveInCancellation,
    /// A second customer on one invoice.
    CustomerDiffers,
    /// No product is named.
    NoProductId,
    /// No person is named.
    NoUserId,
    /// A type of event that the dialect does not have.
    UnknownEventType,
    /// The same row again, within one second of the file.
    DuplicateRow,
    /// A line that is not JSON.
    InvalidJson,
    /// JSON that is no message.
    InvalidMessage,
}

impl Reason {
    /// Every reason there is.
    pub const ALL: [Self; 20] = [
        Self::WrongColumns,
        Self::NotUtf8,
        Self::TooLarge,
        Self::TooLong,
        Self::BadInvoiceNumber,
        Self::NoStockCode,
        Self::NotAProduct,
        Self::BadDate,
        Self::BadQuantity,
        Self::BadPrice,
        Self::NoPrice,
        Self::NegativeWithoutCancellation,
        Self::PositiveInCancellation,
        Self::CustomerDiffers,
        Self::NoProductId,
        Self::NoUserId,
        Self::UnknownEventType,
        Self::DuplicateRow,
        Self::InvalidJson,
        Self::InvalidMessage,
    ];

    /// Its stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrongColumns => "wrong_columns",
            Self::NotUtf8 => "not_utf8",
            Self::TooLarge => "too_large",
            Self::TooLong => "too_long",
            Self::BadInvoiceNumber => "bad_invoice_number",
            Self::NoStockCode => "no_stock_code",
            Self::NotAProduct => "not_a_product",
            Self::BadDate => "bad_date",
            Self::BadQuantity => "bad_quantity",
            Self::BadPrice => "bad_price",
            Self::NoPrice => "no_price",
            Self::NegativeWithoutCancellation => "negative_without_cancellation",
            Self::PositiveInCancellation => "positive_in_cancellation",
            Self::CustomerDiffers => "customer_differs",
            Self::NoProductId => "no_product_id",
            Self::NoUserId => "no_user_id",
            Self::UnknownEventType => "unknown_event_type",
            Self::DuplicateRow => "duplicate_row",
            Self::InvalidJson => "invalid_json",
            Self::InvalidMessage => "invalid_message",
        }
    }
}
