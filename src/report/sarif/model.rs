//! The part of SARIF 2.1.0 that is written, as plain data.
//!
//! Invariant: names are the standard's; what is absent is not written.

use serde::Serialize;
use std::collections::BTreeMap;

/// A SARIF log with one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sarif {
    #[serde(rename = "$schema")]
    pub(super) schema: &'static str,
    pub(super) version: &'static str,
    pub(super) runs: [Run; 1],
}

impl Sarif {
    /// The results, nearest to the change first.
    pub fn results(&self) -> &[SarifResult] {
        &self.runs[0].results
    }
}

/// One run of mutdiff.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub(super) tool: Tool,
    pub(super) invocations: [Invocation; 1],
    pub(super) automation_details: AutomationDetails,
    pub(super) column_kind: &'static str,
    pub(super) original_uri_base_ids: BTreeMap<&'static str, UriBase>,
    pub(super) results: Vec<SarifResult>,
    pub(super) properties: RunProperties,
}

/// Where relative paths start.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct UriBase {
    pub(super) description: Text,
}

/// What the whole run found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunProperties {
    pub(super) conclusion: crate::model::Conclusion,
    pub(super) score: Option<f64>,
    pub(super) counts: crate::model::Counts,
    pub(super) left_out: usize,
}

/// What a category of code scanning is made from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct AutomationDetails {
    pub(super) id: &'static str,
    pub(super) description: Text,
}

/// mutdiff.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Tool {
    pub(super) driver: Driver,
}

/// mutdiff and its rules.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Driver {
    pub(super) name: &'static str,
    pub(super) semantic_version: String,
    pub(super) short_description: Text,
    pub(super) rules: Vec<Rule>,
}

/// A rule: an operator, or that no test reaches a function.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) short_description: Text,
    pub(super) full_description: Text,
    pub(super) help: Text,
    pub(super) default_configuration: Configuration,
    pub(super) properties: RuleProperties,
}

/// The level of a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Configuration {
    pub(super) level: Level,
}

/// What code scanning shows of a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct RuleProperties {
    pub(super) tags: [&'static str; 2],
    pub(super) precision: &'static str,
    #[serde(rename = "problem.severity")]
    pub(super) severity: &'static str,
}

/// Text, and the same in Markdown.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Text {
    pub(super) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) markdown: Option<String>,
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), markdown: None }
    }
}

/// How bad a result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// mutdiff's own fault.
    Error,
    /// The change brought it.
    Warning,
    /// It was there before, or may have been.
    Note,
}

/// How the run went.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub(super) execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_execution_notifications: Vec<Notification>,
}

/// Something that the reader should know.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Notification {
    pub(super) level: Level,
    pub(super) message: Text,
    pub(super) descriptor: Descriptor,
}

/// A stable word for a notification.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Descriptor {
    pub(super) id: String,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SarifResult {
    pub(super) rule_id: String,
    pub(super) rule_index: usize,
    pub(super) level: Level,
    pub(super) message: Text,
    pub(super) locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related_locations: Vec<Location>,
    pub(super) partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) baseline_state: Option<&'static str>,
    pub(super) properties: ResultProperties,
}

/// What tells a result from another one, and finds it again in a later run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fingerprints {
    /// What GitHub reads.
    pub(super) primary_location_line_hash: String,
    #[serde(rename = "mutdiff/v1")]
    pub(super) mutdiff: String,
}

/// What else there is to say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ResultProperties {
    pub(super) mutant: String,
    pub(super) verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) change: Option<crate::model::ChangeOfVerdict>,
    pub(super) reasons: String,
    pub(super) original: String,
    pub(super) replacement: String,
    pub(super) diff: String,
    pub(super) tests: Vec<String>,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u32>,
    pub(super) physical_location: PhysicalLocation,
    pub(super) logical_locations: [LogicalLocation; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<Text>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    pub(super) artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<Region>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactLocation {
    pub(super) uri: String,
    pub(super) uri_base_id: &'static str,
}

/// A range of text; the end column is behind the last character.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub(super) start_line: u32,
    pub(super) start_column: u32,
    pub(super) end_line: u32,
    pub(super) end_column: u32,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogicalLocation {
    pub(super) fully_qualified_name: String,
    pub(super) kind: &'static str,
}
