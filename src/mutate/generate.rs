//! From a parsed file to its mutants.
//!
//! Invariant: mutants come in source order, and no two of a function give the same text. Ids do not
//! depend on which functions are wanted, nor on which operators are on.

use std::collections::{HashMap, HashSet};

use super::edit::Edit;
use super::registry::{FIRST_EDITION, operators, operators_for};
use super::selection::Selection;
use super::skip::is_skipped;
use super::subsumed::{Needless, negates_condition};
use super::suppress::Suppressed;
use super::unit::swap_unit;
use crate::model::{ByteSpan, FunctionKey, LineNo, Mutant, MutantId, SwapUnit};
use crate::syntax::{Module, Node};

/// The mutants of the wanted functions of a file, in source order.
///
/// A mutant belongs to the function whose code it changes ([`Module::function_at`]): one in a
/// decorator, a default value or a base class belongs to the code around the definition.
pub fn mutants(
    module: &Module,
    wanted: &dyn Fn(&FunctionKey) -> bool,
    selection: &Selection,
) -> Vec<Mutant> {
    let wanted: Vec<bool> = module.functions().iter().map(|f| wanted(&f.key)).collect();
    if !wanted.contains(&true) {
        return Vec::new();
    }
    let mut found = candidates(module, &wanted, selection);
    found.sort_by_key(|c| (c.edit.bytes.start, c.edit.bytes.end, c.operator));
    let text = module.source().text();
    let mut chosen = numbered(text, found);
    let needless = Needless::with(selection);
    chosen.retain(|Numbered { candidate, .. }| {
        let Edit { bytes, replacement, .. } = &candidate.edit;
        let original = &text[bytes.start..bytes.end];
        selection.has(candidate.operator)
            && !needless.is(candidate.negates_condition, original, replacement)
    });
    folded(&mut chosen);
    let mut units: HashMap<usize, Option<SwapUnit>> = HashMap::new();
    let suppressed = Suppressed::find(module, selection);
    let finish = |numbered: Numbered| {
        let function = numbered.candidate.function;
        let unit = units.entry(function).or_insert_with(|| swap_unit(module, function)).clone();
        let mut mutant = finished(module, numbered.candidate, numbered.ordinal, unit);
        mutant.suppressed = suppressed.by(mutant.text, mutant.operator.as_str());
        mutant.minor = suppressed.minor(mutant.text, mutant.operator.as_str());
        mutant
    };
    chosen.into_iter().map(finish).collect()
}

/// What tells mutated texts apart, see [`canonical`].
type Canonical = (usize, usize, Vec<u8>);

struct Numbered {
    candidate: Candidate,
    ordinal: u32,
    text: Canonical,
    /// Whether an operator before it in the first edition gives the same text.
    is_double: bool,
}

/// Numbers the candidates of each operator in each function, in source order. Doubles of the first
/// edition come last: they count only where the operator that gives the same text is off.
fn numbered(text: &str, found: Vec<Candidate>) -> Vec<Numbered> {
    let mut ordinals: HashMap<(usize, usize), u32> = HashMap::new();
    let mut first_edition = HashSet::new();
    let mut own = HashSet::new();
    let (mut singles, mut doubles) = (Vec::new(), Vec::new());
    for candidate in found {
        let (function, operator) = (candidate.function, candidate.operator);
        let text = canonical(text, &candidate.edit);
        let is_new = own.insert((function, operator, text.clone()));
        let is_first_edition = operator < FIRST_EDITION;
        let is_double = is_first_edition && !first_edition.insert((function, text.clone()));
        if is_new {
            let list = if is_double { &mut doubles } else { &mut singles };
            list.push(Numbered { candidate, ordinal: 0, text, is_double });
        }
    }
    singles.append(&mut doubles);
    for numbered in &mut singles {
        let candidate = &numbered.candidate;
        let next = ordinals.entry((candidate.function, candidate.operator)).or_insert(0);
        numbered.ordinal = *next;
        *next += 1;
    }
    singles
}

