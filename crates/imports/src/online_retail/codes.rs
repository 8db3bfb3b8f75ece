//! Which stock codes are goods, and which descriptions are names.

/// What a stock code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Something on the shelf.
    Goods,
    /// Postage and carriage.
    Shipping,
    /// A discount.
    Discount,
    /// Manual postings, charges, commissions, samples, tests, vouchers.
    NotAProduct,
}

/// Carriage; 23444 is "Next Day Carriage" in the one edition that has it.
const SHIPPING: [&str; 5] = ["POST", "DOT", "C2", "C3", "23444"];

/// Postings that sell nothing; 22016 is a gift voucher, 23702 a fee for pictures.
const NOT_PRODUCTS: [&str; 9] =
    ["M", "B", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "22016", "23702", "GIFT"];

/// The first letters of further such codes: `gift_0001_20`, `TEST001`, `ADJUST2`.
const NOT_PRODUCT_PREFIXES: [&str; 3] = ["GIFT_", "TEST", "ADJUST"];

/// What a code stands for, in either case.
pub(super) fn sort(code: &str) -> Sort {
    let is = |known: &&str| code.eq_ignore_ascii_case(known);
    let begins = |known: &&str| code.get(..known.len()).is_some_and(|head| head.eq_ignore_ascii_case(known));
    if SHIPPING.iter().any(is) {
        Sort::Shipping
    } else if code.eq_ignore_ascii_case("D") {
        Sort::Discount
    } else if NOT_PRODUCTS.iter().any(is) || NOT_PRODUCT_PREFIXES.iter().any(begins) {
        Sort::NotAProduct
    } else {
        Sort::Goods
    }
}

/// How much a description looks like a product's name: 0 not at all ("?", "damaged", "sold as 22467"),
/// 1 perhaps ("Dad's Cab Electronic Meter"), 2 surely: this ledger shouts its names.
pub(super) fn name_rank(description: &str) -> u8 {
    let upper = description.chars().filter(|c| c.is_uppercase()).count();
    let lower = description.chars().filter(|c| c.is_lowercase()).count();
    let words = description.split_whitespace().filter(|w| w.starts_with(char::is_alphabetic));
    let small = words.clone().filter(|w| w.starts_with(char::is_lowercase)).count();
    match () {
        () if upper + lower < 3 || description.contains('?') => 0,
        () if upper > lower => 2,
        () if words.count() > 1 && small == 0 => 1,
        () => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_in_either_case() {
        let check = |codes: &[&str], expected: Sort| {
            for code in codes {
                assert_eq!(sort(code), expected, "{code}");
            }
        };
        check(&["85123A", "DCGSSGIRL", "PADS", "10002", "é"], Sort::Goods);
        check(&["POST", "dot", "C2", "23444"], Sort::Shipping);
        check(&["D", "d"], Sort::Discount);
        check(&["M", "m", "gift_0001_20", "TEST001", "Bank Charges", "adjust"], Sort::NotAProduct);
    }

    #[test]
    fn stock_notes_are_no_names() {
        for note in ["", "?", "check", "damaged", "Found", "lost?", "MISSING??", "sold as 22467", "Amazon"] {
            assert_eq!(name_rank(note), 0, "{note}");
        }
        assert_eq!(name_rank("Dad's Cab Electronic Meter"), 1);
        for name in ["WHITE METAL LANTERN", "BAG 125g SWIRLY MARBLES", "FLOWERS HANDBAG blue and orange"] {
            assert_eq!(name_rank(name), 2, "{name}");
        }
    }
}
