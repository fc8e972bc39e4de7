//! The findings by file and function, nearest to the change first.
//!
//! Invariant: every survivor, every function with lines that no test reaches, every timeout and
//! every error is on the page; the other verdicts are only when details are wanted.

use crate::model::{
    ChangeOfVerdict, Counts, DecidedMutant, DuplicateMutant, FunctionKey, LineNo, LineRange,
    Reason, RepoPath, Report, Verdict,
};

use super::conclusion::breakdown;
use super::page::{Page, Role};
use crate::report::mutants::detail;
use crate::report::prose::{count, line_list};

/// Tests named under a survivor when details are not wanted.
const NAMED_TESTS: usize = 3;
/// Reasons named beside a function when details are not wanted.
const NAMED_REASONS: usize = 2;
/// Characters of a mutated text that fit on a one-line finding.
const SNIPPET: usize = 40;

/// A function with its mutants, in the report's order.
pub(super) struct Group<'r> {
    /// The function.
    pub(super) function: &'r FunctionKey,
    /// Its lines, where the report knows them.
    pub(super) lines: Option<LineRange>,
    /// Why it is in scope.
    pub(super) reasons: &'r [Reason],
    /// Its mutants.
    pub(super) mutants: Vec<&'r DecidedMutant>,
    /// Mutants that compile to the same code as one of those.
    duplicates: Vec<&'r DuplicateMutant>,
}

/// Functions grouped by file: files in the order of their nearest function, functions in the
/// report's order. Functions that only a mutant names come last.
pub(super) fn grouped(report: &Report) -> Vec<(&str, Vec<Group<'_>>)> {
    let mut groups: Vec<Group<'_>> = report
        .functions
        .iter()
        .map(|function| Group {
            function: &function.function,
            lines: Some(function.lines),
            reasons: &function.reasons,
            mutants: Vec::new(),
            duplicates: Vec::new(),
        })
        .collect();
    let mut places: std::collections::HashMap<&FunctionKey, usize> =
        groups.iter().enumerate().map(|(place, group)| (group.function, place)).collect();
    for mutant in &report.mutants {
        let place = *places.entry(&mutant.function).or_insert_with(|| {
            groups.push(Group {
                function: &mutant.function,
                lines: None,
                reasons: &mutant.reasons,
                mutants: Vec::new(),
                duplicates: Vec::new(),
            });
            groups.len() - 1
        });
        groups[place].mutants.push(mutant);
    }
    for duplicate in &report.duplicates {
        if let Some(&place) = places.get(&duplicate.function) {
            groups[place].duplicates.push(duplicate);
        }
    }
    let mut files: Vec<(&str, Vec<Group<'_>>)> = Vec::new();
    for group in groups {
        let path = group.function.path.as_str();
        match files.iter_mut().find(|(file, _)| *file == path) {
            Some((_, groups)) => groups.push(group),
            None => files.push((path, vec![group])),
        }
    }
    files
}

/// Whether a mutant is on the page without `-v`.
fn is_finding(mutant: &DecidedMutant) -> bool {
    matches!(
        mutant.verdict,
        Verdict::Survived | Verdict::NoTests | Verdict::Timeout { .. } | Verdict::Error { .. }
    )
}

/// Everything found, file by file.
pub(super) fn by_file(page: &mut Page<'_>, report: &Report) {
    for (path, groups) in grouped(report) {
        let shown = |group: &&Group<'_>| {
            page.is_verbose() || group.mutants.iter().any(|mutant| is_finding(mutant))
        };
        let groups: Vec<_> = groups.iter().filter(shown).collect();
        if groups.is_empty() {
            continue;
        }
        page.gap();
        let heading = page.paint(Role::Path, path);
        let first = groups.iter().find_map(|group| group.lines).map(|lines| lines.first);
        let heading = page.linked(&RepoPath::new(path), first.unwrap_or(LineNo::FIRST), heading);
        page.line(0, &heading);
        for group in groups {
            function(page, group);
        }
    }
}

/// The reasons in words, the nearest first, the rest counted unless details are wanted.
pub(super) fn reasons(page: &Page<'_>, reasons: &[Reason]) -> String {
    let named = if page.is_verbose() { reasons.len() } else { NAMED_REASONS };
    let mut words: Vec<String> = reasons.iter().take(named).map(Reason::to_string).collect();
    if reasons.len() > named {
        words.push(format!("{} more", reasons.len() - named));
    }
    words.join("; ")
}

fn function(page: &mut Page<'_>, group: &Group<'_>) {
    page.gap();
    let name = page.paint(Role::Name, group.function.name.as_str());
    let name = match group.lines {
        Some(lines) => page.linked(&group.function.path, lines.first, name),
        None => name,
    };
    page.line(2, &name);
    let counts = Counts::of(group.mutants.iter().copied());
    let facts = format!(
        "{} · {}: {}",
        reasons(page, group.reasons),
        count(counts.mutants, "mutant"),
        breakdown(&counts)
    );
    page.prose(2, Role::Aside, &facts);

    for mutant in &group.mutants {
        match &mutant.verdict {
            Verdict::Survived => {
                page.gap();
                survivor(page, mutant);
                page.gap();
            }
            Verdict::NoTests => {}
            Verdict::Timeout { .. } | Verdict::Error { .. } => short(page, mutant),
            Verdict::Killed { .. }
            | Verdict::Equivalent
            | Verdict::Suppressed { .. }
            | Verdict::Invalid { .. }
            | Verdict::NotRun { .. } => {
                if page.is_verbose() {
                    short(page, mutant);
                }
            }
        }
    }
    no_tests(page, group);
    if page.is_verbose() {
        for duplicate in &group.duplicates {
            let text = format!(
                "duplicate  {}  line {}  {}  of {}",
                duplicate.operator, duplicate.span.start.line, duplicate.id, duplicate.duplicate_of
            );
            let text = page.paint(Role::Aside, &text);
            page.line(4, &text);
        }
    }
}

