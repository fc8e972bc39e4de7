//! The JSON report: [`write()`] and [`read()`], documented key by key in `docs/report.md`.
//!
//! Invariant: `read(write(report))` is `report`, times rounded to microseconds; a key that is
//! written is documented (a test reads the page).

pub(in crate::report) mod view;

use crate::model::{REPORT_VERSION, Report};

use view::ReportView;

/// Why a text is no report.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// It is not JSON, or a key is missing or of another type.
    #[error("not a mutdiff report")]
    Malformed(#[from] serde_json::Error),
    /// A later mutdiff wrote it.
    #[error("the report is of version {found}; this mutdiff reads up to version {REPORT_VERSION}")]
    Version {
        /// The version it says.
        found: u64,
    },
}

/// The report as indented JSON, a newline at its end.
pub fn write(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(&ReportView::from(report))
        .expect("the view's keys are strings and its values plain data");
    text.push('\n');
    text
}

/// Reads what [`write()`] wrote. Keys that this version does not know are passed over; a report of
/// a later version is an error.
pub fn read(text: &str) -> Result<Report, JsonError> {
    let value: serde_json::Value = serde_json::from_str(text)?;
    if let Some(found) = value.get("version").and_then(serde_json::Value::as_u64)
        && found > u64::from(REPORT_VERSION)
    {
        return Err(JsonError::Version { found });
    }
    let view: ReportView = serde_json::from_value(value)?;
    Ok(view.into())
}

#[cfg(test)]
pub(in crate::report) mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::model::{Part, PlanIdentity, Shard, ShardPart};
    use crate::report::sample;

    const PAGE: &str = include_str!("../../../docs/report.md");

    pub(in crate::report) fn keys(value: &Value, at: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                    keys(value, &path, found);
                    found.insert(path);
                }
            }
            Value::Array(values) => {
                values.iter().for_each(|value| keys(value, &format!("{at}[]"), found));
            }
            _ => {}
        }
    }

    /// The keys of a page's tables.
    pub(in crate::report) fn documented_in(page: &str) -> BTreeSet<String> {
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        rows.filter_map(|row| row.split_once("` |")).map(|(key, _)| key.to_owned()).collect()
    }

    #[test]
    fn every_key_written_is_documented_and_the_other_way_round() {
        let mut report = sample::report();
        report.part = Some(Part::Shard(Box::new(ShardPart {
            shard: Shard { number: 1, of: 2 },
            plan: PlanIdentity::default(),
            assignment: None,
            mutants: 0,
            positions: Vec::new(),
            duplicates: Vec::new(),
            digest: String::new(),
        })));
        report.mutants[0].minor = Some("empty".into());
        let value = serde_json::from_str(&write(&report)).unwrap();
        let mut written = BTreeSet::new();
        keys(&value, "", &mut written);
        assert_eq!(written, documented_in(PAGE));
    }

    #[test]
    fn a_report_is_read_back_as_it_was_written() {
        let report = sample::report();
        assert_eq!(read(&write(&report)).unwrap(), report);
    }

    #[test]
    fn a_mutant_is_flat_and_says_its_verdict_in_a_word() {
        let report = sample::report();
        let value: Value = serde_json::from_str(&write(&report)).unwrap();
        let mutants = value["mutants"].as_array().unwrap();
        let words: Vec<_> =
            mutants.iter().map(|m| (m["verdict"].as_str().unwrap(), &m["detail"])).collect();
        assert_eq!(words[2], ("no_tests", &Value::Null));
        assert_eq!(words[5], ("timeout", &Value::from("tests/test_cart.py::test_large")));
        assert_eq!(words[11], ("not_run", &Value::from("budget")));
        assert_eq!(mutants[1]["killed_by"], "tests/test_cart.py::test_small");
        assert_eq!(mutants[0]["killed_by"], Value::Null);
        insta::assert_snapshot!(mutants[6]["reasons"], @r#"[{"distance":1,"function":{"name":"Cart.total","path":"shop/cart.py"},"kind":"caller_of","seen":true,"text":"caller of Cart.total (distance 1)"}]"#);
        insta::assert_snapshot!(mutants[0]["span"], @r#"{"bytes":{"end":102,"start":100},"end":{"column":10,"line":12},"start":{"column":8,"line":12}}"#);
    }

    #[test]
    fn times_are_written_to_the_microsecond() {
        let mut report = sample::report();
        report.mutants[0].milliseconds = 1.234_567_89;
        let value: Value = serde_json::from_str(&write(&report)).unwrap();
        assert_eq!(value["mutants"][0]["milliseconds"], 1.235);
    }

    #[test]
    fn a_later_version_is_refused_by_number() {
        let error = read(r#"{"version": 99}"#).unwrap_err();
        insta::assert_snapshot!(error, @"the report is of version 99; this mutdiff reads up to version 1");
        assert!(matches!(read("[]"), Err(JsonError::Malformed(_))));
        assert!(matches!(read("no"), Err(JsonError::Malformed(_))));
    }
}
