"""Makes the pictures of the README: what a terminal shows of `mutdiff demo`, and the HTML page.

    python3 docs/images/make.py --mutdiff target/debug/mutdiff

Standard library only; the page is shown by headless Chromium (Debian's `chromium`).
"""

from __future__ import annotations

import argparse
import html
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "examples" / "html.html"
LETTER, LINE, MARGIN, TOP = 9.0, 19, 14, 38
COLOURS = {"31": "#f0717a", "32": "#8fd18f", "33": "#e3b341", "35": "#c9a0f5", "36": "#6fc7d9"}
PIECE = re.compile(r"\x1b\[([0-9;]*)m|([^\x1b]+)")


def terminal(mutdiff: str, python: str) -> str:
    """What the demo prints, with its colours."""
    command = [mutdiff, "demo", "--color", "always", "--jobs", "1", "--python", python]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    return re.sub(r"/\S*/mutdiff-demo-\w+", "/tmp/mutdiff-demo", ran.stdout)


def style(codes: set[str]) -> str:
    """The attributes of a piece of text with these codes in force."""
    colour = next((COLOURS[code] for code in codes if code in COLOURS), "#d9d9d9")
    if "2" in codes:
        colour = "#8b9099"
    return f'fill="{colour}"' + (' font-weight="bold"' if "1" in codes else "")


def svg(text: str) -> str:
    """The text as a picture of a terminal."""
    lines = text.rstrip("\n").split("\n")
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    width = round(2 * MARGIN + LETTER * max(map(len, plain)))
    height = TOP + LINE * len(lines) + MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">',
        f'<rect width="{width}" height="{height}" rx="8" fill="#24262b"/>',
        *(
            f'<circle cx="{20 + 18 * place}" cy="18" r="6" fill="{colour}"/>'
            for place, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        ),
        '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="15" '
        'xml:space="preserve">',
    ]
    for number, line in enumerate(lines):
        column, codes = 0, set[str]()
        for code, piece in PIECE.findall(line):
            if not piece:
                codes = set() if code in ("", "0") else codes | set(code.split(";"))
                continue
            if piece.strip():
                shown = piece.replace(" ", "\u00a0")
                x, y = MARGIN + LETTER * column, TOP + LINE * (number + 0.75)
                out.append(
                    f'<text x="{x:g}" y="{y:g}" textLength="{LETTER * len(piece):g}" '
                    f"{style(codes)}>{html.escape(shown, quote=False)}</text>"
                )
            column += len(piece)
    return "\n".join([*out, "</g>", "</svg>", ""])


def page(place: Path) -> None:
    """The page of the example report with its first survivor opened."""
    with tempfile.TemporaryDirectory() as folder:
        shown = Path(folder) / "page.html"
        shown.write_text(PAGE.read_text().replace("<details>", "<details open>", 1))
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
            + ["--virtual-time-budget=5000", "--window-size=1000,1250"]
            + [f"--user-data-dir={folder}/profile", f"--screenshot={place}", f"file://{shown}"],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the pictures of the README.")
    parser.add_argument("--mutdiff", default="target/debug/mutdiff")
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    (HERE / "demo.svg").write_text(svg(terminal(arguments.mutdiff, arguments.python)))
    page(HERE / "page.png")


if __name__ == "__main__":
    main()
