//! The functions of a file: every `def`, class body, bound lambda, and the module itself.
//!
//! Invariant: keys are unique in a file and spelled as Python spells qualified names.

use std::collections::HashMap;

use super::Source;
use super::doctest::examples_digest;
use super::fingerprint::{Part, fingerprint};
use super::tree::Node;
use crate::model::{
    ByteSpan, Fingerprint, Function, FunctionKey, FunctionKind, LineRange, QualName,
};

/// Where a function is: its node's index, the bytes of its body in the text, its parent's index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    pub(super) node: u32,
    pub(super) body: ByteSpan,
    pub(super) parent: Option<usize>,
}

/// Finds the functions under a `module` node, in source order, `<module>` first.
pub(super) fn find_functions(source: &Source, root: Node<'_>) -> (Vec<Function>, Vec<Site>) {
    let mut finder = Finder {
        source,
        functions: Vec::new(),
        sites: Vec::new(),
        scopes: Vec::new(),
        seen: HashMap::new(),
    };
    finder.enter_module(root);
    for node in root.preorder().skip(1) {
        while finder.scopes.last().is_some_and(|scope| scope.until <= node.index()) {
            finder.scopes.pop();
        }
        match node.kind() {
            "function_definition" => finder.enter_def(node),
            "class_definition" => finder.enter_class(node),
            "assignment" => finder.add_lambda(node),
            _ => {}
        }
    }
    (finder.functions, finder.sites)
}

struct Scope {
    /// Preorder number behind the scope.
    until: u32,
    /// What a name inside is prefixed with.
    prefix: String,
    function: usize,
    kind: FunctionKind,
}

struct Finder<'s> {
    source: &'s Source,
    functions: Vec<Function>,
    sites: Vec<Site>,
    scopes: Vec<Scope>,
    seen: HashMap<String, u32>,
}

/// What is added for one function.
struct Found<'t> {
    name: String,
    kind: FunctionKind,
    /// The node that is compiled.
    node: Node<'t>,
    /// The node with decorators, or the whole assignment of a lambda.
    whole: Node<'t>,
    body: ByteSpan,
    part: Part<'t>,
}

