//! What is worth a remark on the lines of a pull request: the choice for reviews and annotations.
//!
//! Invariant: at most one remark a line, three a function, two of an operator in a function and seven a file, `new` and
//! `regressed` findings of telling operators only, nearest to the change first, and of those as near the most
//! telling; every such finding is either in a remark or counted as left out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    ChangeOfVerdict, DecidedMutant, FunctionKey, LineNo, LineRange, MutantId, OperatorId, Reason,
    RepoPath, Report, Verdict,
};

use super::operators::telling;

/// Remarks that one file takes: more are read by nobody.
pub const A_FILE: usize = 7;

/// Remarks that one function takes: who looks at it for those sees the next.
const A_FUNCTION: usize = 3;

/// Remarks of one operator that one function takes: the next would only say the same again.
const OF_A_KIND: usize = 2;

/// How telling an operator has to be for its survivors to be told on a line that the change touches, and on
/// another.
const TOLD: (u8, u8) = (3, 4);

/// A remark on a line: a survivor, or the first line of a function that no test reaches.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark<'r> {
    /// The mutant that is shown. Its id names the remark from run to run.
    pub mutant: &'r DecidedMutant,
    /// Mutants that the remark speaks for as well: other survivors of the line and what no test reaches
    /// right below it, or the function's other mutants that no test reaches (the file's, if none reaches it).
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

    /// How many other survivors of the line, or of the condition that it is about, it speaks for.
    pub fn survivors_beside(&self) -> usize {
        self.beside.iter().filter(|mutant| mutant.verdict != Verdict::NoTests).count()
    }

    /// Whether it speaks for code below its line that no test reaches.
    pub fn is_above_unreached(&self) -> bool {
        self.mutant.verdict != Verdict::NoTests && self.survivors_beside() < self.beside.len()
    }

    /// Whether it speaks for several functions of a file that no test reaches.
    pub fn is_of_file(&self) -> bool {
        self.beside.iter().any(|mutant| mutant.function != self.mutant.function)
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
pub fn remarks<'r>(report: &'r Report) -> Vec<Remark<'r>> {
    let mut findings: Vec<&'r DecidedMutant> =
        report.mutants.iter().filter(|mutant| is_surfaced(mutant)).collect();
    findings.sort_by_key(|mutant| rank(mutant));

    let about = about_conditions(&findings);
    let line =
        |mutant: &'r DecidedMutant| about.get(&mutant.id).copied().unwrap_or_else(|| line(mutant));
    let below = below_survivors(&findings, &line);
    let reached: BTreeSet<&RepoPath> = report
        .mutants
        .iter()
        .filter(|mutant| !matches!(mutant.verdict, Verdict::NoTests | Verdict::Suppressed { .. }))
        .map(|mutant| &mutant.function.path)
        .collect();

    let mut remarks: Vec<Remark<'_>> = Vec::new();
    let mut survivor_of: BTreeMap<Line<'_>, usize> = BTreeMap::new();
    let mut unreached_of: BTreeMap<Unreached<'_>, usize> = BTreeMap::new();
    for mutant in findings {
        let path = &mutant.function.path;
        let unreached = if reached.contains(path) { Ok(&mutant.function) } else { Err(path) };
        let known = match mutant.verdict {
            Verdict::NoTests => match below.get(&mutant.id) {
                Some(line) => survivor_of.get(line),
                None => unreached_of.get(&unreached),
            },
            _ => survivor_of.get(&line(mutant)),
        };
        if let Some(&known) = known {
            remarks[known].beside.push(mutant);
            continue;
        }
        match mutant.verdict {
            Verdict::NoTests => unreached_of.insert(unreached, remarks.len()),
            _ => survivor_of.insert(line(mutant), remarks.len()),
        };
        remarks.push(Remark { mutant, beside: Vec::new() });
    }
    remarks
}

/// A line of a file.
type Line<'r> = (&'r RepoPath, LineNo);

/// What one remark on unreached code speaks for: a function, or a file that no test reaches.
type Unreached<'r> = Result<&'r FunctionKey, &'r RepoPath>;

fn line(mutant: &DecidedMutant) -> Line<'_> {
    (&mutant.function.path, mutant.span.start.line)
}

/// Survivors that are about the same condition as one that forces it, with the line where that begins: those
/// that stand in it, and, where it may as well never hold, in the first line of what it guards.
fn about_conditions<'r>(findings: &[&'r DecidedMutant]) -> BTreeMap<&'r MutantId, Line<'r>> {
    let mut lines: BTreeMap<(&FunctionKey, u32), Line<'_>> = BTreeMap::new();
    let survivors = || findings.iter().filter(|mutant| mutant.verdict != Verdict::NoTests);
    for mutant in survivors() {
        let behind = match mutant.operator.as_str() {
            "forced/true" => 1,
            "forced/false" => 2,
            _ => continue,
        };
        let range = mutant.span.lines();
        for number in range.first.get()..range.last.get() + behind {
            lines.entry((&mutant.function, number)).or_insert_with(|| line(mutant));
        }
    }
    let place = |mutant: &&'r DecidedMutant| {
        let known = lines.get(&(&mutant.function, mutant.span.start.line.get()))?;
        Some((&mutant.id, *known))
    };
    survivors().filter_map(place).collect()
}

