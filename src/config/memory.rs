//! How much memory a test may take, with all that it starts.
//!
//! Invariant: the default depends on the machine alone, so that verdicts of one machine agree.

use std::fs;

/// The default on a machine that has four times as much.
const USUAL: u64 = 2 << 30;
/// Less than this is no limit that an interpreter could keep.
const LEAST: u64 = 16 << 20;

/// 2 GiB, or a quarter of what the machine (or the container) has, if that is less.
pub fn default_memory_limit() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    });
    let places = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let container = places
        .iter()
        .filter_map(|place| fs::read_to_string(place).ok()?.trim().parse::<u64>().ok())
        .min();
    let whole = [machine, container].into_iter().flatten().min();
    whole.map_or(USUAL, |whole| (whole / 4).clamp(LEAST, USUAL))
}

/// Reads `512M`, `1.5GiB`, `800000k`; powers of 1024, bytes without a unit.
///
/// # Errors
/// What is needed, when it is no size or too small a one.
pub fn memory_size(text: &str) -> Result<u64, String> {
    let needed = || "a size that is at least 16M is needed, such as 512M or 1.5G".to_owned();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let power = match unit.to_ascii_lowercase().trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return Err(needed()),
    };
    let number: f64 = number.parse().map_err(|_| needed())?;
    let bytes = number * 1024_f64.powi(power);
    if !bytes.is_finite() || bytes >= 2_f64.powi(60) {
        return Err(needed());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "digits have no sign, and the size was just found to fit"
    )]
    let bytes = bytes as u64;
    if bytes < LEAST { Err(needed()) } else { Ok(bytes) }
}

/// The shortest text that [`memory_size`] reads as `bytes`.
pub fn memory_text(bytes: u64) -> String {
    let units = [("G", 1 << 30), ("M", 1 << 20), ("k", 1 << 10)];
    let fitting = units.into_iter().find(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit));
    fitting.map_or_else(|| bytes.to_string(), |(name, unit)| format!("{}{name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, bytes) in [
            ("16777216", 16 << 20),
            ("512M", 512 << 20),
            ("512mb", 512 << 20),
            ("1.5GiB", 3 << 29),
            ("20000k", 20000 << 10),
        ] {
            assert_eq!(memory_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "M", "1X", "15M", "-1G", "1.2.3G", "nan", "1e9", "9999999T"] {
            assert!(memory_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_size_is_written_as_it_may_be_given() {
        for text in ["2G", "1536M", "20001k", "16777217"] {
            assert_eq!(memory_text(memory_size(text).unwrap()), text);
        }
    }

    #[test]
    fn the_default_is_within_reason() {
        assert!((LEAST..=USUAL).contains(&default_memory_limit()));
    }
}
