//! A mutant as text: the whole file, and the unified diff that `git apply` takes.
//!
//! Invariant: applying the diff to the file on disk gives the encoded mutated text, for every file
//! in UTF-8.

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

use crate::model::{Mutant, RepoPath};
use crate::syntax::Module;

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// The file's decoded text with the mutant in it.
pub fn mutated_text(module: &Module, mutant: &Mutant) -> String {
    let text = module.source().text();
    let mut mutated = String::with_capacity(text.len() + mutant.replacement.len());
    mutated.push_str(&text[..mutant.text.start]);
    mutated.push_str(&mutant.replacement);
    mutated.push_str(&text[mutant.text.end..]);
    mutated
}

/// The mutant as a unified diff of the file, with `a/` and `b/` before the path. Lines are git's
/// (a lone `\r` ends none).
pub fn unified_diff(module: &Module, mutant: &Mutant) -> String {
    let source = module.source();
    let text = source.text();
    // Only lines near the change are compared, so that the cost does not grow with the file.
    let start = nth_line_start_before(text, mutant.text.start, CONTEXT);
    let end = nth_line_end_behind(text, mutant.text.end, CONTEXT);
    let first_row = text[..start].matches('\n').count();
    let mark = if start == 0 && source.has_byte_order_mark() { "\u{feff}" } else { "" };
    let old = format!("{mark}{}", &text[start..end]);
    let new = format!(
        "{mark}{}{}{}",
        &text[start..mutant.text.start],
        mutant.replacement,
        &text[mutant.text.end..end]
    );
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let diff = TextDiff::from_slices(&old, &new);
    let mut out = format!("--- {}\n+++ {}\n", name('a', source.path()), name('b', source.path()));
    for group in diff.grouped_ops(CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let old_lines = first.old_range().start..last.old_range().end;
        let new_lines = first.new_range().start..last.new_range().end;
        let range = |lines: std::ops::Range<usize>| {
            let line = if lines.is_empty() { lines.start } else { lines.start + 1 };
            format!("{},{}", first_row + line, lines.len())
        };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "@@ -{} +{} @@", range(old_lines), range(new_lines));
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            let line: &str = change.value();
            let _ = write!(out, "{sign}{line}");
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

fn nth_line_start_before(text: &str, offset: usize, lines: usize) -> usize {
    text[..offset].match_indices('\n').rev().nth(lines).map_or(0, |(at, _)| at + 1)
}

fn nth_line_end_behind(text: &str, offset: usize, lines: usize) -> usize {
    text[offset..].match_indices('\n').nth(lines).map_or(text.len(), |(at, _)| offset + at + 1)
}

/// A path as git writes it in a diff: quoted where it holds unusual characters, followed by a tab
/// where it holds spaces.
fn name(side: char, path: &RepoPath) -> String {
    let path = path.as_str();
    let is_plain = path.bytes().all(|b| (b' '..0x7f).contains(&b) && b != b'"' && b != b'\\');
    if is_plain {
        let tab = if path.contains(' ') { "\t" } else { "" };
        return format!("{side}/{path}{tab}");
    }
    let mut quoted = format!("\"{side}/");
    for byte in path.bytes() {
        match byte {
            b'"' => quoted.push_str("\\\""),
            b'\\' => quoted.push_str("\\\\"),
            b'\t' => quoted.push_str("\\t"),
            b'\n' => quoted.push_str("\\n"),
            b'\r' => quoted.push_str("\\r"),
            b' '..0x7f => quoted.push(char::from(byte)),
            _ => {
                let _ = write!(quoted, "\\{byte:03o}");
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::mutate::{Selection, mutants};
    use crate::syntax::Source;

    fn module(path: &str, bytes: &[u8]) -> Module {
        Module::parse(Source::decode(RepoPath::new(path), bytes.to_vec()).unwrap()).unwrap()
    }

    #[test]
    fn diff_shows_three_lines_around_the_change() {
        let module = module("pkg/m.py", b"a\nb\nc\nd\nx = True\ne\nf\ng\nh\n");
        let mutant = &mutants(&module, &|_| true, &Selection::default())[0];
        insta::assert_snapshot!(unified_diff(&module, mutant), @r#"
        --- a/pkg/m.py
        +++ b/pkg/m.py
        @@ -2,7 +2,7 @@
         b
         c
         d
        -x = True
        +x = False
         e
         f
         g
        "#);
    }

    #[test]
    fn paths_are_quoted_as_git_quotes_them() {
        let name = |path: &str| name('a', &RepoPath::new(path));
        assert_eq!(name("a/b.py"), "a/a/b.py");
        assert_eq!(name("a b.py"), "a/a b.py\t");
        assert_eq!(name("é\".py"), r#""a/\303\251\".py""#);
    }

    #[test]
    fn git_applies_every_diff() {
        let files: [(&str, &[u8]); 6] = [
            ("plain.py", b"def f(a, b):\n    return a + f(\n        1,\n        2,\n    )\n"),
            ("crlf.py", b"x = [\r\n  1,\r\n  2]\r\ny = 'a'\r\n"),
            ("no newline.py", b"x = 1\ny = f(1,\n2)"),
            ("déjà \"vu\".py", b"x = '\xc3\xa9'\n"),
            ("bom.py", b"\xef\xbb\xbfx = 1\ny = 2\n"),
            ("cr.py", b"x = 1\ry = 2\rz = 3\n"),
        ];
        let directory = tempfile::tempdir().unwrap();
        for (path, bytes) in files {
            let module = module(path, bytes);
            let found = mutants(&module, &|_| true, &Selection::default());
            assert!(!found.is_empty());
            for mutant in found {
                let file = directory.path().join(path);
                std::fs::write(&file, bytes).unwrap();
                let patch = directory.path().join("mutant.patch");
                std::fs::write(&patch, unified_diff(&module, &mutant)).unwrap();
                let output = Command::new("git")
                    .args(["-c", "core.autocrlf=false", "apply", "mutant.patch"])
                    .env("GIT_CEILING_DIRECTORIES", directory.path().parent().unwrap())
                    .env("GIT_CONFIG_GLOBAL", "/dev/null")
                    .env("GIT_CONFIG_NOSYSTEM", "1")
                    .current_dir(directory.path())
                    .output()
                    .unwrap();
                let errors = String::from_utf8_lossy(&output.stderr);
                let diff = unified_diff(&module, &mutant);
                assert!(output.status.success(), "{errors}{diff}");
                let expected = module.source().encode(&mutated_text(&module, &mutant));
                assert_eq!(std::fs::read(&file).unwrap(), expected, "{diff}");
            }
        }
    }
}