/// The word for a change of verdict, with the space before it; nothing for an unknown one.
fn change(change: Option<ChangeOfVerdict>) -> &'static str {
    match change {
        Some(ChangeOfVerdict::New) => "  new",
        Some(ChangeOfVerdict::Regressed) => "  regressed: the base's tests noticed it",
        Some(ChangeOfVerdict::Known) => "  known: it survives on the base too",
        Some(ChangeOfVerdict::Fixed) => "  fixed: it survives on the base",
        Some(ChangeOfVerdict::Unseen) | None => "",
    }
}

/// `survived  comparison/boundary  line 12  id`.
fn title(page: &Page<'_>, mutant: &DecidedMutant) -> String {
    let role = match mutant.verdict {
        Verdict::Survived | Verdict::NoTests => Role::Bad,
        Verdict::Timeout { .. } | Verdict::Error { .. } => Role::Warning,
        Verdict::Killed { .. } => Role::Good,
        _ => Role::Aside,
    };
    format!(
        "{}  {}  {}  {}{}",
        page.paint(role, mutant.verdict.word()),
        page.paint(Role::Plain, mutant.operator.as_str()),
        placed(page, mutant, page.paint(Role::Plain, &line_list(&[mutant.span.lines()]))),
        page.paint(Role::Key, mutant.id.as_str()),
        page.paint(Role::Aside, change(mutant.change)),
    )
}

/// Where a mutant is, as a link to there.
fn placed(page: &Page<'_>, mutant: &DecidedMutant, painted: String) -> String {
    page.linked(&mutant.function.path, mutant.span.start.line, painted)
}

/// A survivor: where, the diff, and who noticed nothing.
fn survivor(page: &mut Page<'_>, mutant: &DecidedMutant) {
    let title = title(page, mutant);
    page.line(4, &title);
    page.hunks(4, &mutant.diff);
    if !mutant.tests.is_empty() {
        let named = if page.is_verbose() { mutant.tests.len() } else { NAMED_TESTS };
        let mut names: Vec<&str> = mutant.tests.iter().take(named).map(|t| t.as_str()).collect();
        let more = format!("{} more", mutant.tests.len().saturating_sub(named));
        if mutant.tests.len() > named {
            names.push(&more);
        }
        let ran = count(mutant.tests.len(), "test");
        let text = format!("{ran} ran and noticed nothing: {}", names.join(", "));
        page.prose(4, Role::Aside, &text);
    }
}

/// A mutant on one line, with what its verdict has to say.
fn short(page: &mut Page<'_>, mutant: &DecidedMutant) {
    let title = title(page, mutant);
    page.line(4, &format!("{title}  {}", edit(page, mutant)));
    let Some(detail) = detail(&mutant.verdict) else { return };
    page.prose(6, Role::Aside, &detail);
}

/// `original → replacement`, each cut to a few characters.
pub(super) fn edit(page: &Page<'_>, mutant: &DecidedMutant) -> String {
    let cut = |text: &str| {
        if text.is_empty() {
            return "(nothing)".to_owned();
        }
        let mut short: String = text.chars().take(SNIPPET).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        short
    };
    format!(
        "{} → {}",
        page.paint(Role::Removed, &cut(&mutant.original)),
        page.paint(Role::Added, &cut(&mutant.replacement))
    )
}

/// The lines of a function that no test reaches, once for all their mutants.
fn no_tests(page: &mut Page<'_>, group: &Group<'_>) {
    let unreached: Vec<&DecidedMutant> =
        group.mutants.iter().copied().filter(|mutant| mutant.verdict == Verdict::NoTests).collect();
    if unreached.is_empty() {
        return;
    }
    let ranges: Vec<LineRange> = unreached.iter().map(|mutant| mutant.span.lines()).collect();
    let text = format!(
        "{}  no test reaches {} {}",
        page.paint(Role::Bad, "no tests"),
        placed(page, unreached[0], line_list(&ranges)),
        page.paint(Role::Aside, &format!("({})", count(unreached.len(), "mutant"))),
    );
    page.line(4, &text);
    if page.is_verbose() {
        for mutant in unreached {
            let line = format!(
                "{}  {}  {}",
                page.paint(Role::Key, mutant.id.as_str()),
                placed(page, mutant, format!("line {}", mutant.span.start.line)),
                edit(page, mutant)
            );
            page.line(6, &line);
        }
    }
}

/// A line a finding, as compilers write them: `path:line:column: verdict: original → replacement`.
pub(super) fn one_line_each(page: &mut Page<'_>, report: &Report) {
    for mutant in report.mutants.iter().filter(|mutant| is_finding(mutant)) {
        let place = format!(
            "{}:{}:{}",
            mutant.function.path, mutant.span.start.line, mutant.span.start.column
        );
        let line = format!(
            "{}: {}: {}  {}",
            placed(page, mutant, page.paint(Role::Plain, &place)),
            mutant.verdict.word(),
            edit(page, mutant),
            page.paint(Role::Key, mutant.id.as_str())
        );
        page.line(0, &line);
    }
}
