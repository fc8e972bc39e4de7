"""A sample of everything that operators meet; every mutant of it must compile."""
from __future__ import annotations

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from a import B

__all__ = ["f", "g"]
LIMIT: int = 0x_ff
a = b = c = None
first, *rest = 1, 2.5, 3j, 1e999, 10_000
(x), [y, z] = 1, (2, 3)
square = lambda n=2, *, k=-1: n ** k if n else (
    k + 1
)


def simple(a, /, b: int = 1, *args: "x", c="d", **kwargs) -> None:
    """Docstring."""
    global LIMIT
    LIMIT += 1; LIMIT //= 2
    a @= b
    if not a or b and c: return a<b<=c
    if(a):pass
    elif not(a == b)and b: a.clear()
    while 1:
        while True:
            if a: break
            else: continue
        break
    for i, (j, *k) in enumerate(args, start=1): print(i, j, sep="", end="\n")
    else: return-a
    assert a, "message"
    del args[0], kwargs["x"]
    raise ValueError("x" "y" f"z{a}") from None


async def asynchronous(items):
    async with items.lock(1) as lock, open("f"):
        await lock.wait(timeout=-1)
        x = await items.get() ** 2
        y = -x ** 2 ** ~x
        z = [i async for i in items if i if not i.x]
        t = yield
        u = (yield x)
        u = yield x, y
        await items
    async for i in items: x += yield i
    return


def strings(a, b):
    x = 'it\'s' "a\x41\N{BULLET}\u1234" r'\d+' "c" if False else (b'\xff' Rb"\n")
    y = f'{a!r:>{b}} {b["k"]} {a if b else "c"} {a == 1} {a != b}' f"{a:=^10}{b:=+5}" rf"\{a}"
    z = f"""{
        a.strip(b, 1)
    } {(lambda: None)()} {a.find('x')=}"""
    w = f'{ {1: 2}[1] } {not {3}} {(n := None)}'
    return '''multi
    line''' % (a, b), y, z, w


def calls(f, *args, **kwargs):
    f(x for x in args)
    f((x for x in args), 1)
    f(*args, **kwargs, a=1, b=2,)
    f(
        1,  # one
        # two
        *args,
        key=lambda v: (v, -v),  # three
        aXX=3, a=4
    )
    dict(a=1, aXX=2, b=3)
    super().x(); f(None, (None), not f)
    f((y := 1), z := 2)
    f()(1)[2](3, 4).lower().split(",", 1).rsplit(maxsplit=2).startswith(("a", "b"))
    copy.deepcopy(f); deepcopy(f)
    any(args); max(1, 2, key=None)
    print >>f, 1


def operators(a, b, c):
    x = a + b * c - a // b % c / a @ b
    x = a ** b ** -c; x = (a ** b) ** c
    x = a | b & c ^ a << b >> c ^ b & ~a
    x = not a in b; x = a is not b; x = a not in b is c
    x = 1if a else 2; x = [1for x in b if x], 3,
    x = a or b or c and a or not b and c
    x = not(a)or(b); x = a if b else c if a else(b)
    x = a and \
        b
    x = a \
        if b else c
    x = - \
        1
    x = (a
         not in b), [
        a for a in b
        if a
        if a > 1], {a: 1 for a in b}, {**a, 'b': 2}, {*a, 3}
    x = a[1:-1, ..., ::2], a[-1,], a[not b]
    x: int = (
        1
    )
    x: int
    (x): int = 2
    a.b[0], c.d = 1, 2
    a[b if c else 0] += a, b
    return *a, b


def matching(subject):
    def inner():
        match subject, 1:
            case 1, -2 | 3j | -1 + 2j | "a" "b": x = 1
            case {"k": 1, -1: [True, None, *_], **rest} if rest:
                return 1
            case Point(x=0, y=1.5) as p if p.x > 0 and p: pass
            case [a, (b,), (c), "x" | 'y']:
                """not a docstring"""
            # comment
            case str() | a.b: return 2
            case _:
                yield x
    def outer():
        y = 1
        def nested():
            nonlocal y
            y = 2
            print(z := 3)
            def deep():
                nonlocal z
                z = 4
        match y:
            case 1: pass
            case other: pass
    return inner, outer


@(lambda f: f)
class Decorated(copy.Error if a else object, metaclass=type):
    "Docstring."
    field: list[int] = [1, 2]
    first = lambda self: (
        None)
    for i in range(3):
        if i: break
        else: continue
    else:
        pass

    @property
    def p(self, default=[1] * 2): return self._p

    @p.setter
    def p(self, value):
        class Inner(object):
            x = value + 1
            def m(self): return super().m(x=1)
        self._p = value or Inner().m(); self._p += 1
        try: pass
        except (ValueError, TypeError) as error: raise
        except Exception: return None
        finally: del self._p


if __name__ == "__main__": simple(1, b=2)


def later(a, b: int = 3, *, c=(1, 2)) -> bool:
    import re
    found = re.compile(r"^(?:ab|c+?d{2,3})[^x\d]\b(?=y)(z)?$|\A\s*", re.I)
    other = re.sub('a|b', "", a); found = other
    try:
        a.x = b; a[0], a[1] = b, c
        a[1:-1:2] = c[::2]
    except (KeyError, re.error) as error:
        raise RuntimeError(f"{a}{b!r} {c}") from error
    except ValueError:
        pass
    except TypeError:
        b += 1
        return a
    else:
        del a[0]
    finally:
        b = 0
        a.close()
    for i in a:
        if i:
            continue
        elif b: break
        a.append(i)
    else:
        b = 1
    for j in range(3): print(j); b -= j
    for k in [1, 2]:
        yield k
    with open(a, "wb") as f, open("b", mode="a"): f.write(b % 3 - 2 ** b)
    x = sorted(a)[-1] - len(b) if a is b else abs(
        a
    )
    return is_a(x)


class Later(A, m.B, metaclass=C):
    size, *rest = [1], {"a": 1, **b}, {1, 2}, (), ((1), 2)

    @property
    @m.deco(1)
    def has_it(self): return self.it

    def nested(self):
        z = 1
        def inner():
            nonlocal z
            z = 2
            if z: z = 3
            else: z = 4
            try: pass
            finally: z = 5
        return timedelta(days=1, hours=z), f(self.a, self.b, 3, *z), f"""{z}"{z}"""


try:
    import fast
except* ImportError:
    fast = None
