//! `number`: numeric literals.
//!
//! Invariant: the new literal is of the same type (integer, float, imaginary) and the same base.

use super::edit::Edit;
use super::registry::{Example, Operator};

pub(super) const INCREMENT: Operator = Operator {
    id: "number/increment",
    summary: "A number becomes itself plus one (a float so large that one does not count is doubled).",
    why: "A wrong number (a limit, an index, a rate) is the most common slip that still runs.",
    skipped: "`while 1`; numbers in annotations and format specifiers.",
    default: true,
    telling: 3,
    examples: &[
        Example { before: "x = 1", after: "x = 2" },
        Example { before: "x = 0.5", after: "x = 1.5" },
        Example { before: "x = 0xff", after: "x = 0x100" },
        Example { before: "x = 2j", after: "x = 3j" },
    ],
    kinds: &["integer", "float"],
    apply: |node, edits| {
        // `while 2` is `while 1`.
        if node.parent().is_some_and(|parent| parent.kind() == "while_statement") {
            return;
        }
        if let Some(number) = incremented(node.text()) {
            edits.push(Edit::token(node, number));
        }
    },
};

/// A literal's value plus one, as a literal.
fn incremented(literal: &str) -> Option<String> {
    let plain = literal.replace('_', "").to_ascii_lowercase();
    if let Some(number) = plain.strip_suffix('j') {
        return Some(format!("{}j", incremented_decimal(number)?));
    }
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = plain.strip_prefix(prefix) {
            return Some(format!("{prefix}{}", incremented_digits(digits, base)));
        }
    }
    incremented_decimal(&plain)
}

fn incremented_decimal(number: &str) -> Option<String> {
    if number.bytes().all(|b| b.is_ascii_digit()) {
        // CPython refuses integer literals of more than 4300 digits.
        return (number.len() < 4300).then(|| incremented_digits(number, 10));
    }
    let value: f64 = number.parse().ok()?;
    let next = if value + 1.0 == value { value * 2.0 } else { value + 1.0 };
    next.is_finite().then(|| format!("{next:?}"))
}

/// Adds one to a number of any length, without leading zeros.
fn incremented_digits(digits: &str, base: u32) -> String {
    let digits = digits.trim_start_matches('0');
    let mut reversed = Vec::with_capacity(digits.len() + 1);
    let mut carry = 1;
    for digit in digits.chars().rev().filter_map(|c| c.to_digit(base)) {
        reversed.push((digit + carry) % base);
        carry = (digit + carry) / base;
    }
    if carry > 0 {
        reversed.push(carry);
    }
    reversed.into_iter().rev().filter_map(|digit| char::from_digit(digit, base)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_literal_grows() {
        let table = [
            ("0", "1"),
            ("9", "10"),
            ("00", "1"),
            ("1_999", "2000"),
            (
                "99999999999999999999999999999999999999999",
                "100000000000000000000000000000000000000000",
            ),
            ("0X_FF", "0x100"),
            ("0o7", "0o10"),
            ("0b1", "0b10"),
            ("1.", "2.0"),
            (".5e1", "6.0"),
            ("1e300", "2e300"),
            ("9J", "10j"),
            ("1.5j", "2.5j"),
        ];
        for (before, after) in table {
            assert_eq!(incremented(before).as_deref(), Some(after), "{before}");
        }
        assert_eq!(incremented("1e999"), None);
        assert_eq!(incremented("1e308"), None);
    }
}
