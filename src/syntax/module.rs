//! A parsed file: its source, its tree, its functions.
//!
//! Invariant: `functions()` starts with `<module>` and is in source order; every byte of the text
//! belongs to exactly one function.

use super::functions::{Site, find_functions};
use super::tree::{Node, Tree};
use super::{Source, SyntaxError};
use crate::model::{ByteSpan, Function};

/// A parsed file.
#[derive(Debug, Clone)]
pub struct Module {
    source: Source,
    tree: Tree,
    functions: Vec<Function>,
    sites: Vec<Site>,
}

/// Where a function is in the tree.
#[derive(Debug, Clone, Copy)]
pub struct FunctionCode<'t> {
    /// Its `module`, `class_definition`, `function_definition` or `lambda`.
    pub node: Node<'t>,
    /// The bytes of the text that run when it runs: the body without the header.
    pub body: ByteSpan,
    /// Index in [`Module::functions`] of the function or class around it.
    pub parent: Option<usize>,
}

impl Module {
    /// Parses a source file.
    ///
    /// # Errors
    /// [`SyntaxError::Unparsable`] where the grammar does not take it; Python 2's `print` and
    /// `exec` statements are such places.
    pub fn parse(source: Source) -> Result<Self, SyntaxError> {
        let tree = match lines_with_newlines(source.text()) {
            None => Tree::parse(source.text()),
            Some(text) => Tree::parse(&text),
        };
        let unparsable = |offset: usize| SyntaxError::Unparsable {
            path: source.path().clone(),
            line: source.line(offset),
        };
        let tree = tree.map_err(unparsable)?;
        let root = tree.node(source.text(), 0);
        if let Some(node) = root.preorder().find(|node| is_python_2(*node)) {
            return Err(unparsable(node.start()));
        }
        let (functions, sites) = find_functions(&source, root);
        Ok(Self { source, tree, functions, sites })
    }

    /// The source.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The `module` node.
    pub fn root(&self) -> Node<'_> {
        self.node(0)
    }

    /// The functions in source order, `<module>` first.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The comments in source order, as bytes of the text.
    pub fn comments(&self) -> &[ByteSpan] {
        self.tree.comments()
    }

    /// Where the `index`-th function is in the tree.
    pub fn code(&self, index: usize) -> FunctionCode<'_> {
        let site = self.sites[index];
        FunctionCode { node: self.node(site.node), body: site.body, parent: site.parent }
    }

    /// The function whose code a byte of the text is. A header (decorators, parameters with
    /// their defaults and annotations, base classes) runs with the code around it and belongs to
    /// the enclosing function.
    pub fn function_at(&self, text_offset: usize) -> &Function {
        &self.functions[self.function_index_at(text_offset)]
    }

    /// The index of [`Module::function_at`]'s answer in [`Module::functions`].
    pub fn function_index_at(&self, text_offset: usize) -> usize {
        let behind = self.sites.partition_point(|site| site.body.start <= text_offset);
        let mut index = behind.saturating_sub(1);
        while text_offset >= self.sites[index].body.end {
            match self.sites[index].parent {
                Some(parent) => index = parent,
                None => break,
            }
        }
        index
    }

    fn node(&self, index: u32) -> Node<'_> {
        self.tree.node(self.source.text(), index)
    }
}

/// The text with each lone `\r` replaced, at the same offsets, by the newline that it is for
/// CPython and is not for tree-sitter; `None` where there is none.
fn lines_with_newlines(text: &str) -> Option<String> {
    if !text.contains('\r') {
        return None;
    }
    let mut rest = text.chars().peekable();
    let mut replaced = String::with_capacity(text.len());
    while let Some(character) = rest.next() {
        let lone = character == '\r' && rest.peek() != Some(&'\n');
        replaced.push(if lone { '\n' } else { character });
    }
    Some(replaced)
}

fn is_python_2(node: Node<'_>) -> bool {
    match node.kind() {
        "exec_statement" => true,
        // `print >> file, text` is a tuple in Python 3.
        "print_statement" => !node.named_children().any(|child| child.kind() == "chevron"),
        _ => node.token() == "<>",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RepoPath;

    fn parse(text: &str) -> Result<Module, SyntaxError> {
        Module::parse(Source::decode(RepoPath::new("m.py"), text.into()).unwrap())
    }

    #[test]
    fn errors_name_the_line() {
        for text in ["x = 1\ndef f(:\n  pass\n", "x = 1\nprint 'a'\n", "x = 1\r(", "\nx <> y"] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.to_string(), "m.py:2: cannot be parsed as Python 3", "{text:?}");
        }
    }

    #[test]
    fn a_lone_carriage_return_is_a_newline() {
        let module = parse("def f():\r  return 1\rdef g(): pass\r").unwrap();
        let lines: Vec<_> = module.functions().iter().map(|f| f.def_line.get()).collect();
        assert_eq!(lines, [1, 1, 3]);
    }

    #[test]
    fn headers_belong_to_the_enclosing_function() {
        let text = "@d(1)\ndef f(a: A = 2) -> R:\n    return 3\nclass C(B):\n    y = 4\n    g = lambda z=5: 6\n";
        let module = parse(text).unwrap();
        let owner = |part: &str| module.function_at(text.find(part).unwrap()).key.name.to_string();
        let owners: Vec<_> =
            ["1", "A", "2", "R", "3", "B", "4", "5", "6"].iter().map(|part| owner(part)).collect();
        assert_eq!(
            owners,
            [
                "<module>",
                "<module>",
                "<module>",
                "<module>",
                "f",
                "<module>",
                "C.<class>",
                "C.<class>",
                "C.g"
            ]
        );
        assert_eq!(module.function_at(text.len()).key.name.as_str(), "<module>");
    }

    #[test]
    fn statements_end_before_trailing_comments() {
        let module = parse("def f():\n    x = 1  # one\n    # two\n\n# three\ny = 2\n").unwrap();
        let f = module.code(1).node;
        assert_eq!(f.text(), "def f():\n    x = 1");
        assert_eq!(module.comments().len(), 3);
    }
}