/// Unreached mutants that stand right below a survivor which is told, with its line: who writes the test that
/// it asks for goes there.
fn below_survivors<'r>(
    findings: &[&'r DecidedMutant],
    line: &dyn Fn(&'r DecidedMutant) -> Line<'r>,
) -> BTreeMap<&'r MutantId, Line<'r>> {
    let last = |mutant: &DecidedMutant| mutant.span.lines().last.get();
    let mut above: BTreeMap<(&FunctionKey, u32), Line<'_>> = findings
        .iter()
        .filter(|mutant| mutant.verdict != Verdict::NoTests && is_telling(mutant))
        .map(|mutant| ((&mutant.function, last(mutant)), line(mutant)))
        .collect();
    let mut unreached: Vec<_> =
        findings.iter().filter(|mutant| mutant.verdict == Verdict::NoTests).collect();
    unreached.sort_by_key(|mutant| (mutant.span.start.line, Reverse(mutant.span.end.line)));
    let mut found = BTreeMap::new();
    for mutant in unreached {
        let first = mutant.span.start.line.get();
        let known =
            [first, first - 1].into_iter().find_map(|at| above.get(&(&mutant.function, at)));
        if let Some(&shown) = known {
            found.insert(&mutant.id, shown);
            above.insert((&mutant.function, last(mutant)), shown);
        }
    }
    found
}

/// Whether a finding is worth a line of its own.
fn is_telling(mutant: &DecidedMutant) -> bool {
    let least = if mutant.on_changed_line { TOLD.0 } else { TOLD.1 };
    mutant.verdict == Verdict::NoTests || weight(mutant) >= least
}

/// How telling a finding is: its operator's level, and one less where a mere text is replaced; a minor one is
/// not at all.
fn weight(mutant: &DecidedMutant) -> u8 {
    if mutant.minor.is_some() {
        return 0;
    }
    let text = mutant.original.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let is_text = text.starts_with(['"', '\'']);
    telling(&mutant.operator).saturating_sub(u8::from(is_text))
}

/// What was told already of functions.
#[derive(Default)]
pub struct Told<'r> {
    functions: BTreeMap<&'r FunctionKey, usize>,
    kinds: BTreeMap<(&'r FunctionKey, &'r OperatorId), usize>,
}

impl<'r> Told<'r> {
    /// Whether a remark is telling enough and its function has room for it; if so, it is counted.
    pub fn takes(&mut self, remark: &Remark<'r>) -> bool {
        let DecidedMutant { function, operator, .. } = remark.mutant;
        let of_function = self.functions.entry(function).or_default();
        let of_kind = self.kinds.entry((function, operator)).or_default();
        let is_told =
            is_telling(remark.mutant) && *of_function < A_FUNCTION && *of_kind < OF_A_KIND;
        if is_told {
            *of_function += 1;
            *of_kind += 1;
        }
        is_told
    }
}

/// Chooses the remarks of a report.
pub fn surfaced(report: &Report) -> Surfaced<'_> {
    let mut chosen = Surfaced::default();
    let mut lines = BTreeSet::new();
    let mut files: BTreeMap<&RepoPath, usize> = BTreeMap::new();
    let mut told = Told::default();
    for remark in remarks(report) {
        let in_file = files.entry(&remark.mutant.function.path).or_default();
        if *in_file < A_FILE && !lines.contains(&line(remark.mutant)) && told.takes(&remark) {
            *in_file += 1;
            lines.insert(line(remark.mutant));
            chosen.remarks.push(remark);
        } else {
            chosen.left_out += 1 + remark.beside.len();
        }
    }
    chosen
}

