//! What is worth a remark on the lines of a pull request: the choice for reviews and annotations.
//!
//! Invariant: at most one remark a line, two of an operator in a function and seven a file, `new` and `regressed` findings only,
//! nearest to the change first, and of those as near the most telling; every such finding is either in a
//! remark or counted as left out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    ChangeOfVerdict, DecidedMutant, FunctionKey, LineNo, LineRange, OperatorId, Reason, RepoPath,
    Report, Verdict,
};

use super::operators::telling;

/// Remarks that one file takes: more are read by nobody.
pub const A_FILE: usize = 7;

/// Remarks of one operator that one function takes: the next would only say the same again.
pub const OF_A_KIND: usize = 2;

/// A remark on a line: a survivor, or the first line of a function that no test reaches.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark<'r> {
    /// The mutant that is shown. Its id names the remark from run to run.
    pub mutant: &'r DecidedMutant,
    /// Mutants that the remark speaks for as well: other survivors of the line, or the function's
    /// other mutants that no test reaches.
    pub beside: Vec<&'r DecidedMutant>,
}

impl Remark<'_> {
    /// The file.
    pub fn path(&self) -> &RepoPath {
        &self.mutant.function.path
    }

    /// The lines of the mutant that is shown.
    pub fn lines(&self) -> LineRange {
        self.mutant.span.lines()
    }

    /// The changed function that the finding depends on, where it is in another one.
    pub fn changed_callee(&self) -> Option<&FunctionKey> {
        changed_callee(self.mutant)
    }
}

/// The choice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Surfaced<'r> {
    /// The remarks, nearest to the change first, survivors before unreached lines.
    pub remarks: Vec<Remark<'r>>,
    /// `new` and `regressed` findings that no remark speaks for.
    pub left_out: usize,
}

impl<'r> Surfaced<'r> {
    /// The same with `most` remarks at most; the rest is counted as left out.
    #[must_use]
    pub fn limited(mut self, most: usize) -> Self {
        let dropped = self.remarks.split_off(most.min(self.remarks.len()));
        self.left_out += dropped.iter().map(|remark| 1 + remark.beside.len()).sum::<usize>();
        self
    }

    /// The mutants that a remark speaks for.
    pub fn mutants(&self) -> impl Iterator<Item = &'r DecidedMutant> + '_ {
        self.remarks
            .iter()
            .flat_map(|remark| std::iter::once(remark.mutant).chain(remark.beside.iter().copied()))
    }
}

/// All that could be remarked, nearest to the change first, whatever the limits.
pub fn remarks(report: &Report) -> Vec<Remark<'_>> {
    let mut findings: Vec<&DecidedMutant> =
        report.mutants.iter().filter(|mutant| is_surfaced(mutant)).collect();
    findings.sort_by_key(|mutant| rank(mutant));

    let mut remarks: Vec<Remark<'_>> = Vec::new();
    let mut survivor_of: BTreeMap<(&RepoPath, LineNo), usize> = BTreeMap::new();
    let mut unreached_of: BTreeMap<&FunctionKey, usize> = BTreeMap::new();
    for mutant in findings {
        let line = (&mutant.function.path, mutant.span.start.line);
        let known = match mutant.verdict {
            Verdict::NoTests => unreached_of.get(&mutant.function),
            _ => survivor_of.get(&line),
        };
        if let Some(&known) = known {
            remarks[known].beside.push(mutant);
            continue;
        }
        match mutant.verdict {
            Verdict::NoTests => unreached_of.insert(&mutant.function, remarks.len()),
            _ => survivor_of.insert(line, remarks.len()),
        };
        remarks.push(Remark { mutant, beside: Vec::new() });
    }
    remarks
}

/// Chooses the remarks of a report.
pub fn surfaced(report: &Report) -> Surfaced<'_> {
    let mut chosen = Surfaced::default();
    let mut lines = BTreeSet::new();
    let mut files: BTreeMap<&RepoPath, usize> = BTreeMap::new();
    let mut kinds: BTreeMap<(&FunctionKey, &OperatorId), usize> = BTreeMap::new();
    for remark in remarks(report) {
        let path = &remark.mutant.function.path;
        let in_file = files.entry(path).or_default();
        let of_kind = kinds.entry((&remark.mutant.function, &remark.mutant.operator)).or_default();
        if *in_file < A_FILE
            && *of_kind < OF_A_KIND
            && lines.insert((path, remark.mutant.span.start.line))
        {
            *in_file += 1;
            *of_kind += 1;
            chosen.remarks.push(remark);
        } else {
            chosen.left_out += 1 + remark.beside.len();
        }
    }
    chosen
}

/// What orders findings: survivors before unreached lines of the same nearness, changed lines before
/// others of their function, then the most telling operator. The order of the report decides between
/// equals.
fn rank(mutant: &DecidedMutant) -> (u32, bool, bool, Reverse<u8>) {
    (
        nearness(mutant),
        mutant.verdict == Verdict::NoTests,
        !mutant.on_changed_line,
        Reverse(telling(&mutant.operator)),
    )
}

/// Whether somebody is to be told of it on the line itself.
fn is_surfaced(mutant: &DecidedMutant) -> bool {
    matches!(mutant.verdict, Verdict::Survived | Verdict::NoTests)
        && matches!(mutant.change, Some(ChangeOfVerdict::New | ChangeOfVerdict::Regressed))
}

