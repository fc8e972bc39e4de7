//! Mutants that do what the original does, as far as the text tells.
//!
//! Invariant: only the operators that are named with a shape are meant; every other mutant of the same code
//! is left alone.

use super::rules::{RULE, Rule};
use crate::syntax::Node;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "same",
        summary: "Mutants that come out the same: `a is not None and isinstance(a, B)`, `if a < b: a = b` at equality, \
                  `if not isinstance(a, str): a = str(a)`, `if a in b: b.discard(a)`, `if len(a) > n: a = a[:n]`, \
                  `if a: return b` before `return b`.",
        example: (
            "if a > 1: return b\nc = d is not None and isinstance(d, E)\nreturn i if i < j else j",
            &["d is not None and isinstance(d, E)", "<"],
        ),
        mutants: comes_out_the_same,
        minor: true,
        ..RULE
    },
    Rule {
        id: "empty",
        summary: "Guards that only `None` would need: `if a: for b in a: …`, `a and any(… for b in a)`. Where `a` is \
                  empty, the same is done without them.",
        example: (
            "if c:\n    for d in c: e(2)\nf = g and any(h for h in g)",
            &["c", "g and any(h for h in g)"],
        ),
        minor: true,
        mutants: guards_what_is_empty,
        ..RULE
    },
    Rule {
        id: "shortcut",
        summary: "Guards without which the same is done, and nothing comes of it: `if old == new: return` in a setter, \
                  `if not a: return` before a loop over `a` that ends the function.",
        example: (
            "def set_a(self, a):\n    if self.a == a:\n        return\n    self.a = a",
            &["self.a == a"],
        ),
        minor: true,
        mutants: saves_work_only,
        ..RULE
    },
    Rule {
        id: "handed-back",
        summary: "What a method returns at its end where that is an argument, as it came: who calls it has it already.",
        example: (
            "class A:\n    def b(self, c):\n        c.d()\n        return c\n    def e(self, f):\n        return f",
            &["c"],
        ),
        minor: true,
        mutants: hands_back,
        ..RULE
    },
];

const NONE: &[&str] = &[];
const FORCED_TRUE: &[&str] = &["forced/true"];
const FORCED_FALSE: &[&str] = &["forced/false"];
const BOUNDARY: &[&str] = &["comparison/boundary"];

/// Calls that give the same for what they have made already, and whose results nobody changes.
const CONVERSIONS: [&str; 10] =
    ["str", "int", "float", "bool", "bytes", "complex", "tuple", "frozenset", "Path", "Decimal"];

