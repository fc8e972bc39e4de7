//! What a push is about: the lines that git writes to a pre-push hook.
//!
//! Invariant: every ref that is pushed is tested or named with the reason why not.

/// What is to be done about one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pushed {
    /// Test this commit against that base; `None` asks for the default one.
    Test {
        /// The ref on the other side.
        name: String,
        /// The commit that is pushed.
        commit: String,
        /// The commit that is there.
        base: Option<String>,
    },
    /// Nothing, for this reason.
    Leave {
        /// The ref on the other side.
        name: String,
        /// Why.
        why: &'static str,
    },
}

/// A line that git would not write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no line of a push: <local ref> <local id> <remote ref> <remote id> is needed")]
pub(super) struct BadLine(String);

/// Reads the lines; `is_here` tells whether a commit is in this repository.
pub(super) fn pushed(text: &str, is_here: impl Fn(&str) -> bool) -> Result<Vec<Pushed>, BadLine> {
    let mut found: Vec<Pushed> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [local, commit, remote, old] = words[..] else { return Err(BadLine(line.into())) };
        if !is_id(commit) || !is_id(old) {
            return Err(BadLine(line.into()));
        }
        let name = remote.strip_prefix("refs/heads/").unwrap_or(remote).to_owned();
        let leave = |why| Pushed::Leave { name: name.clone(), why };
        let next = if is_zero(commit) {
            leave("it is deleted")
        } else if remote.starts_with("refs/tags/") || local.starts_with("refs/tags/") {
            leave("it is a tag")
        } else if !is_here(commit) {
            leave("it is no commit")
        } else {
            // What was there and is unknown here was pushed by someone else, and is overwritten.
            let base = (!is_zero(old) && is_here(old)).then(|| old.to_owned());
            Pushed::Test { name: name.clone(), commit: commit.to_owned(), base }
        };
        let same = |other: &Pushed| match (other, &next) {
            (
                Pushed::Test { commit, base, .. },
                Pushed::Test { commit: next_commit, base: next_base, .. },
            ) => commit == next_commit && base == next_base,
            _ => false,
        };
        let next = if found.iter().any(same) {
            leave("the same commits are tested already")
        } else {
            next
        };
        found.push(next);
    }
    Ok(found)
}

fn is_id(word: &str) -> bool {
    matches!(word.len(), 40 | 64) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_zero(id: &str) -> bool {
    id.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> String {
        digit.to_string().repeat(40)
    }

    fn said(lines: &[(&str, char, &str, char)]) -> Vec<String> {
        let text: String = lines
            .iter()
            .map(|(local, new, remote, old)| {
                format!("{local} {} {remote} {}\n", id(*new), id(*old))
            })
            .collect();
        let known = |commit: &str| commit != id('9');
        let short = |id: &str| id[..1].to_owned();
        pushed(&text, known)
            .unwrap()
            .into_iter()
            .map(|pushed| match pushed {
                Pushed::Test { name, commit, base } => {
                    let base = base.map_or("default".to_owned(), |base| short(&base));
                    format!("{name}: {} against {base}", short(&commit))
                }
                Pushed::Leave { name, why } => format!("{name}: {why}"),
            })
            .collect()
    }

    #[test]
    fn each_kind_of_push_is_told_apart() {
        let (main, tag) = ("refs/heads/main", "refs/tags/v1");
        assert_eq!(said(&[(main, 'a', main, 'b')]), ["main: a against b"]);
        assert_eq!(said(&[(main, 'a', "refs/heads/new", '0')]), ["new: a against default"]);
        assert_eq!(said(&[(main, 'a', main, '9')]), ["main: a against default"]);
        assert_eq!(said(&[("(delete)", '0', main, 'b')]), ["main: it is deleted"]);
        assert_eq!(said(&[(tag, 'a', tag, '0')]), ["refs/tags/v1: it is a tag"]);
        assert_eq!(
            said(&[(main, 'a', main, 'b'), ("HEAD", 'a', "refs/heads/other", 'b')]),
            ["main: a against b", "other: the same commits are tested already"]
        );
        assert_eq!(said(&[]), [""; 0]);
    }

    #[test]
    fn what_git_would_not_write_is_named() {
        for line in ["one two", "a b c d e", "refs/heads/main xyz refs/heads/main abc"] {
            assert!(pushed(line, |_| true).unwrap_err().to_string().contains(line));
        }
    }
}
