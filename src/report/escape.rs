//! Text of the project in the languages of our output, so that it stays text there.
//!
//! Invariant: what a function here returns means its argument and nothing else, wherever its
//! documentation says that it may stand: no name, source line or test output opens a tag, a link,
//! a mention, a fence or a workflow command, moves a cursor or turns the direction of writing.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a reader sees nothing of the character while it acts: control, direction, format and
/// tag characters, and what is no character.
fn is_invisible(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
}

/// One line of text with control and direction characters spelled out (`\x1b`, `\u{202e}`), line
/// ends included; tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    spelled_out(text, is_invisible)
}

/// The same for text of several lines: `\n` stays.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    spelled_out(text, |c| c != '\n' && is_invisible(c))
}

fn spelled_out(text: &str, is_spelled: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_spelled) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if !is_spelled(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if u32::from(c) < 0x100 => {
                write!(out, "\\x{:02x}", u32::from(c)).expect("a String takes all");
            }
            c => write!(out, "\\u{{{:x}}}", u32::from(c)).expect("a String takes all"),
        }
    }
    Cow::Owned(out)
}

/// Source text with each acting character replaced by one that shows itself, so that lines and
/// columns stay; line ends stay.
pub fn same_places(text: &str) -> Cow<'_, str> {
    let acts = |c: char| is_invisible(c) && !matches!(c, '\n' | '\r');
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|c| if acts(c) { '\u{fffd}' } else { c }).collect()
}

/// At most `most` characters; what was longer ends in `…`.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) if most == 0 => Cow::Borrowed(""),
        Some(_) => {
            let end = text.char_indices().nth(most - 1).map_or(0, |(at, _)| at);
            Cow::Owned(format!("{}…", &text[..end]))
        }
    }
}

/// Text of several lines, at most `lines` of them and each at most `columns` characters; says how
/// many lines are missing.
pub fn cut_lines(text: &str, lines: usize, columns: usize) -> String {
    let mut out = String::new();
    let mut left = text.lines();
    for line in left.by_ref().take(lines) {
        out.push_str(&cut(line, columns));
        out.push('\n');
    }
    match left.count() {
        0 => {}
        1 => out.push_str("… 1 more line\n"),
        more => writeln!(out, "… {more} more lines").expect("a String takes all"),
    }
    out
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// A Markdown code span, anywhere but in a table. GitHub links no mention, number or address in it.
pub fn code_span(text: &str) -> String {
    let text = visible(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let bare = text.trim_matches(' ');
    if bare.is_empty() {
        return "` `".to_owned();
    }
    // A space on both sides is taken away again; without one, a backtick would join the fence.
    let pad = if bare.len() < text.len() || bare.starts_with('`') || bare.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A Markdown code span for a cell of a table. A bar behind a backslash, which readers of Markdown
/// disagree on, becomes `│`.
pub fn code_cell(text: &str) -> String {
    code_span(text).replace("\\|", "\\│").replace('|', "\\|")
}

/// A fenced Markdown code block, alone on its lines, newline at the end.
pub fn code_block(language: &str, text: &str) -> String {
    let text = visible_lines(text);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}\n")
}

/// Markdown prose on one line, behind something of ours or alone, also in a cell of a table.
/// Mentions, numbers of issues and addresses are parted by a word joiner, which shows nothing.
pub fn markdown_text(text: &str) -> String {
    const JOINER: char = '\u{2060}';
    let text = visible(text.trim());
    let mut out = String::with_capacity(text.len() + 8);
    let mut is_number = true;
    for (at, c) in text.char_indices() {
        let next = text[at + c.len_utf8()..].chars().next();
        let joins = next.is_some_and(|next| !next.is_whitespace());
        let is_plain = match c {
            '.' => !is_number,
            ':' => !joins,
            ',' | ';' | '\'' | '"' | '%' | '/' | '?' | '=' => true,
            _ => false,
        };
        if c.is_ascii_punctuation() && !is_plain {
            out.push('\\');
        }
        is_number &= c.is_ascii_digit();
        out.push(c);
        let parted = match c {
            '@' | '#' | ':' => joins,
            '-' => text[..at].ends_with(['h', 'H']),
            'w' | 'W' => next == Some('.'),
            _ => false,
        };
        if parted {
            out.push(JOINER);
        }
    }
    out
}

/// Text in HTML, between tags or in a quoted attribute.
pub fn html(text: &str) -> String {
    let text = visible_lines(text);
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// JSON inside a `<script>` element: no tag, comment or line end of JavaScript's in it.
pub fn json_in_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 8);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("a String takes all");
            }
            c => out.push(c),
        }
    }
    out
}

/// The message of a workflow command (behind `::`); lines stay lines.
pub fn command_message(text: &str) -> String {
    visible_lines(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command. Line ends are kept, so that a path is the file's own.
pub fn command_property(text: &str) -> String {
    let text = spelled_out(text, |c| !matches!(c, '\n' | '\r') && is_invisible(c));
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            ':' => out.push_str("%3A"),
            ',' => out.push_str("%2C"),
            c => out.push(c),
        }
    }
    out
}

/// Text for a log in which GitHub's runner looks for commands: no line is one. A word joiner, which
/// shows nothing, parts what would make it one.
pub fn no_commands(text: &str) -> Cow<'_, str> {
    let acts = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
    if !text.lines().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive('\n') {
        let start = line.len() - line.trim_start().len();
        let (space, rest) = line.split_at(start);
        out.push_str(space);
        if rest.starts_with("::") {
            out.push('\u{2060}');
        }
        out.push_str(&rest.replace("##[", "#\u{2060}#["));
    }
    Cow::Owned(out)
}

/// A path of the repository as a relative URI: every byte but unreserved ones and `/` as `%XX`.
pub fn relative_uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 8);
    for &byte in path.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes all");
        }
    }
    out
}

#[cfg(test)]
pub(crate) mod tests;