/// Leaves one mutant for each text: the first edition's, else that of the first operator.
fn folded(chosen: &mut Vec<Numbered>) {
    chosen.sort_by_key(|numbered| {
        let operator = numbered.candidate.operator;
        (
            operator >= FIRST_EDITION,
            numbered.is_double,
            operator * usize::from(operator >= FIRST_EDITION),
        )
    });
    let mut seen = HashSet::new();
    chosen.retain(|numbered| seen.insert((numbered.candidate.function, numbered.text.clone())));
    chosen.sort_by_key(|numbered| {
        let bytes = numbered.candidate.edit.bytes;
        (bytes.start, bytes.end, numbered.candidate.operator)
    });
}

struct Candidate {
    function: usize,
    /// Position in the registry.
    operator: usize,
    edit: Edit,
    header: ByteSpan,
    negates_condition: bool,
}

fn candidates(module: &Module, wanted: &[bool], selection: &Selection) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut edits = Vec::new();
    let mut skip_until = 0;
    for node in module.root().preorder() {
        if node.index() < skip_until {
            continue;
        }
        if is_skipped(node) {
            skip_until = node.until();
            continue;
        }
        for &operator in operators_for(node.kind()) {
            if operator >= FIRST_EDITION && !selection.has(operator) {
                continue;
            }
            (operators()[operator].apply)(node, &mut edits);
            for edit in edits.drain(..) {
                let function = module.function_index_at(edit.bytes.start);
                if !wanted[function] || unbinds_nonlocal(module, node, &edit) {
                    continue;
                }
                let Some(edit) = edit.fitted(node) else { continue };
                if module.source().can_encode(&edit.replacement) {
                    let header = reached_at(node, edit.bytes);
                    let negates_condition = negates_condition(node, operators()[operator].id);
                    found.push(Candidate { function, operator, edit, header, negates_condition });
                }
            }
        }
    }
    found
}

/// The lines that run if a mutant is reached: the header of the statement around it, or, where a whole block is
/// replaced, that of its first statement (`else:` and `finally:` are no lines that Python runs).
fn reached_at(node: Node<'_>, edit: ByteSpan) -> ByteSpan {
    let Some(statement) = node.statement() else { return node.bytes() };
    let block = statement.children().find(|child| child.kind() == "block" && child.bytes() == edit);
    let runs = |inner: &Node<'_>| {
        let only = inner.named_children().next();
        !(inner.kind() == "expression_statement"
            && only.is_some_and(|value| matches!(value.kind(), "string" | "ellipsis")))
    };
    match block.and_then(|block| block.named_children().find(runs)) {
        Some(first) => first.header(),
        None => statement.header(),
    }
}

/// Whether an edit may take away the only binding of a name that a `nonlocal` statement needs,
/// which does not compile.
fn unbinds_nonlocal(module: &Module, node: Node<'_>, edit: &Edit) -> bool {
    let text = &module.source().text()[edit.bytes.start..edit.bytes.end];
    text.contains(":=")
        && !edit.replacement.contains(":=")
        && node.ancestors().any(|around| {
            around.kind() == "function_definition"
                && around.preorder().any(|inner| inner.kind() == "nonlocal_statement")
        })
}

/// What tells the mutated texts of edits apart: where they first differ from the original, what
/// they leave out from there, and what they put instead.
fn canonical(text: &str, edit: &Edit) -> Canonical {
    let bytes = text.as_bytes();
    let ByteSpan { start, end } = edit.bytes;
    let new = edit.replacement.as_bytes();
    let mutated = |at: usize| -> Option<u8> {
        new.get(at).copied().or_else(|| bytes.get(end + at - new.len()).copied())
    };
    let mut same = 0;
    while start + same < bytes.len() && mutated(same) == Some(bytes[start + same]) {
        same += 1;
    }
    // Both tails from there: as many bytes as the texts share at the end are left out.
    let (old_left, new_left) = (bytes.len() - start - same, new.len() + bytes.len() - end - same);
    let shared_tail = (bytes.len() - end).min(old_left).min(new_left);
    let mut tail = shared_tail;
    while tail < old_left.min(new_left)
        && mutated(same + new_left - 1 - tail) == Some(bytes[bytes.len() - 1 - tail])
    {
        tail += 1;
    }
    let inserted = (same..same + new_left - tail).filter_map(mutated).collect();
    (start + same, old_left - tail, inserted)
}

