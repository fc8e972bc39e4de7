//! From a code object or a line to the function that it is part of.
//!
//! Invariant: pure lookups over a file's functions; they parse nothing.

use crate::model::{CodePoint, Function, FunctionKind, LineNo};

/// The function that a code object belongs to; `None` where `functions` holds none of its file.
///
/// A `def` and a class body are found by name and first line. Lambdas, comprehensions, generic
/// parameters and other scopes that Python makes on its own belong to the innermost function
/// around them.
pub fn resolve<'f>(functions: &'f [Function], point: &CodePoint) -> Option<&'f Function> {
    let of_file = || functions.iter().filter(|function| function.key.path == point.path);
    if point.name == "<module>" {
        return of_file().find(|function| function.kind == FunctionKind::Module);
    }
    if let Some(name) = generic_parameters_of(&point.name) {
        // They are evaluated where the function is defined.
        let owner = of_file().find(|function| is_code_of(function, name, point.first_line));
        return match owner {
            Some(owner) => parent(functions, owner),
            None => innermost(of_file(), point.first_line),
        };
    }
    if let Some(found) =
        of_file().find(|function| is_code_of(function, &point.name, point.first_line))
    {
        return Some(found);
    }
    let around = innermost(of_file(), point.first_line)?;
    if runs_with_header(around, point.first_line) {
        parent(functions, around)
    } else {
        Some(around)
    }
}

/// The innermost function whose lines hold `line`; a definition's decorators count as its lines.
pub fn function_on_line(functions: &[Function], line: LineNo) -> Option<&Function> {
    innermost(functions.iter(), line)
}

fn innermost<'f>(
    functions: impl Iterator<Item = &'f Function>,
    line: LineNo,
) -> Option<&'f Function> {
    // Source order puts a function behind those around it, and behind those that end before it.
    functions.filter(|function| function.lines.contains(line)).last()
}

fn parent<'f>(functions: &'f [Function], function: &'f Function) -> Option<&'f Function> {
    let name = function.parent.as_ref()?;
    functions.iter().find(|other| other.key.path == function.key.path && other.key.name == *name)
}

fn generic_parameters_of(name: &str) -> Option<&str> {
    name.strip_prefix("<generic parameters of ")?.strip_suffix('>')
}

fn is_code_of(function: &Function, name: &str, first_line: LineNo) -> bool {
    let starts_here = function.lines.first == first_line || function.def_line == first_line;
    starts_here && code_name(function) == Some(name)
}

/// The `co_name` of a function that has a name there.
fn code_name(function: &Function) -> Option<&str> {
    match function.kind {
        FunctionKind::Def => Some(function.key.name.simple()),
        FunctionKind::Class => {
            let class = function.key.name.as_str().strip_suffix(".<class>")?;
            let last = class.rsplit('.').next()?;
            last.split('#').next()
        }
        FunctionKind::Module | FunctionKind::Lambda => None,
    }
}

/// Whether a nameless scope on `line` runs where the function is defined and not when it runs:
/// on a decorator's line, or on the first line of a `def` that has more (a default value).
fn runs_with_header(function: &Function, line: LineNo) -> bool {
    match function.kind {
        FunctionKind::Module | FunctionKind::Lambda => false,
        FunctionKind::Def | FunctionKind::Class => {
            line < function.def_line
                || (line == function.def_line && function.lines.last > function.def_line)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RepoPath;
    use crate::syntax::{Module, Source};

    const TEXT: &str = "\
@deco(lambda x: x)
def f(a, key=lambda x: x):
    return sorted(a, key=lambda x: [i for i in x])

class C:
    g = lambda self: 1
    @property
    def h(self): return map(lambda x: 1, self)

    @h.setter
    def h(self, v):
        def f(): pass
";

    fn functions() -> Vec<Function> {
        let source = Source::decode(RepoPath::new("m.py"), TEXT.into()).unwrap();
        Module::parse(source).unwrap().functions().to_vec()
    }

    #[test]
    fn code_objects_find_their_functions() {
        let functions = functions();
        let name = |name: &str, line: u32| {
            let point = CodePoint {
                path: RepoPath::new("m.py"),
                first_line: LineNo::new(line).unwrap(),
                name: name.into(),
            };
            resolve(&functions, &point).map(|f| f.key.name.to_string()).unwrap()
        };
        assert_eq!(name("<module>", 1), "<module>");
        assert_eq!(name("f", 1), "f");
        assert_eq!(name("<lambda>", 1), "<module>", "in a decorator");
        assert_eq!(name("<lambda>", 2), "<module>", "in a default");
        assert_eq!(name("<lambda>", 3), "f");
        assert_eq!(name("<listcomp>", 3), "f");
        assert_eq!(name("<generic parameters of f>", 2), "<module>");
        assert_eq!(name("C", 5), "C.<class>");
        assert_eq!(name("<lambda>", 6), "C.g");
        assert_eq!(name("h", 7), "C.h");
        assert_eq!(name("<lambda>", 8), "C.h", "the body is on the line of the def");
        assert_eq!(name("h", 10), "C.h#2");
        assert_eq!(name("f", 12), "C.h#2.<locals>.f");
    }

    #[test]
    fn another_file_resolves_to_nothing() {
        let point = CodePoint {
            path: RepoPath::new("other.py"),
            first_line: LineNo::FIRST,
            name: "<module>".into(),
        };
        assert_eq!(resolve(&functions(), &point), None);
    }

    #[test]
    fn a_line_finds_the_innermost_function() {
        let functions = functions();
        let name = |line: u32| {
            function_on_line(&functions, LineNo::new(line).unwrap()).map(|f| f.key.name.as_str())
        };
        assert_eq!(name(1), Some("f"));
        assert_eq!(name(4), Some("<module>"));
        assert_eq!(name(7), Some("C.h"));
        assert_eq!(name(12), Some("C.h#2.<locals>.f"));
        assert_eq!(name(99), None);
    }
}
