//! What `mutdiff explain` says of a function, a line or a mutant.
//!
//! Invariant: what could not be found out is `None` or a word of its own, never a guess.

use super::{
    FunctionKey, LineNo, LineRange, MutantId, Notice, OperatorId, Reasons, TestId, Verdict,
};

/// What is known of a function, or of a part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The function.
    pub function: FunctionKey,
    /// Its lines.
    pub lines: LineRange,
    /// The line that was asked about.
    pub line: Option<LineNo>,
    /// What the change is measured against.
    pub base: String,
    /// Why it is in scope; empty where it is not.
    pub reasons: Reasons,
    /// Why it is not in scope.
    pub outside: Vec<String>,
    /// The calls from it to the changed function that it is nearest to.
    pub calls: Vec<CallStep>,
    /// Why the last of these functions counts as changed, where its own code is the same.
    pub end_reasons: Reasons,
    /// Whether it (the line, if one was asked about) ran before the first test.
    pub at_import: bool,
    /// The tests that reach it (the line, if one was asked about), in the order of collection.
    pub tests: Vec<TestId>,
    /// Lines with the number of tests that reach each of them.
    pub reach: Vec<(LineRange, usize)>,
    /// The mutants that were asked about.
    pub mutants: Vec<ExplainedMutant>,
    /// Things that the reader should know.
    pub notices: Vec<Notice>,
}

/// A call on the way to a changed function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallStep {
    /// Who calls.
    pub caller: FunctionKey,
    /// Who is called.
    pub callee: FunctionKey,
    /// How that is known.
    pub known: CallKnown,
}

/// How a call is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKnown {
    /// A test was seen to make it.
    Seen,
    /// A test was seen to make it when the code was another.
    SeenBefore,
    /// The text mentions the callee, and no test reaches the caller.
    Told,
    /// No call: the second overrides, or may stand in for, the first.
    Overrides,
}

/// A mutant of what was asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedMutant {
    /// Its id.
    pub id: MutantId,
    /// The operator that yields it.
    pub operator: OperatorId,
    /// Its lines.
    pub lines: LineRange,
    /// The text that is replaced.
    pub original: String,
    /// The text in its place.
    pub replacement: String,
    /// Whether a run of this scope decides it.
    pub in_scope: bool,
    /// The rule or comment by which nobody wants it tested.
    pub suppressed: Option<String>,
    /// How it is placed; `None` where no test reaches it.
    pub route: Option<Placing>,
    /// What a verdict on it rests on, beside its own text and its function.
    pub rests_on: RestsOn,
    /// Its newest verdict, whatever that rests on.
    pub latest: Option<LatestVerdict>,
    /// Whether a run would use a stored verdict now.
    pub reuse: Reuse,
}

/// How a mutant is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placing {
    /// Swapped into a fork of the process that has imported everything.
    Hot,
    /// Imported afresh, since its line runs at import.
    Cold,
}

/// What a verdict rests on, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RestsOn {
    /// Tests that decide it.
    pub tests: usize,
    /// Functions that these enter, tests and helpers included.
    pub functions: usize,
}

/// A stored verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct LatestVerdict {
    /// What became of the mutant.
    pub verdict: Verdict,
    /// The tests that ran with it.
    pub tests: usize,
    /// When it was decided, in seconds since 1970.
    pub recorded_at: i64,
}

/// Whether a stored verdict would be used now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reuse {
    /// All that it rests on is the same.
    Yes,
    /// It was never decided.
    NeverDecided,
    /// Something that it rests on is another; what, as far as that can be told.
    No(Vec<String>),
    /// The environment of a run is not known without starting Python.
    Unknown,
}
