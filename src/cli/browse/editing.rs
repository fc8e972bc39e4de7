//! What is done to files from the browser: opened in an editor, and given a comment.
//!
//! Invariant: the only place of mutdiff that writes to the tree, and only over a file that is what the
//! proposal was made of.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::lab::SkipEdit;

/// Opens a file at a line, and waits for the editor's end.
///
/// # Errors
///
/// Where the editor cannot be started, or fails.
pub(super) fn open(file: &Path, line: u32) -> io::Result<()> {
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty()));
    let words = command(&editor.unwrap_or_else(|| "vi".to_owned()), file, line);
    let Some((program, arguments)) = words.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "EDITOR cannot be understood"));
    };
    let status = Command::new(program).args(arguments).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("the editor ended with {status}")))
    }
}

/// The words of the editor, with the file and the line as it wants them.
fn command(editor: &str, file: &Path, line: u32) -> Vec<OsString> {
    let mut words: Vec<OsString> =
        shlex::split(editor).unwrap_or_default().into_iter().map(OsString::from).collect();
    let Some(program) = words.first() else { return words };
    let name = Path::new(program).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let place = || {
        let mut place = file.as_os_str().to_owned();
        place.push(format!(":{line}"));
        place
    };
    match name.as_str() {
        "code" | "codium" | "code-insiders" | "cursor" => {
            words.extend(["--wait".into(), "--goto".into(), place()]);
        }
        "subl" | "zed" => words.extend(["--wait".into(), place()]),
        "hx" | "helix" => words.push(place()),
        _ => words.extend([format!("+{line}").into(), file.as_os_str().to_owned()]),
    }
    words
}

/// Writes the comment.
///
/// # Errors
///
/// Where the file has changed since, or cannot be written.
pub(super) fn write(edit: &SkipEdit) -> io::Result<()> {
    if fs::read(&edit.file)? != edit.before {
        return Err(io::Error::other("the file has changed meanwhile"));
    }
    fs::write(&edit.file, &edit.after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LineNo;

    #[test]
    fn editors_are_told_the_line_in_their_own_way() {
        let said = |editor: &str| {
            let words = command(editor, Path::new("/a b/m.py"), 12);
            words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join("|")
        };
        assert_eq!(said("vim"), "vim|+12|/a b/m.py");
        assert_eq!(said("/usr/bin/emacs -nw"), "/usr/bin/emacs|-nw|+12|/a b/m.py");
        assert_eq!(said("code"), "code|--wait|--goto|/a b/m.py:12");
        assert_eq!(said("hx"), "hx|/a b/m.py:12");
        assert_eq!(said("'"), "");
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("m.py");
        let edit = SkipEdit {
            file: file.clone(),
            before: b"a\n".to_vec(),
            after: b"a  # b\n".to_vec(),
            line: LineNo::FIRST,
            text: "a  # b".into(),
            suppresses: 1,
        };
        fs::write(&file, "other\n").unwrap();
        assert!(write(&edit).is_err());
        fs::write(&file, "a\n").unwrap();
        write(&edit).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"a  # b\n");
    }
}
