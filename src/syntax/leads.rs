//! The words that each function, class body and statement of a file may lead somewhere by.
//!
//! Invariant: code that a function may call by any name that stands in it, in a name's own statement
//! or in a string, is found by these words; the other way round nothing is promised.

use std::collections::BTreeSet;

use super::functions::with_decorators;
use super::tree::Node;
use super::{Module, OwnStatement, StatementKind, own_statements};
use crate::model::{FunctionKind, Lead, QualName, Word};

/// All leads of a file.
pub fn leads(module: &Module) -> Vec<Lead> {
    let mut found = Vec::new();
    for (index, function) in module.functions().iter().enumerate() {
        let node = module.code(index).node;
        let key = &function.key.name;
        match function.kind {
            FunctionKind::Module => {
                found.extend(own_statements(module, index).iter().map(of_statement));
            }
            FunctionKind::Class => found.push(of_class(module, index)),
            FunctionKind::Def | FunctionKind::Lambda => {
                let whole =
                    if function.kind == FunctionKind::Def { with_decorators(node) } else { node };
                let name = key.simple();
                let in_class = function.parent.as_ref().is_some_and(is_class);
                let mut binds = if in_class {
                    // Looked up in an object; by its bare name in the class body alone.
                    BTreeSet::from([in_object(name)])
                } else {
                    BTreeSet::from([name.to_owned(), in_module(name)])
                };
                if is_special(name) {
                    // `C()`, `a + b`, `with c`: the class is named, the method is not.
                    binds.extend(class_of(key).into_iter().flat_map(every_way));
                }
                let decorators = whole.named_children().filter(|child| child.kind() == "decorator");
                let mut named = BTreeSet::new();
                decorators.for_each(|decorator| collect(decorator, &BTreeSet::new(), &mut named));
                let mut inside = BTreeSet::new();
                collect(whole, &locals(whole), &mut inside);
                found.push(Lead {
                    function: Some(key.clone()),
                    binds: words(binds),
                    words: words(inside),
                    decorators: words(named),
                });
            }
        }
    }
    found.push(of_imports(module.root()));
    found
}

fn of_statement(statement: &OwnStatement) -> Lead {
    let mentions = statement.mentions.names.iter().chain(&statement.mentions.attributes);
    let mentions: BTreeSet<String> = mentions.flat_map(|name| every_way(name)).collect();
    let mut binds: BTreeSet<String> =
        statement.binds.iter().flat_map(|name| every_way(name)).collect();
    // What it does cannot be told: it may tie together whatever it names.
    if matches!(statement.kind, StatementKind::Effect) {
        binds.extend(mentions.iter().cloned());
    }
    Lead { binds: words(binds), words: words(mentions), ..Lead::default() }
}

/// What is imported with the file: nothing leads to it but the file itself.
fn of_imports(root: Node<'_>) -> Lead {
    let mut names = BTreeSet::new();
    for node in root.preorder() {
        let is_import = matches!(node.kind(), "import_statement" | "import_from_statement");
        if is_import && node.ancestors().all(|around| around.kind() != "function_definition") {
            collect(node, &BTreeSet::new(), &mut names);
        }
    }
    Lead { words: words(names), ..Lead::default() }
}

fn of_class(module: &Module, index: usize) -> Lead {
    let function = &module.functions()[index];
    let mut inside = BTreeSet::new();
    for statement in own_statements(module, index) {
        let mentions = statement.mentions.names.iter().chain(&statement.mentions.attributes);
        inside.extend(mentions.flat_map(|name| every_way(name)));
    }
    let name = class_of(&function.key.name).unwrap_or_default();
    Lead {
        function: Some(function.key.name.clone()),
        binds: words(every_way(name)),
        words: words(inside),
        decorators: Vec::new(),
    }
}

/// The words of a name that may be looked up anywhere, in a module or in an object.
pub fn words_of(name: &str) -> [Word; 3] {
    every_way(name).map(|name| Word::of(&name))
}

