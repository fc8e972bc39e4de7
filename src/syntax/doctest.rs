//! The examples of a docstring, which a runner may take for a test.
//!
//! Invariant: two docstrings with one digest have the same examples with the same expected output;
//! what stands around them, and how far they are indented, does not count.

use sha2::{Digest, Sha256};

use super::literal::whole;
use super::tree::Node;
use crate::model::Fingerprint;

/// The digest of the examples in the docstring of a `module` or a definition; `None` without any.
pub(super) fn examples_digest(owner: Node<'_>) -> Option<Fingerprint> {
    let body = if owner.kind() == "module" { owner } else { owner.field("body")? };
    let strings = body.docstring()?.preorder().filter(|node| node.kind() == "string");
    // Behind the prefix and the quote that `whole` gives.
    let text: String = strings
        .map(|string| whole(string).split_once('\'').map_or(String::new(), |(_, text)| text.into()))
        .collect();
    examples(&text)
}

/// The digest of the examples in a text; `None` without any. An example is a line that begins with
/// `>>>` and all that follows up to an empty line, as `doctest` has it.
pub fn examples(text: &str) -> Option<Fingerprint> {
    let mut hash = Sha256::new();
    let mut indent = None;
    let mut any = false;
    for line in text.lines() {
        let plain = line.trim_start();
        if plain.starts_with(">>>") {
            indent = Some(line.len() - plain.len());
            any = true;
        } else if plain.is_empty() {
            indent = None;
        }
        if let Some(indent) = indent {
            hash.update(line.get(indent..).unwrap_or(plain).trim_end().as_bytes());
            hash.update([0]);
        }
    }
    any.then(|| Fingerprint::new(hash.finalize().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RepoPath;
    use crate::syntax::{Module, Source};

    fn digests(text: &str) -> Vec<(String, Option<Fingerprint>)> {
        let source = Source::decode(RepoPath::new("m.py"), text.into()).unwrap();
        let module = Module::parse(source).unwrap();
        module.functions().iter().map(|f| (f.key.name.to_string(), f.doctest)).collect()
    }

    #[test]
    fn every_kind_of_owner_may_have_examples() {
        let text = "'''>>> 1\n1\n'''\nclass C:\n    r\"\"\">>> C()\n    C\"\"\"\n    def f(self):\n        \
                    'a' '>>> 2'\n    def g(self):\n        'no example'\n        '>>> 3'\n";
        let names: Vec<String> =
            digests(text).into_iter().filter(|(_, d)| d.is_some()).map(|(n, _)| n).collect();
        // Of strings side by side, the examples are those of all together: none begins a line here.
        assert_eq!(names, ["<module>", "C.<class>"]);
    }

    #[test]
    fn prose_and_indentation_do_not_count_and_expected_output_does() {
        let digest = |text: &str| examples(text).unwrap();
        let plain = digest(">>> f(1)\n2\n\nMore.\n>>> f(2)\n... \n3");
        assert_eq!(
            plain,
            digest("  Other words.\n\n    >>> f(1)\n    2\n\n  >>> f(2)\n  ...\n  3\n")
        );
        for other in
            [">>> f(1)\n3\n\n>>> f(2)\n...\n3", ">>> f(1)\n2", ">>> f(1)\n2\n\n>>> f(2)\n3"]
        {
            assert_ne!(plain, digest(other), "{other}");
        }
        assert_eq!(examples("a >> b, and no example"), None);
    }
}
