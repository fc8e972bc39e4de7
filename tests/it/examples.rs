//! The examples of `docs/examples/`: one report in every format.
//!
//! Invariant: they are what this mutdiff writes. After a change that is meant, write them again:
//! `MUTDIFF_WRITE_EXAMPLES=1 cargo test --test it examples`.

use std::fs;
use std::path::Path;

use mutdiff::report::format::{Format, FormatOptions};
use mutdiff::report::json;

/// The ending of a format's example.
fn ending(format: Format) -> &'static str {
    match format {
        Format::Json | Format::Sarif | Format::Gitlab | Format::Elements | Format::Badge => "json",
        Format::Html => "html",
        Format::Text | Format::Agent | Format::Annotations => "txt",
        Format::Junit => "xml",
        Format::Markdown => "md",
    }
}

#[test]
fn every_example_is_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples");
    let text = fs::read_to_string(folder.join("report.json")).unwrap();
    let report = json::read(&text).unwrap();
    let mut stale = Vec::new();
    for format in Format::ALL {
        let name = match format {
            Format::Json => "report.json".to_owned(),
            _ => format!("{}.{}", format.name(), ending(format)),
        };
        let path = folder.join(&name);
        let rendered = format.render(&report, FormatOptions::default());
        if fs::read_to_string(&path).ok().as_ref() != Some(&rendered) {
            if std::env::var_os("MUTDIFF_WRITE_EXAMPLES").is_some() {
                fs::write(&path, &rendered).unwrap();
            } else {
                stale.push(name);
            }
        }
    }
    assert!(
        stale.is_empty(),
        "{} in docs/examples/ would be written in another way now; if that is meant: \
         MUTDIFF_WRITE_EXAMPLES=1 cargo test --test it examples",
        stale.join(", ")
    );
}