impl Finder<'_> {
    fn enter_module(&mut self, root: Node<'_>) {
        let bytes = ByteSpan { start: 0, end: self.source.text().len() };
        let span = self.source.span(bytes);
        self.functions.push(Function {
            key: FunctionKey::new(self.source.path().clone(), QualName::module()),
            kind: FunctionKind::Module,
            lines: LineRange {
                first: span.start.line,
                last: self.source.line(bytes.end.saturating_sub(1)),
            },
            def_line: span.start.line,
            bytes: ByteSpan { start: 0, end: self.source.bytes().len() },
            fingerprint: fingerprint(root, Part::Module),
            doctest: examples_digest(root),
            header: None,
            parent: None,
        });
        self.sites.push(Site { node: root.index(), body: bytes, parent: None });
        self.scopes.push(Scope {
            until: root.until(),
            prefix: String::new(),
            function: 0,
            kind: FunctionKind::Module,
        });
    }

    fn enter_def(&mut self, node: Node<'_>) {
        let Some(name) = node.field("name") else { return };
        let name = self.unique(format!("{}{}", self.prefix(), name.text()));
        let index = self.add(Found {
            name: name.clone(),
            kind: FunctionKind::Def,
            node,
            whole: with_decorators(node),
            body: behind_header(node),
            part: Part::Def,
        });
        self.scopes.push(Scope {
            until: node.until(),
            prefix: format!("{name}.<locals>."),
            function: index,
            kind: FunctionKind::Def,
        });
    }

    fn enter_class(&mut self, node: Node<'_>) {
        let Some(name) = node.field("name") else { return };
        // Classes are numbered apart from `def`s of the same name: their keys never collide.
        let name = format!("{}{}", self.prefix(), name.text());
        let name = match self.count(format!("{name}.<class>")) {
            1 => name,
            number => format!("{name}#{number}"),
        };
        let index = self.add(Found {
            name: format!("{name}.<class>"),
            kind: FunctionKind::Class,
            node,
            whole: with_decorators(node),
            body: behind_header(node),
            part: Part::Class(node),
        });
        self.scopes.push(Scope {
            until: node.until(),
            prefix: format!("{name}."),
            function: index,
            kind: FunctionKind::Class,
        });
    }

    fn add_lambda(&mut self, assignment: Node<'_>) {
        let in_function = self.scopes.last().is_some_and(|scope| scope.kind == FunctionKind::Def);
        let Some((name, lambda)) = bound_lambda(assignment) else { return };
        let Some(body) = lambda.field("body") else { return };
        if in_function {
            return;
        }
        let name = self.unique(format!("{}{}", self.prefix(), name.text()));
        self.add(Found {
            name,
            kind: FunctionKind::Lambda,
            node: lambda,
            whole: assignment,
            body: body.bytes(),
            part: Part::Def,
        });
    }

    fn add(&mut self, found: Found<'_>) -> usize {
        let span = self.source.span(found.whole.bytes());
        let parent = self.scopes.last().map(|scope| scope.function);
        let header = header(&found).filter(|_| self.is_outermost());
        let definition = if found.kind == FunctionKind::Lambda { found.whole } else { found.node };
        self.functions.push(Function {
            key: FunctionKey::new(self.source.path().clone(), QualName::new(found.name)),
            kind: found.kind,
            lines: LineRange {
                first: span.start.line,
                last: self.source.line(found.whole.end().saturating_sub(1)),
            },
            def_line: self.source.line(definition.start()),
            bytes: span.bytes,
            fingerprint: fingerprint(found.whole, found.part),
            doctest: examples_digest(found.node),
            header,
            parent: parent.map(|parent| self.functions[parent].key.name.clone()),
        });
        self.sites.push(Site { node: found.node.index(), body: found.body, parent });
        self.functions.len() - 1
    }

    fn is_outermost(&self) -> bool {
        self.scopes.iter().all(|scope| scope.kind != FunctionKind::Def)
    }

    fn prefix(&self) -> &str {
        self.scopes.last().map_or("", |scope| &scope.prefix)
    }

    fn unique(&mut self, name: String) -> String {
        match self.count(name.clone()) {
            1 => name,
            number => format!("{name}#{number}"),
        }
    }

    /// How often the name was met, this time included.
    fn count(&mut self, name: String) -> u32 {
        let count = self.seen.entry(name).or_insert(0);
        *count += 1;
        *count
    }
}

/// The fingerprint of what of a function runs when it is defined: decorators and defaults.
fn header(found: &Found<'_>) -> Option<Fingerprint> {
    if matches!(found.kind, FunctionKind::Module | FunctionKind::Class) {
        return None;
    }
    let defaults = found.node.field("parameters").is_some_and(|parameters| {
        let has_default = |node: Node<'_>| node.field("value").is_some();
        parameters.named_children().any(has_default)
    });
    let body = found.node.field("body")?;
    let runs = defaults || (found.kind == FunctionKind::Def && found.whole != found.node);
    runs.then(|| fingerprint(found.whole, Part::Header(body)))
}

/// The name and the lambda of a statement `name = lambda …`.
pub(super) fn bound_lambda<'t>(assignment: Node<'t>) -> Option<(Node<'t>, Node<'t>)> {
    let is_statement = assignment.parent()?.kind() == "expression_statement";
    let name = assignment.field("left")?;
    let lambda = assignment.field("right")?.unparenthesized();
    (is_statement && name.kind() == "identifier" && lambda.kind() == "lambda")
        .then_some((name, lambda))
}