fn finished(module: &Module, candidate: Candidate, ordinal: u32, unit: Option<SwapUnit>) -> Mutant {
    let source = module.source();
    let function = module.functions()[candidate.function].key.clone();
    let operator = operators()[candidate.operator].operator_id();
    let ByteSpan { start, end } = candidate.edit.bytes;
    let line = |offset: usize| -> LineNo { source.line(offset) };
    Mutant {
        id: MutantId::derive(&function, &operator, ordinal),
        function,
        operator,
        span: source.span(candidate.edit.bytes),
        text: candidate.edit.bytes,
        original: source.text()[start..end].to_owned(),
        replacement: candidate.edit.replacement,
        statement_lines: (
            line(candidate.header.start),
            line(candidate.header.end.saturating_sub(1).max(candidate.header.start)),
        ),
        unit,
        suppressed: None,
        minor: None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::RepoPath;
    use crate::mutate::mutated_text;
    use crate::syntax::Source;

    pub(crate) fn module(text: &str) -> Module {
        Module::parse(Source::decode(RepoPath::new("m.py"), text.into()).unwrap()).unwrap()
    }

    /// All mutants of a text.
    pub(crate) fn mutants_of(text: &str) -> Vec<Mutant> {
        mutants(&module(text), &|_| true, &Selection::first_edition())
    }

    /// What an operator makes of statements in the body of a function.
    pub(crate) fn mutated_bodies(body: &str, operator: &str) -> Vec<String> {
        let head = "async def f():\n";
        let indented: String = body.split_inclusive('\n').map(|line| format!(" {line}")).collect();
        let module = module(&format!("{head}{indented}\n"));
        let position = operators().iter().position(|known| known.id == operator);
        let selection = match position {
            Some(later) if later >= FIRST_EDITION => {
                Selection::new(&Default::default(), &[operator.to_owned()]).unwrap()
            }
            _ => Selection::first_edition(),
        };
        mutants(&module, &|_| true, &selection)
            .iter()
            .filter(|mutant| mutant.operator.as_str() == operator)
            .map(|mutant| {
                let text = mutated_text(&module, mutant);
                let body = text.strip_prefix(head).unwrap().strip_suffix('\n').unwrap();
                body.split_inclusive('\n')
                    .map(|line| line.strip_prefix(' ').unwrap_or(line))
                    .collect()
            })
            .collect()
    }

    #[test]
    fn mutants_come_in_source_order_with_ids_that_no_wish_changes() {
        let text = "a = 1\ndef f(x=2):\n    return x + 3\n\n\ndef g(): return 4, 4\n";
        let all = mutants_of(text);
        assert!(all.is_sorted_by_key(|mutant| mutant.text.start));
        let module = module(text);
        let of_g = mutants(&module, &|key| key.name.as_str() == "g", &Selection::first_edition());
        let expected: Vec<_> =
            all.iter().filter(|m| m.function.name.as_str() == "g").cloned().collect();
        assert_eq!(of_g, expected);
        assert!(!of_g.is_empty());
        let ids: HashSet<_> = all.iter().map(|mutant| mutant.id.clone()).collect();
        assert_eq!(ids.len(), all.len());
    }

    #[test]
    fn what_is_on_changes_no_id() {
        let text = "def f(a, b):\n    if not a and b == 1:\n        return f(a, 'x')[0]\n    return None\n";
        let all = mutants(&module(text), &|_| true, &Selection::full());
        let known: HashMap<_, _> = all.iter().map(|mutant| (&mutant.id, mutant)).collect();
        assert_eq!(known.len(), all.len());
        let text_of = |mutant: &Mutant| (mutant.text, mutant.replacement.clone());
        let texts: HashSet<_> = all.iter().map(text_of).collect();
        for operator in operators() {
            let only = Selection::new(&Default::default(), &[operator.id.to_owned()]).unwrap();
            let without = Selection::new(&Default::default(), &[format!("-{}", operator.id)]);
            for selection in [only, without.unwrap()] {
                for mutant in mutants(&module(text), &|_| true, &selection) {
                    match known.get(&mutant.id) {
                        Some(same) => assert_eq!(**same, mutant),
                        // What another operator does as well counts where that is off.
                        None => assert!(texts.contains(&text_of(&mutant)), "{mutant:?}"),
                    }
                }
            }
        }
    }

    #[test]
    fn moving_a_function_keeps_its_ids() {
        let function = "def f(a):\n    return a + 1, 'x'\n";
        let ids = |text: &str| -> Vec<MutantId> {
            mutants_of(text)
                .into_iter()
                .filter(|mutant| mutant.function.name.as_str() == "f")
                .map(|mutant| mutant.id)
                .collect()
        };
        assert_eq!(ids(function), ids(&format!("x = 1\n\n# moved\n{function}")));
    }

    #[test]
    fn statement_lines_are_those_of_the_header_or_of_the_whole_simple_statement() {
        let text = "\
if f(
    1
):
    x = [
        2,
        lambda: 3,
    ]
elif 4:
    pass
for i in (5,
          i):
    pass
else:
    y(6)
with a(7) as b, \\
     c(8): z = 9
try:
    pass
except (E, 10):
    pass
match 11:
    case (12,
          a) if a > 13:
        14 .b
@d(15)
def g(a,
      b=16):
    pass
";
        let lines: Vec<_> = mutants_of(text)
            .into_iter()
            .filter(|mutant| mutant.operator.as_str() == "number/increment")
            .map(|m| format!("{}:{}-{}", m.original, m.statement_lines.0, m.statement_lines.1))
            .collect();
        insta::assert_snapshot!(lines.join(" "), @"1:1-3 2:4-7 3:4-7 4:8-8 5:10-11 6:14-14 7:15-16 8:15-16 9:16-16 10:19-19 11:21-21 12:22-23 13:22-23 14:24-24 15:25-25 16:26-27");
    }

    #[test]
    fn a_block_that_is_replaced_is_reached_at_its_first_statement() {
        let text = "\
def f():
    try:
        a()
    except E:
        b()
        c()
    else:
        d()
    finally:
        'a text'
        e()
    for g in h:
        i(
            g)
";
        let selection = |words: &str| {
            let words: Vec<String> = words.split(',').map(str::to_owned).collect();
            Selection::new(&Default::default(), &words).unwrap()
        };
        let selection = selection("removed,exception/handler-pass");
        let lines: Vec<_> = mutants(&module(text), &|_| true, &selection)
            .into_iter()
            .map(|m| format!("{}:{}-{}", m.operator, m.statement_lines.0, m.statement_lines.1))
            .collect();
        insta::assert_snapshot!(lines.join(" "), @"exception/handler-pass:5-5 removed/else:8-8 removed/finally:11-11 removed/loop-body:13-14");
    }

    #[test]
    fn equal_texts_are_found_equal_whatever_the_edit() {
        let text = "f(a, a, a)";
        let edit = |start, end| Edit::cut(ByteSpan { start, end });
        assert_eq!(canonical(text, &edit(2, 5)), canonical(text, &edit(5, 8)));
        assert_eq!(canonical(text, &edit(2, 5)), canonical(text, &edit(6, 9)));
        assert_ne!(canonical(text, &edit(2, 5)), canonical(text, &edit(2, 4)));
    }
}
