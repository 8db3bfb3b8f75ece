//! Bytes as hexadecimal digits.

use std::fmt::Write;

/// Lower-case digits, two for each byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a string does not fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// So many bytes of lower-case digits; `None` for anything else.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_read_back() {
        assert_eq!(encode(&[0, 0x9f, 255]), "009fff");
        assert_eq!(decode::<3>("009fff"), Some([0, 0x9f, 255]));
        for wrong in ["009ff", "009fff0", "009FFF", "009ffg", "é0é0"] {
            assert_eq!(decode::<3>(wrong), None, "{wrong}");
        }
    }
}
