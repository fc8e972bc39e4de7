//! The syntax tree: tree-sitter's, copied into one array in preorder.
//!
//! Invariant: comments and line continuations are not in it, and a node ends where its last token
//! does (no trailing newline or comment). Going to a parent is one step, which tree-sitter's own
//! nodes cannot do.

use std::sync::LazyLock;

use tree_sitter::{Language, Parser};

use crate::model::ByteSpan;

/// The names of tree-sitter-python's node kinds and fields, by id.
struct Names {
    kinds: Vec<(&'static str, bool)>,
    fields: Vec<&'static str>,
}

static LANGUAGE: LazyLock<Language> = LazyLock::new(|| tree_sitter_python::LANGUAGE.into());

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let ids = 0..u16::try_from(LANGUAGE.node_kind_count()).unwrap_or(u16::MAX);
    let fields = 0..=u16::try_from(LANGUAGE.field_count()).unwrap_or(u16::MAX);
    Names {
        kinds: ids
            .map(|id| {
                let name = LANGUAGE.node_kind_for_id(id).unwrap_or("");
                (name, LANGUAGE.node_kind_is_named(id))
            })
            .collect(),
        fields: fields.map(|id| LANGUAGE.field_name_for_id(id).unwrap_or("")).collect(),
    }
});

/// A parsed text.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    entries: Vec<Entry>,
    comments: Vec<ByteSpan>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    kind: u16,
    field: u16,
    parent: u32,
    /// Index behind the last descendant.
    until: u32,
    start: u32,
    end: u32,
}

impl Tree {
    /// Parses a text of less than 2 GiB.
    ///
    /// # Errors
    /// The offset of the first place that the grammar does not take.
    pub(super) fn parse(text: &str) -> Result<Self, usize> {
        let mut parser = Parser::new();
        parser.set_language(&LANGUAGE).expect("the grammar is built for this tree-sitter");
        let tree = parser.parse(text, None).expect("no time limit, no cancellation, a language");
        let mut cursor = tree.walk();
        let mut entries: Vec<Entry> = Vec::with_capacity(tree.root_node().descendant_count());
        let mut comments = Vec::new();
        let mut open: Vec<u32> = Vec::new();
        'walk: loop {
            let node = cursor.node();
            if node.is_error() || node.is_missing() {
                return Err(node.start_byte());
            }
            if node.is_extra() {
                if node.kind() == "comment" {
                    comments.push(ByteSpan { start: node.start_byte(), end: node.end_byte() });
                }
            } else {
                let index = to_u32(entries.len());
                entries.push(Entry {
                    kind: node.kind_id(),
                    field: cursor.field_id().map_or(0, |id| id.get()),
                    parent: open.last().copied().unwrap_or(0),
                    until: index + 1,
                    start: to_u32(node.start_byte()),
                    end: to_u32(node.end_byte()),
                });
                if cursor.goto_first_child() {
                    open.push(index);
                    continue;
                }
            }
            while !cursor.goto_next_sibling() {
                let Some(closed) = open.pop() else { break 'walk };
                cursor.goto_parent();
                let until = to_u32(entries.len());
                entries[closed as usize].until = until;
            }
        }
        shrink_to_tokens(&mut entries);
        Ok(Self { entries, comments })
    }

    pub(super) fn comments(&self) -> &[ByteSpan] {
        &self.comments
    }

    pub(super) fn node<'t>(&'t self, text: &'t str, index: u32) -> Node<'t> {
        Node { tree: self, text, index }
    }
}

/// Ends every inner node where its last descendant ends, since tree-sitter lets blocks reach over
/// comments and newlines.
fn shrink_to_tokens(entries: &mut [Entry]) {
    for index in (0..entries.len()).rev() {
        let entry = entries[index];
        let mut child = index + 1;
        let (mut start, mut end) = (None, None);
        while child < entry.until as usize {
            let Entry { start: child_start, end: child_end, until, .. } = entries[child];
            if child_end > child_start {
                start = start.or(Some(child_start));
                end = Some(child_end);
            }
            child = until as usize;
        }
        // The bytes of strings and format specifiers are not all in children.
        let is_text = matches!(
            NAMES.kinds[usize::from(entry.kind)].0,
            "string_content" | "format_specifier" | "module"
        );
        if let (false, Some(start), Some(end)) = (is_text, start, end) {
            entries[index].start = start;
            entries[index].end = end;
        }
    }
}

fn to_u32(offset: usize) -> u32 {
    u32::try_from(offset).expect("sources are under 2 GiB")
}

/// A node of a syntax tree: a rule of the grammar (`kind`) or a token that has no name of its own
/// (a keyword, an operator, punctuation).
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    text: &'t str,
    index: u32,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && std::ptr::eq(self.tree, other.tree)
    }
}

impl Eq for Node<'_> {}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}({:?})", self.kind(), self.token(), self.text())
    }
}

impl<'t> Node<'t> {
    fn entry(self) -> Entry {
        self.tree.entries[self.index as usize]
    }

    fn at(self, index: u32) -> Self {
        Self { index, ..self }
    }

