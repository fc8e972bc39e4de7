//! A badge for a README: an endpoint of shields.io.
//!
//! Invariant: the four keys that shields.io reads; no text of the project is in it.

use serde_json::json;

use crate::model::{Conclusion, Report};

use super::prose::percent;

/// The badge as JSON, a newline at the end.
pub fn write(report: &Report) -> String {
    let (message, color) = match (report.conclusion, report.score) {
        (Conclusion::TestsFail, _) => ("tests fail".to_owned(), "red"),
        (Conclusion::NothingDecided, _) => ("nothing decided".to_owned(), "red"),
        (Conclusion::Interrupted, _) => ("interrupted".to_owned(), "lightgrey"),
        (Conclusion::NothingToTest, _) => ("nothing to test".to_owned(), "lightgrey"),
        (Conclusion::Listed, _) | (_, None) => ("no score".to_owned(), "lightgrey"),
        (_, Some(score)) => {
            let color = match score {
                s if s >= 0.9 => "brightgreen",
                s if s >= 0.75 => "green",
                s if s >= 0.6 => "yellow",
                s if s >= 0.4 => "orange",
                _ => "red",
            };
            (percent(score), color)
        }
    };
    let badge = json!({
        "schemaVersion": 1,
        "label": "mutation score",
        "message": message,
        "color": color,
    });
    format!("{badge}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn badge(conclusion: Conclusion, score: Option<f64>) -> (String, String) {
        let text = write(&Report { conclusion, score, ..sample::report() });
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["schemaVersion"], 1);
        let word = |key: &str| value[key].as_str().unwrap().to_owned();
        (word("message"), word("color"))
    }

    #[test]
    fn a_badge_is_the_score_or_why_there_is_none() {
        assert_eq!(badge(Conclusion::Passed, Some(1.0)), ("100 %".into(), "brightgreen".into()));
        assert_eq!(badge(Conclusion::Failed, Some(0.655)), ("65.5 %".into(), "yellow".into()));
        assert_eq!(badge(Conclusion::TestsFail, Some(1.0)).0, "tests fail");
        assert_eq!(badge(Conclusion::Passed, None).0, "no score");
        assert_eq!(badge(Conclusion::NothingToTest, None).0, "nothing to test");
    }
}