/// The operators whose mutants of exactly this node come out the same.
fn comes_out_the_same(node: Node<'_>) -> &'static [&'static str] {
    if node.field_name() == "operators" {
        return if chooses_between_its_operands(node) { BOUNDARY } else { NONE };
    }
    match node.kind() {
        "boolean_operator" => of_side(implied_side(node, &says_of_kind)),
        "conditional_expression" if converts_what_is_no_such(node) => &["ternary/second"],
        _ if is_condition_of_if(node) => of_condition(node),
        _ => NONE,
    }
}

/// The same for guards of what may be empty, and for sides of an operation that ask for it.
fn guards_what_is_empty(node: Node<'_>) -> &'static [&'static str] {
    if node.kind() == "boolean_operator" {
        return of_side(implied_side(node, &says_of_items));
    }
    let loops = || {
        let statement = node.parent().filter(|around| around.field("alternative").is_none())?;
        Some(loops_over(only_statement(statement)?, node.unparenthesized()))
    };
    if is_condition_of_if(node) && loops() == Some(true) { FORCED_TRUE } else { NONE }
}

/// The same for guards that leave out work which would change nothing, and for what only such a guard reads.
fn saves_work_only(node: Node<'_>) -> &'static [&'static str] {
    if node.field_name() == "right" && is_read_by_guard_only(node) {
        return &["assignment/none"];
    }
    let is_guard = is_condition_of_if(node)
        && (leaves_where_nothing_changes(node) || leaves_where_nothing_is_to_loop_over(node));
    if is_guard { FORCED_FALSE } else { NONE }
}

/// The same for a function's last statement that returns an argument as it came.
fn hands_back(node: Node<'_>) -> &'static [&'static str] {
    let returned = node.parent().filter(|around| around.kind() == "return_statement");
    match returned {
        Some(statement) if node.kind() == "identifier" && returns_argument(statement, node) => {
            &["return/none"]
        }
        _ => NONE,
    }
}

fn of_condition(condition: Node<'_>) -> &'static [&'static str] {
    let plain = condition.unparenthesized();
    let Some(statement) = condition.parent() else { return NONE };
    if statement.field("alternative").is_some() {
        return NONE;
    }
    let Some(only) = only_statement(statement) else { return NONE };
    let is_needless = replaces_what_is_looked_for(only, plain)
        || drops_what_is_looked_for(only, plain)
        || cuts_to_length(only, plain)
        || (converts(only) && is_not_instance_of(plain, only));
    if is_needless {
        FORCED_TRUE
    } else if returns_what_follows(statement, only) {
        &["forced/true", "forced/false"]
    } else {
        NONE
    }
}

/// A side of an operation that the other one says as well.
enum Side {
    Left,
    Right,
}

fn of_side(implied: Option<Side>) -> &'static [&'static str] {
    match implied {
        Some(Side::Left) => &["side/right"],
        Some(Side::Right) => &["side/left"],
        None => NONE,
    }
}

/// The side that the other one implies, where `says` tells whether a value (of `and`, or not) speaks of another.
fn implied_side(
    operation: Node<'_>,
    says: &dyn Fn(bool, Node<'_>, Node<'_>) -> bool,
) -> Option<Side> {
    let (left, right) = (operation.field("left")?, operation.field("right")?);
    let is_and = operation.field("operator").is_some_and(|operator| operator.token() == "and");
    let (left, right) = (left.unparenthesized(), right.unparenthesized());
    if says(is_and, right, left) {
        Some(Side::Left)
    } else if says(is_and, left, right) {
        Some(Side::Right)
    } else {
        None
    }
}

/// `a is not None and isinstance(a, B)`
fn says_of_kind(is_and: bool, value: Node<'_>, over: Node<'_>) -> bool {
    is_and
        && called(value) == Some("isinstance")
        && is_none_check(over, "is not").is_some_and(|name| {
            first_argument(value).is_some_and(|given| given.text() == name.text())
        })
}

/// `a and any(… for b in a)`, `a and not all(…)`, `not a or all(…)`
fn says_of_items(is_and: bool, value: Node<'_>, over: Node<'_>) -> bool {
    let quantified = |function: &str, value: Node<'_>, over: Node<'_>| {
        called(value) == Some(function) && runs_over(value, over)
    };
    if is_and {
        quantified("any", value, over)
            || not(value).is_some_and(|inner| quantified("all", inner, over))
    } else {
        not(over).is_some_and(|over| quantified("all", value, over))
            || not(value).zip(not(over)).is_some_and(|(inner, over)| quantified("any", inner, over))
    }
}

/// Whether a call of `any` or `all` goes over a value, and over nothing else.
fn runs_over(call: Node<'_>, over: Node<'_>) -> bool {
    let Some(given) = call.field("arguments") else { return false };
    let made = match given.kind() {
        "generator_expression" => Some(given),
        _ => given.named_children().next(),
    };
    made.is_some_and(|made| {
        let mut clauses = made.named_children().filter(|part| part.kind() == "for_in_clause");
        let first = clauses.next().and_then(|clause| clause.field("right"));
        first.is_some_and(|right| right.text() == over.text())
    })
}

/// `if a < b: a = b`, `a if a < b else b`: which of two equal values is taken makes no difference.
fn chooses_between_its_operands(operator: Node<'_>) -> bool {
    let Some(comparison) = operator.parent() else { return false };
    let operands: Vec<&str> = comparison.named_children().map(Node::text).collect();
    let [left, right] = operands[..] else { return false };
    let are_operands = |a: &str, b: &str| (a, b) == (left, right) || (b, a) == (left, right);
    let mut whole = comparison;
    while let Some(around) = whole.parent().filter(|a| a.kind() == "parenthesized_expression") {
        whole = around;
    }
    let Some(around) = whole.parent() else { return false };
    match around.kind() {
        "conditional_expression" => {
            let parts: Vec<Node<'_>> = around.named_children().collect();
            parts.len() == 3 && parts[1] == whole && are_operands(parts[0].text(), parts[2].text())
        }
        "if_statement" if around.field("alternative").is_none() => only_statement(around)
            .and_then(assigned)
            .is_some_and(|(target, value)| are_operands(target.text(), value.text())),
        _ => false,
    }
}

/// `if a: for b in a: …`
fn loops_over(only: Node<'_>, condition: Node<'_>) -> bool {
    only.kind() == "for_statement"
        && only.field("alternative").is_none()
        && only.field("right").is_some_and(|right| {
            right.text() == condition.text()
                || first_argument(right).is_some_and(|given| {
                    given.text() == condition.text()
                        && matches!(
                            called(right),
                            Some("enumerate" | "reversed" | "sorted" | "zip")
                        )
                })
        })
}

/// `if 'a' in b: b = b.replace('a', …)`
fn replaces_what_is_looked_for(only: Node<'_>, condition: Node<'_>) -> bool {
    let Some((wanted, container)) = operands(condition, "in") else { return false };
    let Some((target, value)) = assigned(only) else { return false };
    is_method_of(value, container, &["replace"])
        && target.text() == container.text()
        && first_argument(value).is_some_and(|given| given.text() == wanted.text())
}

/// `if a in b: b.discard(a)`, `b.pop(a, None)`
fn drops_what_is_looked_for(only: Node<'_>, condition: Node<'_>) -> bool {
    let Some((wanted, container)) = operands(condition, "in") else { return false };
    let Some(call) = only.named_children().next() else { return false };
    let given = || call.field("arguments").map_or(0, |given| given.named_children().count());
    only.kind() == "expression_statement"
        && (is_method_of(call, container, &["discard"])
            || (is_method_of(call, container, &["pop"]) && given() == 2))
        && first_argument(call).is_some_and(|given| given.text() == wanted.text())
}

/// `if len(a) > n: a = a[:n]`
fn cuts_to_length(only: Node<'_>, condition: Node<'_>) -> bool {
    let Some((length, limit)) = operands(condition, ">").or_else(|| operands(condition, ">="))
    else {
        return false;
    };
    let Some((target, value)) = assigned(only) else { return false };
    let Some(cut) = first_argument(length).filter(|_| called(length) == Some("len")) else {
        return false;
    };
    target.text() == cut.text() && value.text() == format!("{}[:{}]", cut.text(), limit.text())
}

/// `a = str(a)`, and of what.
fn converts(only: Node<'_>) -> bool {
    assigned(only).is_some_and(|(target, value)| {
        called(value).is_some_and(|function| CONVERSIONS.contains(&function))
            && first_argument(value).is_some_and(|given| given.text() == target.text())
    })
}

/// `not isinstance(a, str)` before `a = str(a)`.
fn is_not_instance_of(condition: Node<'_>, conversion: Node<'_>) -> bool {
    let Some((target, value)) = assigned(conversion) else { return false };
    condition.kind() == "not_operator"
        && condition
            .field("argument")
            .is_some_and(|check| is_instance_check(check.unparenthesized(), target, value))
}

/// `a if isinstance(a, str) else str(a)`
fn converts_what_is_no_such(ternary: Node<'_>) -> bool {
    let parts: Vec<Node<'_>> = ternary.named_children().collect();
    let [kept, check, made] = parts[..] else { return false };
    called(made).is_some_and(|function| CONVERSIONS.contains(&function))
        && first_argument(made).is_some_and(|given| given.text() == kept.text())
        && is_instance_check(check.unparenthesized(), kept, made)
}

fn is_instance_check(check: Node<'_>, value: Node<'_>, conversion: Node<'_>) -> bool {
    let given = || check.field("arguments").map(|given| given.named_children().collect::<Vec<_>>());
    called(check) == Some("isinstance")
        && given().is_some_and(|given| {
            given.len() == 2
                && given[0].text() == value.text()
                && Some(given[1].text()) == called(conversion)
        })
}

/// `if a: return b` before `return b`, and without a value at the end of a function.
fn returns_what_follows(statement: Node<'_>, only: Node<'_>) -> bool {
    if only.kind() != "return_statement" {
        return false;
    }
    match next_statement(statement) {
        Some(next) => next.kind() == "return_statement" && next.text() == only.text(),
        None => returns_nothing(only) && ends_function(statement),
    }
}

/// A setter's `if old == new: return`: what is set then is there already.
fn leaves_where_nothing_changes(condition: Node<'_>) -> bool {
    let Some(guard) = condition.parent() else { return false };
    let plain = condition.unparenthesized();
    let same = operands(plain, "==").or_else(|| operands(plain, "is"));
    let (Some((left, right)), Some(function)) = (same, function_around(guard)) else {
        return false;
    };
    let name = function.field("name").map_or("", Node::text);
    let sets = name == "__set__"
        || name.starts_with("set")
        || name.starts_with("_set")
        || function.parent().is_some_and(|around| {
            around.kind() == "decorated_definition"
                && around.named_children().any(|part| {
                    part.kind() == "decorator" && part.text().trim_end().ends_with(".setter")
                })
        });
    let is_given =
        |side: Node<'_>| side.kind() == "identifier" && is_parameter(function, side.text());
    sets && (is_given(left) || is_given(right))
        && guard.field("alternative").is_none()
        && only_statement(guard).is_some_and(returns_nothing)
}

/// Whether a value is given a name that the next statement's guard reads, and nothing else.
fn is_read_by_guard_only(value: Node<'_>) -> bool {
    let target = value.parent().filter(|around| around.kind() == "assignment");
    let Some(name) = target.and_then(|around| around.field("left")) else { return false };
    let statement = value.parent().and_then(Node::parent);
    let guard = statement.filter(|around| around.kind() == "expression_statement");
    let guard = guard.and_then(next_statement).filter(|next| next.kind() == "if_statement");
    let Some(condition) = guard.and_then(|guard| guard.field("condition")) else { return false };
    name.kind() == "identifier"
        && leaves_where_nothing_changes(condition)
        && function_around(value).is_some_and(|function| {
            let same = |node: &Node<'_>| node.kind() == "identifier" && node.text() == name.text();
            function.preorder().filter(same).count() == 2
                && condition.preorder().any(|node| same(&node))
        })
}

/// `if not a: return` before a loop over `a` that ends the function.
fn leaves_where_nothing_is_to_loop_over(condition: Node<'_>) -> bool {
    let Some(guard) = condition.parent() else { return false };
    let plain = condition.unparenthesized();
    let Some(value) = plain.field("argument").filter(|_| plain.kind() == "not_operator") else {
        return false;
    };
    guard.field("alternative").is_none()
        && only_statement(guard).is_some_and(returns_nothing)
        && next_statement(guard).is_some_and(|next| {
            loops_over(next, value.unparenthesized())
                && next_statement(next).is_none()
                && ends_function(next)
        })
}

/// Whether a `return` gives back a parameter that the function never binds, at its end, and none before it
/// gives anything.
fn returns_argument(statement: Node<'_>, name: Node<'_>) -> bool {
    let Some(function) = function_around(statement) else { return false };
    let Some(body) = function.field("body") else { return false };
    let is_method = function.ancestors().find(|around| {
        matches!(around.kind(), "class_definition" | "function_definition" | "lambda")
    });
    let first = function.field("parameters").and_then(|given| given.named_children().next());
    let is_last = body.named_children().last() == Some(statement)
        && body.named_children().filter(|part| part.kind() != "comment").count() > 1;
    is_last
        && is_method.is_some_and(|around| around.kind() == "class_definition")
        && first.is_some_and(|first| first.text() != name.text())
        && is_parameter(function, name.text())
        && !body.preorder().any(|inner| {
            (inner.kind() == "return_statement" && inner != statement && !returns_nothing(inner))
                || (inner.kind() == "identifier"
                    && inner.text() == name.text()
                    && is_bound_here(inner))
        })
}

/// Whether a name is the target of an assignment, a loop, a `with`, an `except` or a walrus.
fn is_bound_here(name: Node<'_>) -> bool {
    let mut part = name;
    while let Some(around) = part.parent() {
        match around.kind() {
            "assignment" | "augmented_assignment" | "for_statement" | "for_in_clause" => {
                return part.field_name() == "left";
            }
            "named_expression" => return part.field_name() == "name",
            "as_pattern_target" | "delete_statement" => return true,
            "pattern_list" | "tuple_pattern" | "list_pattern" | "list_splat_pattern" => {
                part = around
            }
            _ => return false,
        }
    }
    false
}

fn is_parameter(function: Node<'_>, name: &str) -> bool {
    function.field("parameters").is_some_and(|parameters| {
        parameters.named_children().any(|parameter| {
            let own = parameter.field("name").or_else(|| match parameter.kind() {
                "identifier" => Some(parameter),
                _ => parameter.named_children().next(),
            });
            own.is_some_and(|own| own.text() == name)
        })
    })
}

fn function_around(node: Node<'_>) -> Option<Node<'_>> {
    node.ancestors().find(|around| around.kind() == "function_definition")
}

/// Whether nothing of its function comes behind a statement that ends.
fn ends_function(statement: Node<'_>) -> bool {
    let block = statement.parent();
    let owner = block.and_then(Node::parent);
    owner.is_some_and(|owner| {
        owner.kind() == "function_definition" && next_statement(statement).is_none()
    })
}

fn returns_nothing(statement: Node<'_>) -> bool {
    statement.kind() == "return_statement"
        && statement.named_children().next().is_none_or(|value| value.kind() == "none")
}

fn is_condition_of_if(node: Node<'_>) -> bool {
    node.field_name() == "condition"
        && node.parent().is_some_and(|around| around.kind() == "if_statement")
}

/// The one statement of an `if`.
fn only_statement(statement: Node<'_>) -> Option<Node<'_>> {
    let block = statement.field("consequence")?;
    let mut statements = block.named_children().filter(|part| part.kind() != "comment");
    let only = statements.next()?;
    statements.next().is_none().then_some(only)
}

fn next_statement(statement: Node<'_>) -> Option<Node<'_>> {
    let block = statement.parent()?;
    let mut behind = block.named_children().skip_while(|other| *other != statement).skip(1);
    behind.find(|other| other.kind() != "comment")
}

/// Target and value of a plain assignment.
fn assigned(statement: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let assignment = statement.named_children().next().filter(|value| {
        statement.kind() == "expression_statement" && value.kind() == "assignment"
    })?;
    Some((assignment.field("left")?, assignment.field("right")?))
}

/// The operands of a comparison by one operator.
fn operands<'t>(comparison: Node<'t>, operator: &str) -> Option<(Node<'t>, Node<'t>)> {
    if comparison.kind() != "comparison_operator" {
        return None;
    }
    let mut operators = comparison.children().filter(|part| part.field_name() == "operators");
    let own = operators.next()?;
    if own.text() != operator || operators.next().is_some() {
        return None;
    }
    let mut sides = comparison.children().filter(|part| part.field_name() != "operators");
    Some((sides.next()?, sides.next()?))
}

/// What is compared with `None` by an operator.
fn is_none_check<'t>(comparison: Node<'t>, operator: &str) -> Option<Node<'t>> {
    let (left, right) = operands(comparison, operator)?;
    (right.kind() == "none").then_some(left)
}

/// The name of what is called.
fn called(call: Node<'_>) -> Option<&str> {
    let function = call.field("function").filter(|_| call.kind() == "call")?;
    (function.kind() == "identifier").then(|| function.text())
}

fn first_argument(call: Node<'_>) -> Option<Node<'_>> {
    call.field("arguments").filter(|_| call.kind() == "call")?.named_children().next()
}

fn is_method_of(call: Node<'_>, object: Node<'_>, methods: &[&str]) -> bool {
    let function = call.field("function").filter(|_| call.kind() == "call");
    function.is_some_and(|function| {
        let method = function.field("attribute").map_or("", Node::text);
        methods.contains(&method)
            && function.field("object").is_some_and(|own| own.text() == object.text())
    })
}

/// What a `not` is said of.
fn not(node: Node<'_>) -> Option<Node<'_>> {
    let argument = node.field("argument").filter(|_| node.kind() == "not_operator")?;
    Some(argument.unparenthesized())
}
