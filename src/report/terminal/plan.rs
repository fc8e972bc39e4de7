//! The plan (`--list`): functions in scope with their reasons and mutants.
//!
//! Invariant: it shows no verdict but that of mutants which no run would decide; nothing was run.

use crate::model::{Report, Verdict};

use super::findings::{edit, grouped, reasons};
use super::page::{Page, Role};
use crate::report::prose::{count, line_list};

/// The functions by file, nearest to the change first; with `-v` their mutants.
pub(super) fn functions(page: &mut Page<'_>, report: &Report) {
    for (path, groups) in grouped(report) {
        page.gap();
        let heading = page.paint(Role::Path, path);
        page.line(0, &heading);
        for group in groups {
            let name = page.paint(Role::Name, group.function.name.as_str());
            page.line(2, &name);
            let mut facts = vec![reasons(page, group.reasons)];
            facts.extend(group.lines.map(|lines| line_list(&[lines])));
            facts.push(count(group.mutants.len(), "mutant"));
            page.prose(4, Role::Aside, &facts.join(" · "));
            if page.is_verbose() {
                for mutant in group.mutants {
                    let start = mutant.span.start;
                    let suppressed = match &mutant.verdict {
                        Verdict::Suppressed { .. } => {
                            let said = format!("  {}", mutant.verdict);
                            page.paint(Role::Aside, &said)
                        }
                        _ => String::new(),
                    };
                    let line = format!(
                        "{}  {}:{}  {}  {}{suppressed}",
                        page.paint(Role::Key, mutant.id.as_str()),
                        start.line,
                        start.column,
                        page.paint(Role::Plain, mutant.operator.as_str()),
                        edit(page, mutant)
                    );
                    page.line(4, &line);
                }
            }
        }
    }
}
