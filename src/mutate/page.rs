//! The page of operators in the documentation, written from the registry.
//!
//! Invariant: `docs/operators.md` is this text; a test compares them.

use super::registry::operators;

const INTRODUCTION: &str = "\
# Operators

A mutant is one of these operators applied at one place. Ids are stable: they appear in reports and
in configuration.

Left alone: docstrings and other strings that are statements, annotations and type aliases, imports,
`global` and `nonlocal`, `__all__`, format specifiers, keys of mapping patterns, and code under
`if TYPE_CHECKING:`.

This page is written from the registry (`src/mutate/registry.rs`). To write it again:
`MUTDIFF_WRITE_DOCS=1 cargo test --lib operators_page`.
";

/// The page as Markdown.
pub fn operators_page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut group = "";
    for operator in operators() {
        if operator.group() != group {
            group = operator.group();
            page.push_str(&format!("\n## {group}\n"));
        }
        page.push_str(&format!("\n### `{}`\n\n{}\n\n", operator.id, operator.summary));
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
    page
}

#[cfg(test)]
mod tests {
    use super::*;

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
