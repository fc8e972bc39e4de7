//! Escaping, judged by readers that are not ours.
//!
//! Invariant: hostile texts are made from the pieces that act somewhere, not only from noise.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::*;

/// Texts with a high share of what acts in one of our outputs.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{1,4}",
        "`{1,7}",
        prop::sample::select(vec![
            "\n",
            "\r\n",
            "\n\n",
            "\u{202e}",
            "\u{2066}",
            "\x1b[31m",
            "\x1b]8;;http://e.x\x07",
            "\\",
            "\\|",
            "|",
            "||",
            "<!--",
            "-->",
            "]]>",
            "<script>",
            "</script>",
            "<img src=x>",
            "@octocat",
            "#1",
            "http://e.x/",
            "www.e.x",
            "a@e.x",
            "[a](http://e.x)",
            "![a](b)",
            "~~~",
            "- ",
            "1. ",
            "    ",
            "\t",
            "# ",
            "> ",
            "---",
            "$x$",
            ":tada:",
            "%0A",
            "%",
            "::error::",
            "##[error]",
            "::",
            ",",
            "&amp;",
            "&#64;",
            "\0",
            "\u{fffe}",
            "\u{e0041}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn events(markdown: &str) -> Vec<Event<'_>> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    Parser::new_ext(markdown, options).collect()
}

/// What a code span says; a cell cannot hold a space at its ends.
fn span_says(text: &str) -> String {
    let text = visible(text);
    if text.trim_matches(' ').is_empty() { " ".to_owned() } else { text.into_owned() }
}

proptest! {
    #[test]
    fn visible_text_holds_no_control_character(text in hostile()) {
        prop_assert!(!visible(&text).chars().any(|c| c.is_control() && c != '\t'));
        let lines = visible_lines(&text);
        prop_assert!(!lines.chars().any(|c| c.is_control() && c != '\t' && c != '\n'));
    }

    #[test]
    fn a_code_span_is_one_code_span(text in hostile()) {
        let markdown = format!("a {} b", code_span(&text));
        let found = events(&markdown);
        let says = found.iter().find_map(|event| match event {
            Event::Code(says) => Some(says.to_string()),
            _ => None,
        });
        prop_assert_eq!(found.len(), 5, "{:?}", found);
        prop_assert_eq!(says, Some(span_says(&text)));
    }

    #[test]
    fn a_cell_stays_in_its_column(text in hostile()) {
        let markdown = format!("| a | b |\n| --- | --- |\n| {} | z |\n", code_cell(&text));
        let found = events(&markdown);
        let cells = found.iter().filter(|e| matches!(e, Event::End(TagEnd::TableCell))).count();
        let codes: Vec<_> =
            found.iter().filter_map(|e| if let Event::Code(c) = e { Some(c) } else { None }).collect();
        prop_assert_eq!(cells, 4);
        prop_assert_eq!(codes.len(), 1, "{:?}", found);
        prop_assert_eq!(codes[0].as_ref(), span_says(&text).replace("\\|", "\\│"));
    }

    #[test]
    fn a_code_block_ends_where_it_should(text in hostile()) {
        let markdown = format!("{}after\n", code_block("diff", &text));
        let found = events(&markdown);
        let blocks = found.iter().filter(|e| matches!(e, Event::Start(Tag::CodeBlock(_)))).count();
        let outside = found.iter().skip_while(|e| !matches!(e, Event::End(TagEnd::CodeBlock)));
        prop_assert_eq!(blocks, 1);
        prop_assert_eq!(outside.count(), 4, "{:?}", found);
    }

    #[test]
    fn markdown_text_is_text_only(text in hostile()) {
        let markdown = markdown_text(&text);
        for event in events(&markdown) {
            let plain = matches!(
                event,
                Event::Text(_) | Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph)
            );
            prop_assert!(plain, "{:?} in {:?}", event, markdown);
        }
        let says: String = events(&markdown)
            .iter()
            .filter_map(|event| if let Event::Text(text) = event { Some(text.as_ref()) } else { None })
            .collect();
        let expected = visible(text.trim()).trim().to_owned();
        let says = says.replace('\u{2060}', "");
        prop_assert_eq!(says.trim_end(), expected.trim_end());
    }

    #[test]
    fn a_command_is_one_line_and_its_properties_are_parted(text in hostile()) {
        let message = command_message(&text);
        prop_assert!(!message.contains(['\n', '\r']));
        let property = command_property(&text);
        prop_assert!(!property.contains(['\n', '\r', ':', ',']));
        let back = property.replace("%3A", ":").replace("%2C", ",").replace("%0A", "\n")
            .replace("%0D", "\r").replace("%25", "%");
        let shown = text.replace('\n', "\u{1}").replace('\r', "\u{2}");
        let shown = visible(&shown).replace("\\x01", "\n").replace("\\x02", "\r");
        prop_assert_eq!(back, shown);
    }

    #[test]
    fn no_line_of_a_log_is_a_command(text in hostile()) {
        let log = no_commands(&text);
        for line in log.lines() {
            prop_assert!(!line.trim_start().starts_with("::") && !line.contains("##["));
        }
        prop_assert_eq!(log.replace('\u{2060}', ""), text.replace('\u{2060}', ""));
    }

    #[test]
    fn cut_text_is_no_longer_than_asked(text in hostile(), most in 0_usize..20) {
        prop_assert!(cut(&text, most).chars().count() <= most);
    }

    #[test]
    fn replaced_characters_keep_every_place(text in hostile()) {
        let shown = same_places(&text);
        prop_assert_eq!(shown.chars().count(), text.chars().count());
        prop_assert_eq!(shown.lines().count(), text.lines().count());
    }

    #[test]
    fn json_in_a_script_opens_nothing_and_means_the_same(text in hostile()) {
        let json = serde_json::to_string(&text).unwrap();
        let escaped = json_in_script(&json);
        prop_assert!(!escaped.contains(['<', '>', '&']));
        prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }
}

