//! Exit codes.
//!
//! Invariant: a code means one thing, here and in `docs/exit-codes.md`; 0 is never an error.

use std::process::ExitCode;

use crate::model::Conclusion;

/// What the process says by its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: the gate passed, or there was nothing to test (the output says which); for commands
    /// other than `run`: it worked.
    Success,
    /// 1: the gate failed: mutants that count survived, or are reached by no test.
    GateFailed,
    /// 2: usage or configuration: the run could not begin as asked.
    Usage,
    /// 3: the tests fail without a mutant, or cannot be collected.
    TestsFail,
    /// 4: nothing could be decided, by mutdiff's own fault or the machine's.
    Undecided,
    /// 130: interrupted; verdicts so far are kept.
    Interrupted,
}

impl Exit {
    /// The code as the shell sees it.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::GateFailed => 1,
            Self::Usage => 2,
            Self::TestsFail => 3,
            Self::Undecided => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<Conclusion> for Exit {
    fn from(conclusion: Conclusion) -> Self {
        match conclusion {
            Conclusion::Passed | Conclusion::NothingToTest | Conclusion::Listed => Self::Success,
            Conclusion::Failed => Self::GateFailed,
            Conclusion::TestsFail => Self::TestsFail,
            Conclusion::NothingDecided => Self::Undecided,
            Conclusion::Interrupted => Self::Interrupted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../docs/exit-codes.md");

    #[test]
    fn every_code_is_documented() {
        let all = [
            Exit::Success,
            Exit::GateFailed,
            Exit::Usage,
            Exit::TestsFail,
            Exit::Undecided,
            Exit::Interrupted,
        ];
        for exit in all {
            assert!(PAGE.contains(&format!("| {} |", exit.code())), "{exit:?}");
        }
    }

    #[test]
    fn nothing_decided_is_no_success() {
        assert_eq!(Exit::from(Conclusion::NothingDecided).code(), 4);
        assert_eq!(Exit::from(Conclusion::NothingToTest).code(), 0);
    }
}
