//! Ids that look like the providers' and are the same in every run.

use compact_str::CompactString;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Number of base-62 digits of a 64-bit number.
const DIGITS_OF_A_NUMBER: usize = 11;

/// Returns the `number`th id with this prefix. Ids are unique: the first eleven characters are a bijection of the
/// number. Ids of up to 24 characters fit into a `CompactString` without allocation.
pub fn identifier(prefix: &str, number: u64, length: usize) -> CompactString {
    let mut id = CompactString::with_capacity(prefix.len().saturating_add(length));
    id.push_str(prefix);
    let mut mixed = number;
    let mut wanted = length;
    while wanted > 0 {
        mixed = mix(mixed);
        let mut digits = mixed;
        for _ in 0..wanted.min(DIGITS_OF_A_NUMBER) {
            id.push(digit(digits));
            digits /= 62;
        }
        wanted = wanted.saturating_sub(DIGITS_OF_A_NUMBER);
    }
    id
}

/// Applies `SplitMix64`'s finalizer, a bijection that spreads neighboring numbers over all 64 bits.
pub fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Returns the `number`th id with this prefix in the form of a ULID: ten digits of the time in milliseconds, and sixteen of
/// the number, so that ids are in the order of time.
pub fn ulid(prefix: &str, milliseconds: i64, number: u64) -> CompactString {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut id = CompactString::with_capacity(prefix.len().saturating_add(26));
    id.push_str(prefix);
    let mut push = |value: u128, digits: u32| {
        for place in (0..digits).rev() {
            let index = usize::try_from((value >> (5 * place)) & 31).unwrap_or_default();
            id.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'0')));
        }
    };
    let time = u64::try_from(milliseconds).unwrap_or_default();
    push(time.into(), 10);
    push(
        (u128::from(mix(number)) << 16) | u128::from(mix(mix(number)) >> 48),
        16,
    );
    id
}

fn digit(number: u64) -> char {
    let index = usize::try_from(number % 62).unwrap_or_default();
    char::from(ALPHABET.get(index).copied().unwrap_or(b'0'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_distinct_short_and_repeatable() {
        let ids = || {
            (0..20_000)
                .map(|number| identifier("sub_1", number, 19))
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(ids().len(), 20_000);
        assert_eq!(ids(), ids());
        assert!(
            ids()
                .iter()
                .all(|id| id.len() == 24 && !id.is_heap_allocated())
        );
    }
}
