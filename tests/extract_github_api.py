"""Write `fixtures/github/api.json`: the part of GitHub's API description that mutdiff uses.

    npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
    python tests/extract_github_api.py package

`package` is the unpacked npm package. The endpoints are those of `ENDPOINTS`; with them goes
everything that they refer to, unchanged.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "fixtures" / "github" / "api.json"

PULLS = "/repos/{owner}/{repo}/pulls"
PULL = PULLS + "/{pull_number}"
ISSUES = "/repos/{owner}/{repo}/issues"

ENDPOINTS = [
    ("get", "/user"),
    ("get", PULLS),
    ("get", PULL),
    ("get", PULL + "/files"),
    ("get", PULL + "/comments"),
    ("get", PULL + "/reviews"),
    ("post", PULL + "/reviews"),
    ("put", PULL + "/reviews/{review_id}"),
    ("get", PULLS + "/comments/{comment_id}"),
    ("patch", PULLS + "/comments/{comment_id}"),
    ("delete", PULLS + "/comments/{comment_id}"),
    ("get", ISSUES + "/{issue_number}/comments"),
    ("post", ISSUES + "/{issue_number}/comments"),
    ("get", ISSUES + "/comments/{comment_id}"),
    ("patch", ISSUES + "/comments/{comment_id}"),
]


def main() -> int:
    """Read the description, cut it down, write it."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    package = Path(sys.argv[1])
    version = json.loads((package / "package.json").read_text())["version"]
    whole = json.loads((package / "generated" / "api.github.com.json").read_text())
    kept: dict[str, Any] = {
        "openapi": whole["openapi"],
        "info": {
            "title": whole["info"]["title"],
            "version": whole["info"]["version"],
            "license": whole["info"]["license"],
            "x-extracted-from": f"@octokit/openapi {version}, generated/api.github.com.json",
        },
        "paths": {},
        "components": {},
    }
    for method, path in ENDPOINTS:
        operation = {
            key: value
            for key, value in whole["paths"][path][method].items()
            if key in ("operationId", "parameters", "requestBody", "responses")
        }
        kept["paths"].setdefault(path, {})[method] = operation
        keep(operation, whole, kept)
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    TARGET.write_text(text + "\n")
    return 0


def keep(node: Any, whole: dict[str, Any], kept: dict[str, Any]) -> None:
    """Copy everything that `node` refers to."""
    if isinstance(node, list):
        for item in node:
            keep(item, whole, kept)
    if not isinstance(node, dict):
        return
    reference = node.get("$ref")
    if isinstance(reference, str):
        _, _, kind, name = reference.split("/")
        group = kept["components"].setdefault(kind, {})
        if name not in group:
            group[name] = whole["components"][kind][name]
            keep(group[name], whole, kept)
    for value in node.values():
        keep(value, whole, kept)


if __name__ == "__main__":
    sys.exit(main())
