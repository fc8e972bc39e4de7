"""Random edits of random projects (`random_project`).

Each edit changes a project and says what it did and whether it left the meaning of all code alone.
One that cannot be done returns `None`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from random_blocks import BLOCKS, kind_of, slots
from random_project import BODIES, CHECKS, MODULES, STYLES, Function, Project, Test, new_block

#: What an edit did, and whether the meaning of all code is as before.
Edit = tuple[str, bool]


def new_project(chance: random.Random, runner: str) -> Project:
    """A project of two or three modules with some blocks and functions."""
    project = Project(runner, package=chance.random() < 0.6)
    for module in MODULES[: chance.randint(2, 3)]:
        project.constants[module] = chance.randint(1, 9)
        project.styles[module] = chance.choice(STYLES)
        project.listed[module] = chance.random() < 0.3
        project.order[module] = []
    for kind in chance.sample(sorted(BLOCKS), chance.choice((1, 1, 2))):
        project.order[chance.choice(sorted(project.order))].append(kind)
        project.blocks[kind] = new_block(chance, kind)
    if "lazy" in project.blocks:
        for name in ("lazy.py", "deep.py"):
            project.blocks[name] = new_block(chance, name)
    for _ in range(chance.randint(2, 4)):
        add_function(project, chance)
    project.made, project.kept = value(project, chance), value(project, chance)
    for _ in range(chance.randint(3, 6)):
        add_test(project, chance)
    return project


def use(project: Project, chance: random.Random) -> str:
    """An expression in `n` that uses something of the project."""
    uses = [f"<{name}>(n)" for name in project.functions]
    for item in project.blocks:
        uses += kind_of(item).uses
    found = chance.choice(uses) if uses else "n"
    return found.replace("{c}", str(chance.randint(0, 5)))


def value(project: Project, chance: random.Random) -> str:
    """An expression without `n`."""
    # Not the attribute: `box.n` is no place for a number.
    return re.sub(r"(?<!\.)\bn\b", str(chance.randint(0, 5)), use(project, chance))


def body(project: Project, chance: random.Random) -> str:
    text = chance.choice(BODIES)
    constant = f"<{chance.choice(sorted(project.constants)).upper()}>"
    return (
        text.replace("{c}", str(chance.randint(0, 6)))
        .replace("{k}", constant)
        .replace("{f}", use(project, chance))
        .replace("{g}", use(project, chance))
    )


def add_function(project: Project, chance: random.Random) -> Edit:
    project.serial += 1
    name = f"f{project.serial}"
    function = Function(body(project, chance))
    chosen = chance.random()
    if chosen < 0.15:
        function.default = chance.choice((str(chance.randint(0, 5)), value(project, chance)))
    elif chosen < 0.25 and "logged" in project.blocks:
        function.decorator = "@<logged>"
    module = chance.choice(sorted(project.order))
    place = chance.randint(0, len(project.order[module]))
    project.functions[name] = function
    project.order[module].insert(place, name)
    return f"add {name} to {module}: {function.body!r}", False


def change_body(project: Project, chance: random.Random) -> Edit | None:
    if not project.functions:
        return None
    name = chance.choice(sorted(project.functions))
    function = project.functions[name]
    if chance.random() < 0.4 and (numbers := list(re.finditer(r"\b\d+\b", function.body))):
        number = chance.choice(numbers)
        new = str((int(number[0]) + chance.randint(1, 4)) % 7)
        function.body = function.body[: number.start()] + new + function.body[number.end() :]
    else:
        function.body = body(project, chance)
    return f"{name} is {function.body!r}", False


def change_block(project: Project, chance: random.Random) -> Edit | None:
    if not project.blocks:
        return None
    block = project.blocks[chance.choice(sorted(project.blocks))]
    numbers, switches = slots(kind_of(block.kind).text)
    if switches and chance.random() < 0.4:
        switch = chance.choice(switches)
        block.switches[switch] = not block.switches[switch]
        return f"{block.kind}: {switch} is {block.switches[switch]}", False
    number = chance.choice(numbers)
    block.numbers[number] = (block.numbers[number] + chance.randint(1, 4)) % 6
    return f"{block.kind}: {number} is {block.numbers[number]}", False


def change_constant(project: Project, chance: random.Random) -> Edit:
    module = chance.choice(sorted(project.constants))
    project.constants[module] = chance.randint(1, 9)
    return f"{module.upper()} is {project.constants[module]}", False


def change_header(project: Project, chance: random.Random) -> Edit | None:
    if not project.functions:
        return None
    name = chance.choice(sorted(project.functions))
    function = project.functions[name]
    if chance.random() < 0.5 and "logged" in project.blocks:
        function.decorator = "" if function.decorator else "@<logged>"
        function.default = ""
    else:
        function.default = "" if function.default else value(project, chance)
        function.decorator = ""
    return f"{name} has {function.decorator or 'no decorator'}, {function.default!r}", False


def remove_function(project: Project, chance: random.Random) -> Edit | None:
    if len(project.functions) < 2:
        return None
    name = chance.choice(sorted(project.functions))
    del project.functions[name]
    for items in project.order.values():
        if name in items:
            items.remove(name)
    everywhere(project, lambda text: text.replace(f"<{name}>", ""))
    return f"remove {name}", False


def rename_function(project: Project, chance: random.Random) -> Edit | None:
    if not project.functions:
        return None
    name = chance.choice(sorted(project.functions))
    project.serial += 1
    new = f"f{project.serial}"
    project.functions = {new if n == name else n: f for n, f in project.functions.items()}
    for items in project.order.values():
        items[:] = [new if item == name else item for item in items]
    everywhere(project, lambda text: re.sub(rf"\b{name}\b", new, text))
    return f"rename {name} to {new}", False


def everywhere(project: Project, change: Callable[[str], str]) -> None:
    """Changes all code that mentions something."""
    for function in project.functions.values():
        function.body, function.default = change(function.body), change(function.default)
    for test in project.tests.values():
        test.expression = change(test.expression)
    project.made, project.kept = change(project.made), change(project.kept)


def move_to_module(project: Project, chance: random.Random) -> Edit:
    items = [item for items in project.order.values() for item in items]
    item = chance.choice(items)
    module = chance.choice(sorted(project.order))
    for each in project.order.values():
        if item in each:
            each.remove(item)
    project.order[module].append(item)
    return f"move {item} to {module}", False


def reorder(project: Project, chance: random.Random) -> Edit:
    """Code that runs at import may need what stands above it: another order is a change."""
    module = chance.choice(sorted(project.order))
    items = project.order[module]
    before = list(items)
    chance.shuffle(items)
    return f"another order of {module}: {items}", items == before


def comment(project: Project, chance: random.Random) -> Edit:
    module = chance.choice(sorted(project.order))
    project.comments[module] = (project.comments.get(module, 0) + chance.randint(1, 3)) % 5
    return f"{project.comments[module]} comments in {module}", True


def spread(project: Project, chance: random.Random) -> Edit | None:
    if not project.functions:
        return None
    name = chance.choice(sorted(project.functions))
    if chance.random() < 0.3:
        function = project.functions[name]
        function.docstring = "" if function.docstring else "What it does."
        return f"docstring of {name}: {function.docstring!r}", True
    project.spread[name] = not project.spread.get(name, False)
    return f"lay out {name} in another way", True


def style(project: Project, chance: random.Random) -> Edit:
    module = chance.choice(sorted(project.order))
    if chance.random() < 0.4:
        project.listed[module] = not project.listed[module]
        return f"{module} has __all__: {project.listed[module]}", False
    project.styles[module] = chance.choice(STYLES)
    return f"{module} imports by {project.styles[module]}", False


def add_test(project: Project, chance: random.Random) -> Edit:
    project.serial += 1
    name = f"test_{project.serial}"
    expression = value(project, chance)
    chosen = chance.random()
    if chosen < 0.15:
        expression = f"~{chance.choice(('made', 'kept'))} + {expression}"
    elif chosen < 0.25 and project.functions:
        expression = f"sum(map(<{chance.choice(sorted(project.functions))}>, range(3)))"
    elif chosen < 0.28 and project.package and project.functions:
        function = chance.choice(sorted(project.functions))
        call = f"{project.homes()[function]}.{function}(2)"
        home = call.split(".")[0]
        expression = f"support.child('import {home}; print({call})')"
    elif chosen < 0.4 and project.runner == "pytest" and project.functions:
        expression = f"<{chance.choice(sorted(project.functions))}>(~k)"
    owner = chance.choice(project.owners())
    test = Test(owner, expression, "type" if "~k" in expression else chance.choice(CHECKS))
    inherited = [other for other, base in project.tests.items() if base.owner == "Base"]
    if inherited and owner != "Base" and chance.random() < 0.3:
        test.shadows = chance.choice(inherited)
    test.by_helper = project.package and owner != "Base" and chance.random() < 0.4
    project.tests[name] = test
    shadows = f" in place of {test.shadows}" if test.shadows else ""
    return f"add {name} to {owner}{shadows}: {test.check} of {expression}", False


def change_test(project: Project, chance: random.Random) -> Edit | None:
    if not project.tests:
        return None
    name = chance.choice(sorted(project.tests))
    test = project.tests[name]
    chosen = chance.random()
    if chosen < 0.45 and "~k" not in test.expression:
        test.check = chance.choice(CHECKS)
        return f"{name} looks at {test.check}", False
    if chosen < 0.6:
        test.expression = value(project, chance)
        return f"{name} calls {test.expression}", False
    if chosen < 0.75:
        test.skipped = not test.skipped
        return f"{name} is skipped: {test.skipped}", False
    if chosen < 0.85:
        test.owner = chance.choice(project.owners())
        test.by_helper = test.by_helper and test.owner != "Base"
        return f"{name} moves to {test.owner}", False
    project.serial += 1
    new = f"test_{project.serial}"
    project.tests = {new if n == name else n: t for n, t in project.tests.items()}
    return f"rename {name} to {new}", False


def change_setup(project: Project, chance: random.Random) -> Edit:
    chosen = chance.random()
    if chosen < 0.3 and project.package:
        project.strict = not project.strict
        return f"the helper is strict: {project.strict}", False
    if chosen < 0.6:
        project.made = value(project, chance)
        return f"made is {project.made}", False
    project.kept = value(project, chance)
    return f"kept is {project.kept}", False


def remove_test(project: Project, chance: random.Random) -> Edit | None:
    if len(project.tests) < 4:
        return None
    name = chance.choice(sorted(project.tests))
    del project.tests[name]
    return f"remove {name}", False


def order_of_tests(project: Project, chance: random.Random) -> Edit:
    names = list(project.tests)
    chance.shuffle(names)
    project.tests = {name: project.tests[name] for name in names}
    return "another order of tests", False


EDITS: tuple[tuple[int, Callable[[Project, random.Random], Edit | None]], ...] = (
    (14, change_body),
    (14, change_block),
    (3, change_constant),
    (3, change_header),
    (3, add_function),
    (3, remove_function),
    (2, rename_function),
    (3, move_to_module),
    (3, reorder),
    (3, comment),
    (3, spread),
    (2, style),
    (4, add_test),
    (9, change_test),
    (3, change_setup),
    (3, remove_test),
    (1, order_of_tests),
)


def edit(project: Project, chance: random.Random) -> Edit:
    """Some edit."""
    while True:
        weights = [weight for weight, _ in EDITS]
        chosen = chance.choices([change for _, change in EDITS], weights)[0]
        done = chosen(project, chance)
        if done is not None:
            return done
