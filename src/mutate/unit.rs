//! Swap units: the outermost function around a mutant, which is what a live process takes.
//!
//! Invariant: a unit's enclosing scopes are classes and the module only.

use crate::model::{ByteSpan, ClassHeader, FunctionKind, SwapUnit};
use crate::syntax::{Module, Node};

/// The unit of code that belongs to the `index`-th function; `None` for code that runs at import.
pub(super) fn swap_unit(module: &Module, index: usize) -> Option<SwapUnit> {
    let chain: Vec<usize> =
        std::iter::successors(Some(index), |index| module.code(*index).parent).collect();
    let at = chain.iter().rposition(|index| {
        matches!(module.functions()[*index].kind, FunctionKind::Def | FunctionKind::Lambda)
    })?;
    let function = &module.functions()[chain[at]];
    let node = module.code(chain[at]).node;
    let classes = chain[at + 1..].iter().rev().filter_map(|index| {
        let class = module.code(*index).node;
        let name = class.field("name")?.text().to_owned();
        Some(ClassHeader { indent: indent(module, class), name })
    });
    let line = module.source().line(node.start());
    let is_lambda = function.kind == FunctionKind::Lambda;
    Some(SwapUnit {
        bytes: ByteSpan { start: node.start(), end: node.end() },
        indent: indent(module, node),
        name: match node.field("name") {
            Some(name) if !is_lambda => name.text().to_owned(),
            _ => "<lambda>".to_owned(),
        },
        first_line: if is_lambda { line } else { function.lines.first },
        def_line: line,
        classes: classes.collect(),
    })
}

/// The white space that a node's line starts with.
fn indent(module: &Module, node: Node<'_>) -> String {
    let line = module.source().line_text(module.source().line(node.start()));
    line.chars().take_while(|c| matches!(c, ' ' | '\t' | '\x0c')).collect()
}

#[cfg(test)]
mod tests {
    use crate::mutate::generate::tests::mutants_of;

    fn units(text: &str) -> String {
        let line = |mutant: crate::model::Mutant| {
            let unit = mutant.unit.as_ref().map_or("none".to_owned(), |unit| {
                let classes: Vec<_> =
                    unit.classes.iter().map(|c| format!("{}{}", c.indent, c.name)).collect();
                let part = &text[unit.bytes.start..unit.bytes.end];
                let head: String = part.chars().take(12).collect();
                format!(
                    "{:?}+{} {}..{} {head:?} in {classes:?}",
                    unit.indent, unit.name, unit.first_line, unit.def_line
                )
            });
            format!("{} in {}: {unit}\n", mutant.original, mutant.function.name)
        };
        mutants_of(text)
            .into_iter()
            .filter(|m| m.operator.as_str() == "number/increment")
            .map(line)
            .collect()
    }

    #[test]
    fn units_are_the_outermost_functions() {
        let text = "\
a = 1
@deco(2)
@other
async def f(b=3):
    def g(c=4):
        class K:
            d = 5
        return 6
if a:
  class C(base(7)):
    e = 8
    class D:
        @p
        def m(self): return lambda: 9
    h = lambda x=10: 11
    i = [lambda: 12]
";
        insta::assert_snapshot!(units(text), @r#"
        1 in <module>: none
        2 in <module>: none
        3 in <module>: none
        4 in f: ""+f 2..4 "async def f(" in []
        5 in f.<locals>.g.<locals>.K.<class>: ""+f 2..4 "async def f(" in []
        6 in f.<locals>.g: ""+f 2..4 "async def f(" in []
        7 in <module>: none
        8 in C.<class>: none
        9 in C.D.m: "        "+m 13..14 "def m(self):" in ["  C", "    D"]
        10 in C.<class>: none
        11 in C.h: "    "+<lambda> 15..15 "lambda x=10:" in ["  C"]
        12 in C.<class>: none
        "#);
    }
}