/// The class that directly holds what is named, without its number.
fn class_of(name: &QualName) -> Option<&str> {
    let (around, _) = name.as_str().rsplit_once('.')?;
    let class = around.rsplit('.').next()?;
    class.split('#').next()
}

fn is_special(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

/// The word of a name that is looked up in an object, which no function of a module answers to.
fn in_object(name: &str) -> String {
    format!(".{name}")
}

/// The word of a name that is looked up in a module.
fn in_module(name: &str) -> String {
    format!("@{name}")
}

/// The words of a name that may be looked up anywhere.
fn every_way(name: &str) -> [String; 3] {
    [name.to_owned(), in_object(name), in_module(name)]
}

fn is_class(name: &QualName) -> bool {
    name.as_str().ends_with("<class>")
}

/// The names that a function binds itself, and that are none of the module's: parameters and targets.
/// What it imports, and what it says to be global, is the module's or another's.
fn locals(function: Node<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut outside = BTreeSet::new();
    for node in function.preorder() {
        let take = |names: &mut BTreeSet<String>, node: Node<'_>| {
            let inner = node.preorder().filter(|inner| inner.kind() == "identifier");
            names.extend(inner.map(|inner| inner.text().to_owned()));
        };
        match node.kind() {
            "global_statement"
            | "nonlocal_statement"
            | "import_statement"
            | "import_from_statement" => take(&mut outside, node),
            // Names that a nested function has alone are the module's for the outer one.
            "function_definition" | "lambda" | "class_definition"
                if node != definition(function) =>
            {
                outside.extend(node.field("name").map(|name| name.text().to_owned()));
                if let Some(parameters) = node.field("parameters") {
                    take(&mut outside, parameters);
                }
            }
            "assignment" | "for_statement" => {
                let target = node.field("left").filter(|left| left.kind() == "identifier");
                let around = node.ancestors().find(|around| {
                    matches!(around.kind(), "function_definition" | "lambda" | "class_definition")
                });
                // A target in a nested scope is no name of this one.
                let is_own = around == Some(definition(function));
                let names = if is_own { &mut found } else { &mut outside };
                names.extend(target.map(|target| target.text().to_owned()));
            }
            _ => {}
        }
    }
    let parameters = definition(function).field("parameters");
    for parameter in parameters.into_iter().flat_map(Node::named_children) {
        let name = match parameter.kind() {
            "identifier" => Some(parameter),
            "default_parameter" | "typed_default_parameter" => parameter.field("name"),
            _ => parameter.named_children().next().filter(|child| child.kind() == "identifier"),
        };
        found.extend(name.map(|name| name.text().to_owned()));
    }
    found.retain(|name| !outside.contains(name));
    found
}