/// What orders findings: survivors before unreached lines of the same nearness, changed lines before
/// others of their function, then the most telling. The order of the report decides between
/// equals.
fn rank(mutant: &DecidedMutant) -> (u32, bool, bool, Reverse<u8>) {
    (
        nearness(mutant),
        mutant.verdict == Verdict::NoTests,
        !mutant.on_changed_line,
        Reverse(weight(mutant)),
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
    fn what_is_minor_is_counted_and_has_no_remark_of_its_own() {
        let minor =
            |line| DecidedMutant { minor: Some("empty".into()), ..at("a", line, (">", "<")) };
        let report = report(vec![minor(3), at("a", 3, (">", ">=")), minor(5)]);
        let chosen = surfaced(&report);
        assert_eq!(chosen.remarks.len(), 1);
        assert_eq!(chosen.remarks[0].mutant.minor, None);
        assert_eq!((chosen.remarks[0].beside.len(), chosen.left_out), (1, 1));
    }

    #[test]
    fn a_function_has_two_remarks_of_an_operator_at_most() {
        let key = sample::key("a", "f");
        let report = report((1..=4).map(|line| sample::mutant(&key, line, ("1", "2"))).collect());
        let chosen = surfaced(&report);
        assert_eq!((chosen.remarks.len(), chosen.left_out), (OF_A_KIND, 2));
    }

    #[test]
    fn a_function_has_three_remarks_at_most() {
        let key = sample::key("a", "f");
        let operators = ["number/increment", "return/none", "forced/true", "side/left"];
        let mutants = operators
            .iter()
            .zip(1..)
            .map(|(operator, line)| by(operator, sample::mutant(&key, line, ("1", "2"))));
        let report = report(mutants.collect());
        let chosen = surfaced(&report);
        assert_eq!((chosen.remarks.len(), chosen.left_out), (A_FUNCTION, 1));
        let first = chosen.remarks[0].mutant.operator.as_str();
        assert_eq!(first, "return/none");
    }

    #[test]
    fn what_tells_little_is_not_told_on_a_line_of_its_own() {
        let report = report(vec![
            by("string/wrap", at("a", 3, ("x", "XXxXX"))),
            by("string/wrap", at("a", 5, ("x", "XXxXX"))),
            by("return/none", at("a", 5, ("x", "None"))),
        ]);
        let chosen = surfaced(&report);
        assert_eq!((chosen.remarks.len(), chosen.left_out), (1, 1));
        assert_eq!(chosen.remarks[0].survivors_beside(), 1);
    }

    #[test]
    fn what_tells_less_is_told_on_changed_lines_only() {
        let changed = by("number/increment", at("a", 3, ("1", "2")));
        let beside = DecidedMutant {
            on_changed_line: false,
            ..by("number/increment", at("a", 5, ("1", "2")))
        };
        let text = |line| by("call/argument-none", at("a", line, ("b'text'", "None")));
        let beside_too = DecidedMutant { on_changed_line: false, ..text(7) };
        let report = report(vec![beside, beside_too, changed]);
        let chosen = surfaced(&report);
        assert_eq!((chosen.remarks.len(), chosen.left_out), (1, 2));
        assert_eq!(chosen.remarks[0].lines().first.get(), 3);
    }

    fn unreached(function: &FunctionKey, line: u32) -> DecidedMutant {
        DecidedMutant { verdict: Verdict::NoTests, ..sample::mutant(function, line, ("1", "2")) }
    }

    #[test]
    fn what_no_test_reaches_below_a_survivor_is_spoken_for_by_it() {
        let key = sample::key("a", "f");
        let mutants = [4, 5, 6, 9].map(|line| unreached(&key, line));
        let survivor = by("forced/false", sample::mutant(&key, 3, ("a", "False")));
        let report = report(mutants.into_iter().chain([survivor]).collect());
        let chosen = surfaced(&report);
        let lines: Vec<_> = chosen.remarks.iter().map(|r| r.lines().first.get()).collect();
        assert_eq!(lines, [3, 9]);
        assert_eq!(chosen.remarks[0].beside.len(), 3);
        assert!(chosen.remarks[0].is_above_unreached() && !chosen.remarks[1].is_above_unreached());
        assert_eq!(chosen.remarks[0].survivors_beside(), 0);
    }

    #[test]
    fn a_condition_has_one_remark_with_the_first_line_that_it_guards() {
        let key = sample::key("a", "f");
        let on = |operator: &str, line| by(operator, sample::mutant(&key, line, ("a", "b")));
        let mut long = on("forced/false", 3);
        long.span.end.line = sample::line(4);
        let report = report(vec![
            long,
            on("comparison/equality", 4),
            on("statement/call-removed", 5),
            on("return/none", 6),
            on("forced/true", 9),
            on("return/none", 10),
        ]);
        let chosen = surfaced(&report);
        let found: Vec<_> =
            chosen.remarks.iter().map(|r| (r.lines().first.get(), r.survivors_beside())).collect();
        assert_eq!(found, [(4, 2), (6, 0), (10, 0)]);
    }

    #[test]
    fn a_file_that_no_test_reaches_has_one_remark() {
        let mutants = [("f", 1), ("g", 5), ("g", 6)];
        let of = |file: &str| mutants.map(|(name, line)| unreached(&sample::key(file, name), line));
        let killed = DecidedMutant {
            verdict: Verdict::Killed { by: sample::test("test_small") },
            change: None,
            ..at("b", 9, ("1", "2"))
        };
        let report = report(of("a").into_iter().chain(of("b")).chain([killed]).collect());
        let remarks = surfaced(&report).remarks;
        let found: Vec<_> =
            remarks.iter().map(|r| (r.path().as_str(), r.beside.len(), r.is_of_file())).collect();
        assert_eq!(
            found,
            [("shop/a.py", 2, true), ("shop/b.py", 0, false), ("shop/b.py", 1, false)]
        );
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
        let mut mutants: Vec<_> = (1..=9).map(|line| beside("forced/true", line)).collect();
        mutants.push(beside("return/none", 20));
        mutants.push(by("number/increment", at("a", 30, ("x", "X"))));
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
