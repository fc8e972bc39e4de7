//! The page of operators in the documentation, written from the registry.
//!
//! Invariant: `docs/operators.md` is this text; a test compares them.

use super::registry::{MOST_TELLING, operators};
use super::suppress::rules;

const PEERS: &str = include_str!("peers.md");

const INTRODUCTION: &str = "\
# Operators

A mutant is one of these operators applied at one place. Ids are stable: they appear in reports and
in configuration, and those of a function's mutants are the same whichever operators are on.

## Which are on

The table below says which operators are on where nothing is said, and how telling their survivors are, from 1 to
5: of several survivors on a line, a review shows the most telling, and a file's most telling first ([which are
told](review.md#what-is-posted)). An operator is on unless

- another one that is on is noticed by hardly any test that does not notice this one too (it is *subsumed*):
  `string/wrap` stands for `string/upper`, `side` for `logical/swap`, `forced` for `condition/negate`;
- nearly every test that runs the line notices it, so that it costs time and tells nothing
  (`exception/raised`, `slice`, `call/argument-removed`);
- hardly any test notices it, and seldom need one (`exception/widened`, `exception/from`, `loop/reversed`);
- its mutants run at import, each in a process of its own, and tell little for that (`definition`, `regex`);
- or it is there for counts that compare with other tools (`every`).

The figures that this was decided by are in [results.md](results.md#operators). Where both `forced` operators
are on, a comparison or a `not` that is the whole condition of an `if`, a comprehension or an `assert` is not
negated as well, unless `condition/negate` is on too. In `pyproject.toml`, operators are named by id, by group or
by pattern:

```toml
[tool.mutdiff]
operators = { enable = [\"exception\", \"forced/*\"], disable = [\"string/upper\"] }
```

`--operators LIST` stands over that: the words of the list, parted by commas, are what is on. `default` is
what the project's settings leave on, `full` is every operator, and `-` before a word switches it off; a list
that only switches off begins with `default`:

```console
$ mutdiff --base main --operators default,exception,regex
$ mutdiff --base main --operators=-string,-number/increment
```

A word that names nothing is an error (exit code 2). With another set, mutants that stay keep their
verdicts.

## What is left alone

Docstrings and other strings that are statements, annotations and type aliases, imports,
`global` and `nonlocal`, `__all__`, format specifiers, keys of mapping patterns, and code under
`if TYPE_CHECKING:` are never mutated. Of mutants with the same text, one is left.

This page is written from the registry (`src/mutate/registry.rs`). To write it again:
`MUTDIFF_WRITE_DOCS=1 cargo test --lib operators_page`.

## What is suppressed

A suppressed mutant is in the report, with the rule that says that nobody wants it tested, and is not run. Comments
say so too:

| comment | what it suppresses |
|---|---|
| `# mutdiff: skip` | the statement of its line, or behind its line if it stands alone; of a compound statement, a function or a class: all of it |
| `# mutdiff: skip[string, */none]: reason` | the same, for these operators, groups or patterns; the reason is in the report |
| `# mutdiff: skip-start`, `# mutdiff: skip-end` | all between them |
| `# pragma: no mutate`, `# pragma: no cover` | as `# mutdiff: skip` |

A comment of mutdiff's own that suppresses no mutant is named in a notice (`unused_pragmas`). With
`require-reasons = true` in `[tool.mutdiff]`, one without a reason suppresses nothing, and is named
(`pragmas_without_reason`).

`--type-check mypy` (or `pyright`, `ty`, `pyrefly`; `type-check` in the settings) leaves out what the project's type
checker would not let through. It runs once, over a copy of each mutated file beside the original in a temporary
copy of the project's Python files, with the project's own settings; a mutant for which it says something that it does
not say of the original is `invalid`, counts nowhere, and says why. The checker is that of the project's environment,
else that on `PATH`; one that gives no answer within ten minutes is ended, and that is an error, as is one that
fails. What other files would say of the mutant is not asked.

The rules are named in `[tool.mutdiff]` (`suppress = { enable = […], disable = […] }`) and by `--suppress LIST`, as
operators are. A compound statement all of whose statements are suppressed is suppressed with its condition.
What is only *not told in reviews* is tested, counts for the gate and is in every report; no remark on a line is
spent on it.
";

/// The page as Markdown.
pub fn operators_page() -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n| rule | what it covers | |\n|---|---|---|\n");
    for rule in rules() {
        let how = match (rule.default, rule.minor) {
            (false, _) => "off unless it is asked for",
            (true, true) => "not told in reviews",
            (true, false) => "",
        };
        page.push_str(&format!("| `{}` | {} | {how} |\n", rule.id, rule.summary));
    }
    page.push_str("\n## The operators\n\n| operator | on | telling |\n|---|---|---|\n");
    for operator in operators() {
        let on = if operator.default { "yes" } else { "" };
        page.push_str(&format!("| `{}` | {on} | {} |\n", operator.id, operator.telling));
    }
    let mut group = "";
    for operator in operators() {
        if operator.group() != group {
            group = operator.group();
            page.push_str(&format!("\n## {group}\n"));
        }
        page.push_str(&format!(
            "\n### `{}`\n\n{}\n\n{}\n\n",
            operator.id, operator.summary, operator.why
        ));
        if !operator.skipped.is_empty() {
            page.push_str(&format!("Left alone: {}\n\n", operator.skipped));
        }
        let off = if operator.default { "" } else { " Off unless it is asked for." };
        page.push_str(&format!("Telling: {} of {MOST_TELLING}.{off}\n\n", operator.telling));
        page.push_str("```diff\n");
        for example in operator.examples {
            for (sign, code) in [('-', example.before), ('+', example.after)] {
                for line in code.lines() {
                    page.push_str(format!("{sign}{line}").trim_end());
                    page.push('\n');
                }
            }
        }
        page.push_str("```\n");
    }
    page.push_str(PEERS);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_name_operators_that_are_there_and_mark_those_that_are_off() {
        let mut named = 0;
        let mut rest = PEERS;
        while let Some((_, behind)) = rest.split_once('`') {
            let (word, behind) = behind.split_once('`').expect("what opens closes");
            rest = behind;
            if let Some(operator) = operators().iter().find(|operator| operator.id == word) {
                named += 1;
                assert_eq!(rest.starts_with('*'), !operator.default, "{word}");
            } else {
                let group =
                    |one: &&&super::super::Operator| word.split('/').next() == Some(one.group());
                assert!(!word.contains('/') || operators().iter().find(group).is_none(), "{word}");
            }
        }
        assert!(named > 80, "{named}");
    }

    #[test]
    fn operators_page_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operators.md");
        if std::env::var_os("MUTDIFF_WRITE_DOCS").is_some() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap();
            std::fs::write(path, operators_page()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == operators_page(),
            "run `MUTDIFF_WRITE_DOCS=1 cargo test --lib operators_page`"
        );
    }
}