/// How far from the change a mutant is: 0 in changed functions, then callers by distance, then what
/// is in scope for another reason. The order of the report decides between equals.
pub fn nearness(mutant: &DecidedMutant) -> u32 {
    match mutant.reasons.first() {
        Some(Reason::Changed) => 0,
        Some(Reason::CallerOf { distance, .. }) => *distance,
        Some(Reason::ImportsChangedModule { .. } | Reason::TiedToChangedFile { .. }) => {
            u32::MAX - 2
        }
        Some(Reason::CoveredByChangedTest { .. }) => u32::MAX - 1,
        Some(Reason::Asked) | None => u32::MAX,
    }
}

/// The changed function for which a mutant of another one is in scope.
pub fn changed_callee(mutant: &DecidedMutant) -> Option<&FunctionKey> {
    match mutant.reasons.first()? {
        Reason::CallerOf { function, .. } => Some(function),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OperatorId;
    use crate::report::sample;

    fn report(mutants: Vec<DecidedMutant>) -> Report {
        Report { mutants, ..sample::report() }
    }

    fn at(file: &str, line: u32, edit: (&str, &str)) -> DecidedMutant {
        sample::mutant(&sample::key(file, &format!("f{line}")), line, edit)
    }

    #[test]
    fn a_line_has_one_remark_that_speaks_for_its_other_survivors() {
        let report = report(vec![at("a", 3, (">", ">=")), at("a", 3, (">", "<"))]);
        let chosen = surfaced(&report);
        assert_eq!(chosen.remarks.len(), 1);
        assert_eq!(chosen.remarks[0].beside.len(), 1);
        assert_eq!((chosen.left_out, chosen.mutants().count()), (0, 2));
    }

    #[test]
    fn a_function_has_two_remarks_of_an_operator_at_most() {
        let key = sample::key("a", "f");
        let report = report((1..=4).map(|line| sample::mutant(&key, line, ("1", "2"))).collect());
        let chosen = surfaced(&report);
        assert_eq!((chosen.remarks.len(), chosen.left_out), (OF_A_KIND, 2));
    }

    fn by(operator: &str, mutant: DecidedMutant) -> DecidedMutant {
        DecidedMutant { operator: OperatorId::new(operator), ..mutant }
    }

    #[test]
    fn a_line_shows_its_most_telling_survivor() {
        let report = report(vec![
            by("string/upper", at("a", 3, ("x", "X"))),
            by("return/none", at("a", 3, ("x", "None"))),
            by("string/wrap", at("a", 3, ("x", "XXxXX"))),
        ]);
        let chosen = surfaced(&report);
        assert_eq!(chosen.remarks.len(), 1);
        assert_eq!(chosen.remarks[0].mutant.operator.as_str(), "return/none");
        assert_eq!(chosen.remarks[0].beside.len(), 2);
    }

    #[test]
    fn a_file_shows_its_most_telling_survivors_and_changed_lines_before_others() {
        let beside = |operator: &str, line| DecidedMutant {
            on_changed_line: false,
            ..by(operator, at("a", line, ("x", "X")))
        };
        let mut mutants: Vec<_> = (1..=9).map(|line| beside("string/upper", line)).collect();
        mutants.push(beside("return/none", 20));
        mutants.push(by("string/upper", at("a", 30, ("x", "X"))));
        let report = report(mutants);
        let lines: Vec<_> =
            surfaced(&report).remarks.iter().map(|r| r.lines().first.get()).collect();
        assert_eq!(lines, [30, 20, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_file_has_seven_remarks_at_most_and_the_rest_is_counted() {
        let mutants = (1..=9).map(|line| at("a", line, ("1", "2")));
        let report = report(mutants.chain([at("b", 1, ("1", "2"))]).collect());
        let chosen = surfaced(&report);
        assert_eq!((chosen.remarks.len(), chosen.left_out), (8, 2));
        let limited = chosen.limited(3);
        assert_eq!((limited.remarks.len(), limited.left_out), (3, 7));
    }

    #[test]
    fn only_what_the_change_brought_is_remarked() {
        let changes = [
            Some(ChangeOfVerdict::New),
            Some(ChangeOfVerdict::Regressed),
            Some(ChangeOfVerdict::Known),
            Some(ChangeOfVerdict::Unseen),
            Some(ChangeOfVerdict::Fixed),
            None,
        ];
        let mutants = changes
            .iter()
            .zip(1..)
            .map(|(change, line)| DecidedMutant { change: *change, ..at("a", line, ("1", "2")) });
        let report = report(mutants.collect());
        let lines: Vec<_> =
            surfaced(&report).remarks.iter().map(|r| r.lines().first.get()).collect();
        assert_eq!(lines, [1, 2]);
    }

    #[test]
    fn the_nearest_comes_first_and_survivors_before_unreached_lines() {
        let mut caller = at("a", 1, ("1", "2"));
        caller.reasons =
            vec![Reason::CallerOf { function: sample::key("b", "g"), distance: 2, seen: true }];
        let unreached = |line| DecidedMutant {
            verdict: Verdict::NoTests,
            ..sample::mutant(&sample::key("c", "h"), line, ("1", "2"))
        };
        let report = report(vec![caller, unreached(5), unreached(6), at("d", 9, ("1", "2"))]);
        let chosen = surfaced(&report);
        let places: Vec<_> = chosen
            .remarks
            .iter()
            .map(|r| (r.path().as_str(), r.lines().first.get(), r.beside.len()))
            .collect();
        assert_eq!(places, [("shop/d.py", 9, 0), ("shop/c.py", 5, 1), ("shop/a.py", 1, 0)]);
        assert_eq!(chosen.remarks[2].changed_callee(), Some(&sample::key("b", "g")));
        assert_eq!(chosen.remarks[0].changed_callee(), None);
    }
}
