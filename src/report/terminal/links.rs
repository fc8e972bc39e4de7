//! Links from names in the report to places in files, as terminals take them (OSC 8).
//!
//! Invariant: a target holds unreserved ASCII characters, `/`, `:`, `#` and `%` only, whatever a path
//! holds, so it can neither end its sequence nor begin another.

use std::fmt::Write as _;

use crate::model::{LineNo, RepoPath};

/// Longer targets are left out: terminals cut them, or take none of them.
const LONGEST: usize = 2000;

/// How a terminal opens a file at a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkForm {
    /// `file://HOST/PATH`: the file only.
    File,
    /// `file://HOST/PATH#LINE`.
    Fragment,
    /// `vscode://file/PATH:LINE`.
    Vscode,
}

/// Where the files of a report are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    form: LinkForm,
    /// The part before the path in the repository, encoded.
    root: String,
}

impl Links {
    /// Links into the directory `root` (absolute) of the machine `host`.
    pub fn new(form: LinkForm, host: &str, root: &[u8]) -> Self {
        let mut text = match form {
            LinkForm::File | LinkForm::Fragment => {
                let mut text = "file://".to_owned();
                encode(&mut text, host.as_bytes());
                text
            }
            LinkForm::Vscode => "vscode://file".to_owned(),
        };
        let root = root.strip_suffix(b"/").unwrap_or(root);
        encode(&mut text, root);
        text.push('/');
        Self { form, root: text }
    }

    /// `text` as a link to a line of a file.
    pub(super) fn around(&self, path: &RepoPath, line: LineNo, text: &str) -> String {
        match self.target(path, line) {
            target if target.len() > LONGEST || text.is_empty() => text.to_owned(),
            target => format!("\x1b]8;;{target}\x1b\\{text}\x1b]8;;\x1b\\"),
        }
    }

    fn target(&self, path: &RepoPath, line: LineNo) -> String {
        let mut target = self.root.clone();
        encode(&mut target, path.as_str().as_bytes());
        let end = match self.form {
            LinkForm::File => String::new(),
            LinkForm::Fragment => format!("#{line}"),
            LinkForm::Vscode => format!(":{line}"),
        };
        target + &end
    }
}

/// Appends bytes, all but `/` and unreserved characters in their percent form.
fn encode(out: &mut String, bytes: &[u8]) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes all");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::sample::line;

    fn target(form: LinkForm, path: &str) -> String {
        Links::new(form, "box", b"/home/me/my shop/").target(&RepoPath::new(path), line(12))
    }

    #[test]
    fn a_line_is_named_as_the_terminal_takes_it() {
        let of = |form| target(form, "shop/cart.py");
        assert_eq!(of(LinkForm::File), "file://box/home/me/my%20shop/shop/cart.py");
        assert_eq!(of(LinkForm::Fragment), "file://box/home/me/my%20shop/shop/cart.py#12");
        assert_eq!(of(LinkForm::Vscode), "vscode://file/home/me/my%20shop/shop/cart.py:12");
    }

    #[test]
    fn a_target_that_is_too_long_is_no_link() {
        let links = Links::new(LinkForm::File, "box", b"/r");
        assert_eq!(links.around(&RepoPath::new("é".repeat(400)), line(1), "a"), "a");
    }

    proptest! {
        #[test]
        fn no_path_ends_the_sequence_or_changes_what_is_linked(path in ".{0,40}", text in "[a-z]{1,9}") {
            for form in [LinkForm::File, LinkForm::Fragment, LinkForm::Vscode] {
                let links = Links::new(form, &path, path.as_bytes());
                let linked = links.around(&RepoPath::new(path.clone()), line(3), &text);
                let parts: Vec<&str> = linked.split("\x1b").collect();
                prop_assert_eq!(parts.len(), 5);
                let target = parts[1].strip_prefix("]8;;").unwrap();
                prop_assert!(target.bytes().all(
                    |b| b.is_ascii_alphanumeric() || b"-._~/:#%".contains(&b)), "{}", target);
                prop_assert_eq!(&parts[2..], [&format!("\\{text}")[..], "]8;;", "\\"]);
            }
        }
    }
}
