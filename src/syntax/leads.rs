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
                found.push(of_imports(node));
            }
            FunctionKind::Class => found.push(of_class(module, index)),
            FunctionKind::Def | FunctionKind::Lambda => {
                let whole =
                    if function.kind == FunctionKind::Def { with_decorators(node) } else { node };
                let mut binds = BTreeSet::from([key.simple().to_owned()]);
                if is_special(key.simple()) {
                    // `C()`, `a + b`, `with c`: the class is named, the method is not.
                    binds.extend(class_of(key).map(ToOwned::to_owned));
                }
                let decorators = whole.named_children().filter(|child| child.kind() == "decorator");
                let mut named = BTreeSet::new();
                decorators.for_each(|decorator| collect(decorator, &mut named));
                let mut inside = BTreeSet::new();
                collect(whole, &mut inside);
                found.push(Lead {
                    function: Some(key.clone()),
                    binds: words(binds),
                    words: words(inside),
                    decorators: words(named),
                });
            }
        }
    }
    found
}

fn of_statement(statement: &OwnStatement) -> Lead {
    let mentions = statement.mentions.names.iter().chain(&statement.mentions.attributes);
    let mut binds = statement.binds.clone();
    // What it does cannot be told: it may tie together whatever it names.
    if matches!(statement.kind, StatementKind::Effect) {
        binds.extend(mentions.clone().cloned());
    }
    Lead { binds: words(binds), words: words(mentions.cloned()), ..Lead::default() }
}

/// What is imported with the file: nothing leads to it but the file itself.
fn of_imports(root: Node<'_>) -> Lead {
    let mut names = BTreeSet::new();
    for node in root.preorder() {
        let is_import = matches!(node.kind(), "import_statement" | "import_from_statement");
        if is_import && node.ancestors().all(|around| around.kind() != "function_definition") {
            collect(node, &mut names);
        }
    }
    Lead { words: words(names), ..Lead::default() }
}

fn of_class(module: &Module, index: usize) -> Lead {
    let function = &module.functions()[index];
    let mut inside = BTreeSet::new();
    for statement in own_statements(module, index) {
        inside.extend(statement.mentions.names);
        inside.extend(statement.mentions.attributes);
    }
    let name = class_of(&function.key.name).unwrap_or_default().to_owned();
    Lead {
        function: Some(function.key.name.clone()),
        binds: words([name]),
        words: words(inside),
        decorators: Vec::new(),
    }
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

/// Identifiers and strings that could be ones: names are looked up by strings too.
fn collect(node: Node<'_>, words: &mut BTreeSet<String>) {
    for inner in node.preorder() {
        match inner.kind() {
            "identifier" => {
                words.insert(inner.text().to_owned());
            }
            "string_content" => {
                let parts = inner.text().split(['.', ':']);
                words.extend(parts.filter(|part| is_name(part)).map(ToOwned::to_owned));
            }
            _ => {}
        }
    }
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

    fn has(words: &[Word], names: &[&str]) -> bool {
        names.iter().all(|name| words.contains(&Word::of(name)))
    }

    #[test]
    fn a_function_leads_to_what_it_names_even_in_strings() {
        let text = "@d\ndef f(a):\n    def g(): return a.h\n    return getattr(m, 'p.q')\n";
        let leads = found(text);
        let leads = &leads[1..];
        assert!(has(&leads[0].binds, &["f"]) && has(&leads[0].decorators, &["d"]));
        assert!(has(&leads[0].words, &["d", "g", "h", "getattr", "m", "p", "q"]));
        assert_eq!(leads[1].function, Some(QualName::new("f.<locals>.g")));
    }

    #[test]
    fn a_class_leads_to_its_bases_and_special_methods() {
        let leads = found(
            "class C(B):\n    x = y\n    def __len__(self): return z\n    def m(self): pass\n",
        );
        let leads = &leads[1..];
        assert!(has(&leads[0].binds, &["C"]) && has(&leads[0].words, &["B", "y"]));
        assert!(has(&leads[1].binds, &["C", "__len__"]));
        assert!(!has(&leads[2].binds, &["C"]) && has(&leads[2].binds, &["m"]));
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
