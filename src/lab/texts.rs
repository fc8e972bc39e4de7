//! The texts of the files that a report speaks of, for formats that show whole files.
//!
//! Invariant: a text is handed out only if every mutant of the file is found in it where the
//! report says; a file that changed meanwhile is left out.

use std::collections::{BTreeMap, btree_map::Entry};

use super::LabError;
use crate::config::Options;
use crate::git::{Head, Repository};
use crate::model::{DecidedMutant, LineNo, Position, RepoPath, Report, SourceText};
use crate::syntax::Source;

/// The files that hold mutants, as they were tested.
///
/// # Errors
/// When there is no repository.
pub fn sources(options: &Options, report: &Report) -> Result<Vec<SourceText>, LabError> {
    let repository = Repository::discover(&options.repo)?;
    let head = report.head.commit.as_ref().map_or(Head::WorkingTree, |id| Head::Commit(id.clone()));
    let mut texts: BTreeMap<&RepoPath, Option<String>> = BTreeMap::new();
    for mutant in &report.mutants {
        let path = &mutant.function.path;
        let text = match texts.entry(path) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(
                repository.read(&head, path).ok().flatten().and_then(|bytes| lines_of(path, bytes)),
            ),
        };
        if text.as_ref().is_some_and(|text| !holds(text, mutant)) {
            *text = None;
        }
    }
    let found = texts
        .into_iter()
        .filter_map(|(path, text)| Some(SourceText { path: path.clone(), text: text? }));
    Ok(found.collect())
}

/// A file's lines, each with `\n` at its end.
fn lines_of(path: &RepoPath, bytes: Vec<u8>) -> Option<String> {
    let source = Source::decode(path.clone(), bytes).ok()?;
    let mut text = String::with_capacity(source.text().len() + 1);
    for row in 0..source.line_count() {
        text.push_str(source.line_text(LineNo::from_row(row)));
        text.push('\n');
    }
    Some(text)
}

/// Whether the text that a mutant replaces is where the mutant says.
fn holds(text: &str, mutant: &DecidedMutant) -> bool {
    let place = (offset(text, mutant.span.start), offset(text, mutant.span.end));
    let (Some(start), Some(end)) = place else { return false };
    let original = mutant.original.replace("\r\n", "\n").replace('\r', "\n");
    text.get(start..end).is_some_and(|found| found == original)
}

fn offset(text: &str, position: Position) -> Option<usize> {
    let row = position.line.get() as usize - 1;
    let start = match row {
        0 => 0,
        row => text.match_indices('\n').nth(row - 1)?.0 + 1,
    };
    let column = position.column as usize - 1;
    let ends = text[start..].char_indices().map(|(at, _)| at).chain([text.len() - start]);
    ends.into_iter().nth(column).map(|at| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, column: u32) -> Position {
        Position { line: LineNo::new(line).unwrap(), column }
    }

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        let text = "é = 1\nab\n";
        assert_eq!(offset(text, at(1, 1)), Some(0));
        assert_eq!(offset(text, at(1, 3)), Some(3));
        assert_eq!(offset(text, at(2, 3)), Some(9));
        assert_eq!(offset(text, at(3, 1)), Some(10));
        assert_eq!(offset(text, at(4, 1)), None);
    }

    #[test]
    fn every_kind_of_line_end_becomes_one() {
        let path = RepoPath::new("a.py");
        assert_eq!(lines_of(&path, b"a\r\nb\rc\n\nd".to_vec()).unwrap(), "a\nb\nc\n\nd\n");
        assert_eq!(lines_of(&path, b"\xff".to_vec()), None);
    }
}