#[test]
fn escapes_and_direction_marks_are_spelled_out() {
    assert_eq!(
        visible("a\x1b[31m\r\n\u{202e}b\u{9b}\tz é"),
        "a\\x1b[31m\\r\\n\\u{202e}b\\x9b\tz é"
    );
    assert!(matches!(visible("plain ü"), Cow::Borrowed(_)));
    assert_eq!(visible_lines("a\r\n\u{e0041}b"), "a\\r\n\\u{e0041}b");
}

#[test]
fn mentions_numbers_and_addresses_are_parted_in_prose() {
    let text = markdown_text("@octocat #1 http://e.x www.e.x a@e.x GH-1");
    for acting in ["@o", "#1", "://", "www.", "@e", "GH-1"] {
        assert!(!text.contains(acting), "{acting} in {text:?}");
    }
    assert_eq!(
        markdown_text("poetry.lock changed; 3 < 4 (a_b)"),
        "poetry.lock changed; 3 \\< 4 \\(a\\_b\\)"
    );
    assert_eq!(markdown_text("1. one"), "1\\. one");
}

#[test]
fn a_uri_holds_what_a_uri_may() {
    assert_eq!(relative_uri("src/a b/ü%.py"), "src/a%20b/%C3%BC%25.py");
    assert_eq!(relative_uri("a\n:b.py"), "a%0A%3Ab.py");
}

#[test]
fn long_text_says_what_is_missing() {
    assert_eq!(cut_lines("a\nbcdef\nc\nd\n", 2, 3), "a\nbc…\n… 2 more lines\n");
    assert_eq!(cut_lines("a\nb", 2, 3), "a\nb\n");
    assert_eq!(cut("abc", 3), "abc");
}

#[test]
fn html_is_text_in_attributes_too() {
    assert_eq!(
        html("<a b='c' d=\"&\">\n\x1b"),
        "&lt;a b=&#39;c&#39; d=&quot;&amp;&quot;&gt;\n\\x1b"
    );
}