/// A definition with its decorators.
pub(super) fn with_decorators(definition: Node<'_>) -> Node<'_> {
    definition
        .parent()
        .filter(|parent| parent.kind() == "decorated_definition")
        .unwrap_or(definition)
}

fn behind_header(definition: Node<'_>) -> ByteSpan {
    ByteSpan { start: definition.header().end, end: definition.end() }
}

#[cfg(test)]
mod tests {
    use crate::model::{Function, RepoPath};
    use crate::syntax::{Module, Source};

    fn functions(text: &str) -> Vec<Function> {
        let source = Source::decode(RepoPath::new("m.py"), text.into()).unwrap();
        Module::parse(source).unwrap().functions().to_vec()
    }

    fn table(text: &str) -> String {
        let line = |f: &Function| {
            let parent = f.parent.as_ref().map_or("-", |parent| parent.as_str());
            let (first, last) = (f.lines.first, f.lines.last);
            format!("{} {:?} {first}-{last} def {} in {parent}\n", f.key.name, f.kind, f.def_line)
        };
        functions(text).iter().map(line).collect()
    }

    #[test]
    fn qualified_names_are_those_of_python() {
        let text = "\
import x

@x.cache
@x.other(
    1)
async def outer(a=1):
    class Inner(Base):
        limit = 3
        def method(self):
            return [i for i in self]
    if a:
        def nested(): return 1
    return nested


class Outer:
    class Deep:
        def f(self): ...
    key: int = lambda self: self.x
try:
    twice = (lambda n:
        n * 2)
except E:
    pass
";
        insta::assert_snapshot!(table(text), @r"
        <module> Module 1-24 def 1 in -
        outer Def 3-13 def 6 in <module>
        outer.<locals>.Inner.<class> Class 7-10 def 7 in outer
        outer.<locals>.Inner.method Def 9-10 def 9 in outer.<locals>.Inner.<class>
        outer.<locals>.nested Def 12-12 def 12 in outer
        Outer.<class> Class 16-19 def 16 in <module>
        Outer.Deep.<class> Class 17-18 def 17 in Outer.<class>
        Outer.Deep.f Def 18-18 def 18 in Outer.Deep.<class>
        Outer.key Lambda 19-19 def 19 in Outer.<class>
        twice Lambda 21-22 def 21 in <module>
        ");
    }

    #[test]
    fn repeated_names_are_numbered() {
        let text = "\
class C:
    @property
    def p(self): return 1
    @p.setter
    def p(self, v):
        def inner(): pass
class C:
    def p(self): pass
def C(): pass
f = lambda: 1
f = lambda: 2
";
        insta::assert_snapshot!(table(text), @r"
        <module> Module 1-11 def 1 in -
        C.<class> Class 1-6 def 1 in <module>
        C.p Def 2-3 def 3 in C.<class>
        C.p#2 Def 4-6 def 5 in C.<class>
        C.p#2.<locals>.inner Def 6-6 def 6 in C.p#2
        C#2.<class> Class 7-8 def 7 in <module>
        C#2.p Def 8-8 def 8 in C#2.<class>
        C Def 9-9 def 9 in <module>
        f Lambda 10-10 def 10 in <module>
        f#2 Lambda 11-11 def 11 in <module>
        ");
    }

    #[test]
    fn a_lambda_within_a_function_or_an_expression_is_no_function() {
        let text = "def f():\n    g = lambda: 1\nh = [lambda: 2]\na.b = lambda: 3\n";
        assert_eq!(functions(text).len(), 2);
    }

    #[test]
    fn a_header_is_what_runs_at_the_definition() {
        let header = |text: &str| functions(text).last().unwrap().header;
        assert_eq!(header("def f(a): return 1"), None);
        assert_eq!(header("def f(a):\n  def g(b=1): pass"), None);
        let same = ["def f(a=1): return 1", "def f(a = 1):\n  # other\n  return 2"];
        assert_eq!(header(same[0]), header(same[1]));
        let texts = [same[0], "def f(a=2): return 1", "@d\ndef f(a): pass", "@e\ndef f(a): pass"];
        let found: std::collections::HashSet<_> = texts.map(header).into();
        assert!(found.len() == 4 && !found.contains(&None));
        assert_eq!(header("f = lambda a=1: a"), header("f = lambda a=1: a + 1"));
        assert_ne!(header("f = lambda a=1: a"), header("f = lambda a=2: a"));
    }

    #[test]
    fn an_empty_file_has_its_module() {
        insta::assert_snapshot!(table(""), @"<module> Module 1-1 def 1 in -");
        insta::assert_snapshot!(table("# a\n\n\n"), @"<module> Module 1-3 def 1 in -");
    }
}
