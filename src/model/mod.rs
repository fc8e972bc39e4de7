//! Plain data shared by every layer: what mutdiff speaks about, without how it is found or shown.
//!
//! Invariant: nothing here reads a file, starts a process or prints; every type is a value.

mod explanation;
mod file;
mod function;
mod function_table;
mod gate;
mod graph;
mod lead;
mod mutant;
mod part;
mod quick;
mod recorded;
mod report;
mod review;
mod scope;
mod stored;
mod test;
mod text;
mod trace;
mod type_checker;
mod verdict;

pub use explanation::{
    CallKnown, CallStep, ExplainedMutant, Explanation, LatestVerdict, Placing, RestsOn, Reuse,
};
pub use file::{ContentHash, FileStat};
pub use function::{Fingerprint, Function, FunctionKey, FunctionKind, QualName};
pub use function_table::{FunctionTable, Lists};
pub use gate::{Gate, GateError, GateKind};
pub use graph::CallGraph;
pub use lead::{Lead, Word};
pub use mutant::{ClassHeader, Mutant, MutantId, OperatorId, SwapUnit};
pub use part::{Part, PlanIdentity, Shard, ShardError, ShardPart, ShardPlan};
pub use quick::{QuickHasher, QuickMap};
pub use recorded::TraceSummary;
pub use report::{
    Conclusion, Counts, DecidedMutant, DuplicateMutant, Notice, Phase, PhaseTime, REPORT_VERSION,
    Report, ReportedCall, Revision, ScopedFunctionReport, SkippedFile, SourceText, Timings,
};
pub use review::{
    Action, ChangedFile, LineComment, NewReview, Place, Posted, PullRequest, StandingRemark,
};
pub use scope::{Reason, Reasons, ScopeKind, ScopedFunction, TestChange};
pub use stored::{
    StoreCleared, StoreCounts, StoreEnvironment, StoreState, StoreStatus, StoredCaller, StoredScope,
};
pub use test::{FailedTest, TestId, TestOutcome};
pub use text::{ByteSpan, LineNo, LineRange, Position, RepoPath, Span};
pub use trace::{CodePoint, CollectedTest, EdgeSeen, ImportTrace, LineSet, TestTrace};
pub use type_checker::TypeChecker;
pub use verdict::{ChangeOfVerdict, NotRunReason, Verdict};