/// A definition without its decorators.
fn definition(whole: Node<'_>) -> Node<'_> {
    match whole.kind() {
        "decorated_definition" => whole.field("definition").unwrap_or(whole),
        _ => whole,
    }
}

/// Identifiers and strings that could be ones: names are looked up by strings too.
fn collect(node: Node<'_>, locals: &BTreeSet<String>, words: &mut BTreeSet<String>) {
    for inner in node.preorder() {
        match inner.kind() {
            "identifier" => {
                let name = inner.text();
                let parent = inner.parent();
                let looked_up = parent.filter(|parent| {
                    parent.kind() == "attribute" && inner.field_name() == "attribute"
                });
                match looked_up {
                    Some(attribute) => {
                        words.insert(in_object(name));
                        if may_be_module(attribute, locals) {
                            words.insert(in_module(name));
                        }
                    }
                    None if locals.contains(name) => {}
                    None => words.extend([name.to_owned(), in_module(name)]),
                }
            }
            "string_content" => {
                let parts = inner.text().split(['.', ':']).filter(|part| is_name(part));
                words.extend(parts.flat_map(every_way));
            }
            _ => {}
        }
    }
}

/// Whether what an attribute is looked up in may be a module: a name that is not the function's own,
/// or something of one.
fn may_be_module(attribute: Node<'_>, locals: &BTreeSet<String>) -> bool {
    let mut object = attribute.field("object");
    while let Some(node) = object {
        match node.kind() {
            "identifier" => return !locals.contains(node.text()),
            "attribute" => object = node.field("object"),
            // The result of a call, an element, a literal: those of a project are rarely modules.
            "call" | "subscript" | "parenthesized_expression" | "await" => return true,
            _ => return false,
        }
    }
    true
}

fn is_name(text: &str) -> bool {
    let first = text.chars().next();
    first.is_some_and(|first| first.is_alphabetic() || first == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn words(names: impl IntoIterator<Item = String>) -> Vec<Word> {
    let words: BTreeSet<Word> = names.into_iter().map(|name| Word::of(&name)).collect();
    words.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RepoPath;
    use crate::syntax::Source;

    fn found(text: &str) -> Vec<Lead> {
        let source = Source::decode(RepoPath::new("m.py"), text.into()).unwrap();
        leads(&Module::parse(source).unwrap())
    }

    /// The words of a function.
    fn of(leads: &[Lead], name: &str) -> Vec<Word> {
        let name = Some(QualName::new(name));
        leads.iter().find(|lead| lead.function == name).unwrap().words.clone()
    }

    fn has(words: &[Word], names: &[&str]) -> bool {
        names.iter().all(|name| words.contains(&Word::of(name)))
    }

    #[test]
    fn a_function_leads_to_what_it_names_even_in_strings() {
        let text = "@d\ndef f(a):\n    def g(): return a.h\n    return getattr(m, 'p.q')\n";
        let leads = found(text);
        assert!(has(&leads[0].binds, &["f", "@f"]) && has(&leads[0].decorators, &["d"]));
        assert!(has(&leads[0].words, &["d", "g", ".h", "getattr", "m", "p", ".q", "@q"]));
        assert_eq!(leads[1].function, Some(QualName::new("f.<locals>.g")));
    }

    #[test]
    fn an_attribute_of_a_modules_name_may_be_a_function_and_one_of_an_own_name_is_a_method() {
        let leads = found(
            "def f(a, b=1):\n    c = a.one(b)\n    import n\n    return mod.two(c), n.x.three, 'x'.four()\n",
        );
        let words = &of(&leads, "f");
        assert!(has(words, &[".one", ".two", "@two", ".three", "@three", ".four", "mod"]));
        for name in ["a", "b", "c", "@one", "one", "@four", "four"] {
            assert!(!has(words, &[name]), "{name}");
        }
    }

    #[test]
    fn what_a_nested_scope_binds_hides_nothing_from_the_outer_one() {
        let text = "def f():\n    def g(h):\n        k = 1\n    h(); k(); g()\n    global x\n    x = x()\n";
        assert!(has(&of(&found(text), "f"), &["h", "k", "g", "x"]));
    }

    #[test]
    fn a_class_leads_to_its_bases_and_special_methods() {
        let leads = found(
            "class C(B):\n    x = y\n    def __len__(self): return z\n    def m(self): pass\n",
        );
        assert!(has(&leads[0].binds, &["C", "@C"]) && has(&leads[0].words, &["B", "y"]));
        assert!(has(&leads[1].binds, &["C", ".__len__"]));
        assert!(!has(&leads[2].binds, &["C"]) && has(&leads[2].binds, &[".m"]));
        assert!(!has(&leads[2].binds, &["m"]));
    }

    #[test]
    fn a_name_leads_to_what_its_statement_names() {
        let leads = found("from a import b as c\nx = {1: f}\nregister(g)\n");
        assert!(has(&leads[0].binds, &["c"]) && has(&leads[0].words, &["b"]));
        assert!(has(&leads[1].binds, &["x"]) && has(&leads[1].words, &["f"]));
        assert!(has(&leads[2].binds, &["register", "g"]));
        assert!(leads[3].binds.is_empty() && has(&leads[3].words, &["a", "b"]));
    }
}
