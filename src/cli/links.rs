//! Whether and how the terminal takes links, from its variables.
//!
//! Invariant: nothing but `FORCE_HYPERLINK` brings links into a pipe, and nothing brings them where
//! `--color never` was asked for.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::args::ColorChoice;
use crate::git::Repository;
use crate::report::terminal::{LinkForm, Links};

/// Terminals that name themselves in `TERM_PROGRAM`.
const PROGRAMS: [&str; 8] =
    ["iTerm.app", "WezTerm", "Hyper", "terminology", "ghostty", "zed", "WarpTerminal", "rio"];
/// Beginnings of `TERM`.
const TERMS: [&str; 6] =
    ["xterm-kitty", "alacritty", "foot", "xterm-ghostty", "wezterm", "contour"];
/// Variables that a terminal with links sets.
const MARKS: [&str; 4] = ["WT_SESSION", "KONSOLE_VERSION", "DOMTERM", "KITTY_WINDOW_ID"];
/// VTE takes links from 0.50 on.
const VTE: u32 = 5000;

/// How links are written on a stream, if they are: `FORCE_HYPERLINK` first (`0`: never, else always), then
/// `NO_COLOR` and `TERM=dumb`, then whether it is a terminal that is known to take links.
pub(super) fn form(
    choice: ColorChoice,
    terminal: bool,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<LinkForm> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if choice == ColorChoice::Never {
        return None;
    }
    let is_wanted = match set("FORCE_HYPERLINK") {
        Some(forced) => forced != "0",
        None => {
            let is_plain = set("NO_COLOR").is_some() || variable("TERM").as_deref() == Some("dumb");
            terminal && !is_plain && is_known(&set)
        }
    };
    is_wanted.then(|| written(&set))
}

fn is_known(set: &dyn Fn(&str) -> Option<String>) -> bool {
    let is_program = |program: String| program == "vscode" || PROGRAMS.contains(&&*program);
    set("TERM_PROGRAM").is_some_and(is_program)
        || set("TERM").is_some_and(|term| TERMS.iter().any(|known| term.starts_with(known)))
        || set("VTE_VERSION").and_then(|vte| vte.parse().ok()).is_some_and(|vte: u32| vte >= VTE)
        || MARKS.iter().any(|mark| set(mark).is_some())
}

/// A line is named only where the terminal is known to take it: others would look for a file of that name.
fn written(set: &dyn Fn(&str) -> Option<String>) -> LinkForm {
    let is_kitty = set("KITTY_WINDOW_ID").is_some()
        || set("TERM").is_some_and(|term| term.starts_with("xterm-kitty"));
    if set("TERM_PROGRAM").as_deref() == Some("vscode") {
        // Its own scheme means the machine that the window is on.
        if set("SSH_CONNECTION").is_some() { LinkForm::File } else { LinkForm::Vscode }
    } else if is_kitty {
        LinkForm::Fragment
    } else {
        LinkForm::File
    }
}

/// Links into the working tree of the repository around `directory`; `None` where none is found.
pub(super) fn into(form: LinkForm, directory: &Path) -> Option<Links> {
    let root = Repository::discover(directory).ok()?.workdir().canonicalize().ok()?;
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    Some(Links::new(form, host.trim(), root.as_os_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(terminal: bool, set: &[(&str, &str)]) -> Option<LinkForm> {
        form(ColorChoice::Auto, terminal, &|name| {
            set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn terminals_that_are_known_get_links_and_their_form_of_a_line() {
        assert_eq!(of(true, &[("TERM", "xterm-256color")]), None);
        assert_eq!(of(true, &[("VTE_VERSION", "7200")]), Some(LinkForm::File));
        assert_eq!(of(true, &[("VTE_VERSION", "4205")]), None);
        assert_eq!(of(true, &[("TERM_PROGRAM", "iTerm.app")]), Some(LinkForm::File));
        assert_eq!(of(true, &[("TERM", "xterm-kitty")]), Some(LinkForm::Fragment));
        assert_eq!(of(true, &[("TERM_PROGRAM", "vscode")]), Some(LinkForm::Vscode));
        let remote = [("TERM_PROGRAM", "vscode"), ("SSH_CONNECTION", "1.2.3.4 5 6.7.8.9 22")];
        assert_eq!(of(true, &remote), Some(LinkForm::File));
    }

    #[test]
    fn a_pipe_a_dumb_terminal_and_no_color_get_none() {
        let kitty = ("TERM", "xterm-kitty");
        assert_eq!(of(false, &[kitty]), None);
        assert_eq!(of(true, &[kitty, ("NO_COLOR", "1")]), None);
        assert_eq!(of(true, &[("TERM", "dumb"), ("WT_SESSION", "1")]), None);
    }

    #[test]
    fn force_hyperlink_decides_before_all_but_the_flag() {
        let forced = ("FORCE_HYPERLINK", "1");
        assert_eq!(of(false, &[forced, ("NO_COLOR", "1")]), Some(LinkForm::File));
        assert_eq!(of(true, &[("FORCE_HYPERLINK", "0"), ("TERM", "xterm-kitty")]), None);
        assert_eq!(of(false, &[("FORCE_HYPERLINK", "")]), None);
        assert_eq!(form(ColorChoice::Never, true, &|_| Some("1".to_owned())), None);
    }
}