    /// The kind, as tree-sitter-python names it; empty for a token.
    pub fn kind(self) -> &'static str {
        match NAMES.kinds[usize::from(self.entry().kind)] {
            (name, true) => name,
            _ => "",
        }
    }

    /// The token (`if`, `+`, `not in`, …); empty for a node that has a kind.
    pub fn token(self) -> &'static str {
        match NAMES.kinds[usize::from(self.entry().kind)] {
            (name, false) => name,
            _ => "",
        }
    }

    /// Its field in its parent (`left`, `body`, …); empty where it has none.
    pub fn field_name(self) -> &'static str {
        NAMES.fields[usize::from(self.entry().field)]
    }

    /// Its number in preorder; children have higher numbers than their parent.
    pub fn index(self) -> u32 {
        self.index
    }

    /// The number behind its last descendant's.
    pub fn until(self) -> u32 {
        self.entry().until
    }

    /// Offset of its first byte in the text.
    pub fn start(self) -> usize {
        self.entry().start as usize
    }

    /// Offset behind its last byte in the text.
    pub fn end(self) -> usize {
        self.entry().end as usize
    }

    /// Its bytes in the text.
    pub fn bytes(self) -> ByteSpan {
        ByteSpan { start: self.start(), end: self.end() }
    }

    /// Its text.
    pub fn text(self) -> &'t str {
        &self.text[self.start()..self.end()]
    }

    /// The whole text that the node is part of.
    pub fn whole_text(self) -> &'t str {
        self.text
    }

    /// The node around it.
    pub fn parent(self) -> Option<Self> {
        (self.index > 0).then(|| self.at(self.entry().parent))
    }

    /// The nodes around it, innermost first.
    pub fn ancestors(self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.parent(), |node| node.parent())
    }

    /// Its children, tokens included.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let until = self.until();
        let mut next = self.index + 1;
        std::iter::from_fn(move || {
            (next < until).then(|| {
                let child = self.at(next);
                next = child.until();
                child
            })
        })
    }

    /// Its children that have a kind.
    pub fn named_children(self) -> impl Iterator<Item = Self> {
        self.children().filter(|child| !child.kind().is_empty())
    }

    /// The first child in a field.
    pub fn field(self, name: &str) -> Option<Self> {
        self.children().find(|child| child.field_name() == name)
    }

    /// The first child that is this token.
    pub fn token_child(self, token: &str) -> Option<Self> {
        self.children().find(|child| child.token() == token)
    }

    /// Itself and everything in it, in preorder.
    pub fn preorder(self) -> impl Iterator<Item = Self> {
        (self.index..self.until()).map(move |index| self.at(index))
    }

    /// The node without the parentheses around it.
    pub fn unparenthesized(self) -> Self {
        let mut node = self;
        while node.kind() == "parenthesized_expression" {
            match node.named_children().next() {
                Some(inner) => node = inner,
                None => break,
            }
        }
        node
    }

    /// Whether it is a statement or a clause of one (`elif`, `else`, `except`, `case`, …).
    pub fn is_statement(self) -> bool {
        let kind = self.kind();
        kind.ends_with("_statement")
            || matches!(
                kind,
                "function_definition"
                    | "class_definition"
                    | "decorated_definition"
                    | "decorator"
                    | "elif_clause"
                    | "else_clause"
                    | "except_clause"
                    | "finally_clause"
                    | "case_clause"
            )
    }

    /// The smallest statement (or clause of one) that holds it, itself included; `None` for a
    /// module.
    pub fn statement(self) -> Option<Self> {
        std::iter::successors(Some(self), |node| node.parent()).find(|node| node.is_statement())
    }

    /// The bytes of a statement's header: up to the colon before its block, or all of it where
    /// it has none.
    pub fn header(self) -> ByteSpan {
        let block = match self.kind() {
            "decorated_definition" => {
                return match self.field("definition") {
                    Some(definition) => {
                        ByteSpan { start: self.start(), end: definition.header().end }
                    }
                    None => self.bytes(),
                };
            }
            _ => self.children().find(|child| child.kind() == "block"),
        };
        let Some(block) = block else { return self.bytes() };
        let colon = self
            .children()
            .take_while(|child| child.index < block.index)
            .filter(|child| child.token() == ":")
            .last();
        ByteSpan { start: self.start(), end: colon.map_or(self.end(), Node::end) }
    }

    /// The docstring statement of a module, or of the `block` of a class or function.
    pub fn docstring(self) -> Option<Self> {
        let statement = self.named_children().next()?;
        let mut inner = statement.named_children();
        let value = inner.next()?.unparenthesized();
        let alone = inner.next().is_none() && statement.token_child(",").is_none();
        let owner = self.kind() == "module"
            || self.parent().is_some_and(|parent| {
                matches!(parent.kind(), "function_definition" | "class_definition")
            });
        (owner && alone && statement.kind() == "expression_statement" && is_plain_text(value))
            .then_some(statement)
    }
}

/// Whether a node is a string literal (or several side by side) that is neither bytes nor an
/// f-string: what CPython takes for a docstring.
fn is_plain_text(node: Node<'_>) -> bool {
    match node.kind() {
        "string" => !node
            .children()
            .next()
            .is_some_and(|start| start.text().contains(['b', 'B', 'f', 'F', 't', 'T'])),
        "concatenated_string" => node.named_children().all(is_plain_text),
        _ => false,
    }
}
