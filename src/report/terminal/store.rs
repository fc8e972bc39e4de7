//! What `mutdiff store status` says.
//!
//! Invariant: what is not known has no line.

use jiff::Timestamp;

use crate::model::{StoreState, StoreStatus};

use super::Style;
use super::page::{Page, Role};

/// A number of bytes for a reader: `840 bytes`, `1.5 MiB`.
pub fn byte_size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one digit behind the point is shown")]
    let mut size = bytes as f64;
    for unit in ["bytes", "KiB", "MiB", "GiB"] {
        if size < 1023.95 || unit == "GiB" {
            return if unit == "bytes" {
                format!("{bytes} bytes")
            } else {
                format!("{size:.1} {unit}")
            };
        }
        size /= 1024.0;
    }
    unreachable!("the last unit takes all")
}

/// The page.
pub fn store_status(status: &StoreStatus, style: &Style) -> String {
    let mut page = Page::new(style);
    let mut fact = |name: &str, value: &str| {
        let name = page.paint(Role::Aside, &format!("{name:<12}"));
        let line = format!("{name}{}", page.paint(Role::Plain, value));
        page.line(0, &line);
    };
    fact("store", &status.path.display().to_string());
    let known = status.known_schema;
    let state = match (status.state, status.schema) {
        (StoreState::Missing, _) => "none yet: a run or mutdiff record makes it".to_owned(),
        (StoreState::Foreign, _) => {
            "another database, which the next run replaces by a store".to_owned()
        }
        (StoreState::Older, schema) => format!(
            "of an older mutdiff (schema {}, now {known}): the next run begins anew",
            schema.unwrap_or_default()
        ),
        (StoreState::Newer, schema) => format!(
            "of a newer mutdiff (schema {}, known up to {known}): this one cannot use it",
            schema.unwrap_or_default()
        ),
        (StoreState::Current, _) => format!("schema {known}"),
    };
    fact("state", &state);
    if status.state != StoreState::Missing {
        fact("size", &byte_size(status.bytes));
    }
    if let Some(time) = status.written.and_then(|time| Timestamp::from_second(time).ok()) {
        fact("written", &time.to_string());
    }
    if let Some(environment) = &status.environment {
        let mut text = format!(
            "{} on Python {} ({}), {} distributions, mutdiff {}",
            environment.runner,
            environment.python,
            environment.interpreter,
            environment.distributions,
            environment.mutdiff
        );
        if !environment.arguments.is_empty() {
            text = format!("{text}, --tests {}", environment.arguments.join(" "));
        }
        fact("made in", &text);
    }
    if let Some(counts) = &status.counts {
        for (name, count) in [
            ("files", counts.files),
            ("functions", counts.functions),
            ("tests", counts.tests),
            ("edges", counts.edges),
        ] {
            fact(name, &count.to_string());
        }
        fact("verdicts", &format!("{} on {} mutants", counts.verdicts, counts.mutants));
    }
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{StoreCounts, StoreEnvironment};

    fn status(state: StoreState, schema: Option<i64>) -> StoreStatus {
        StoreStatus {
            path: "/r/.mutdiff/store.db".into(),
            state,
            schema,
            known_schema: 3,
            bytes: 1_572_864,
            written: Some(1_700_000_000),
            environment: None,
            counts: None,
        }
    }

    #[test]
    fn a_store_is_shown_with_what_it_holds() {
        let environment = StoreEnvironment {
            key: "k".into(),
            mutdiff: "0.1.0".into(),
            python: "3.13.0".into(),
            interpreter: "/v/bin/python".into(),
            runner: "pytest".into(),
            arguments: vec!["tests/unit".into(), "-x".into()],
            distributions: 4,
        };
        let counts =
            StoreCounts { files: 1, functions: 2, tests: 3, edges: 4, mutants: 5, verdicts: 6 };
        let status = StoreStatus {
            environment: Some(environment),
            counts: Some(counts),
            ..status(StoreState::Current, Some(3))
        };
        insta::assert_snapshot!(store_status(&status, &Style::default()), @r"
        store       /r/.mutdiff/store.db
        state       schema 3
        size        1.5 MiB
        written     2023-11-14T22:13:20Z
        made in     pytest on Python 3.13.0 (/v/bin/python), 4 distributions, mutdiff 0.1.0, --tests tests/unit -x
        files       1
        functions   2
        tests       3
        edges       4
        verdicts    6 on 5 mutants
        ");
    }

    #[test]
    fn a_store_that_cannot_be_used_says_what_follows() {
        for (state, schema, said) in [
            (StoreState::Missing, None, "none yet"),
            (StoreState::Foreign, None, "another database"),
            (StoreState::Older, Some(1), "(schema 1, now 3): the next run begins anew"),
            (StoreState::Newer, Some(9), "(schema 9, known up to 3): this one cannot use it"),
        ] {
            let text = store_status(&status(state, schema), &Style::default());
            assert!(text.contains(said), "{text}");
        }
    }

    #[test]
    fn sizes_change_their_unit() {
        let sizes = [0, 1023, 1024, 1_048_575, 5 << 30].map(byte_size);
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1.0 KiB", "1.0 MiB", "5.0 GiB"]);
    }
}
