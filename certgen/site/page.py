"""The verification page as one file: markup, style, script and words inline, with a policy that allows nothing else.

Its sources are in ``certgen/site/page``: modules as browsers load them, which are joined here in the order of their
imports. Comments and indentation are left out, no name is changed.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_IMPORT = re.compile(r"^import .*? from \"\./([a-z0-9]+\.(?:js|json))\".*;$")
_TRAILING = re.compile(r"(?<=[;,{}]) // .*$")


def page(site: Mapping[str, Any] | None = None, inlined: Mapping[str, Any] | None = None) -> bytes:
    """The page, HTML in UTF-8.

    ``site``: what ``site.json`` says; the page uses it where that file is out of reach, so that issuer and keys are
    known from a saved file too. ``inlined``: the other files of the site, for a page that needs no site at all
    (``verify.html``): texts of "status" and "notices" by number, of "facts" by name, of "honest", and "figures".
    """
    held: dict[str, str] = {} if site is None else {"site.json": _json(site)}
    more = inlined or {}
    for kind in ("status", "notices"):
        held |= {f"{kind}/{number}.json": text for number, text in enumerate(more.get(kind) or ())}
    held |= {f"facts/{name}.json": text for name, text in (more.get("facts") or {}).items()}
    if more.get("honest"):
        held["honest.json"] = more["honest"]
    if more.get("figures"):
        held["figures.json"] = _json(more["figures"])
    parts = {
        "csp": escape(policy()),
        "style": _style(),
        "script": _script(),
        "name": escape(str(((site or {}).get("issuer") or {}).get("name") or "")),
        "data": _json(held).replace("<", "\\u003c"),  # nothing that could end its element
    }
    return re.sub(r"\{\{([a-z]+)\}\}", lambda found: parts[found[1]], _template()).encode("utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@cache
def policy() -> str:
    """The page's Content-Security-Policy (CSP Level 3), for its own ``<meta>`` and for a host's headers: its own script
    and style by their hashes, files of the same host, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(_script())}'",
            f"style-src '{_hash(_style())}'",
            "img-src data: blob:",
            "connect-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types worker",
        )
    )


def worker() -> bytes:
    """``worker.js``, which lies beside ``site.json``: it keeps the page and what it fetched for use without a network."""
    return "\n".join(_bare(_source("worker.js"))).encode("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def _template() -> str:
    return _source("page.html")


@cache
def _style() -> str:
    """The stylesheet without comments and what surrounds its signs."""
    text = re.sub(r"\s+", " ", _COMMENT.sub("", _source("page.css")))
    text = re.sub(r" ?([{};,]) ?", r"\1", text)
    return re.sub(r"([:>]) (?=[^{}]*[;}])", r"\1", text).replace(";}", "}").strip()


@cache
def _script() -> str:
    """The modules joined into one, those first that others import."""
    return "\n".join(_joined("main.js", set()))


def _joined(name: str, done: set[str]) -> list[str]:
    done.add(name)
    if name.endswith(".json"):
        words = json.dumps(json.loads(_source(name)), ensure_ascii=False, separators=(",", ":"))
        return [f"const WORDS = {words};"]
    before: list[str] = []
    own: list[str] = []
    for line in _bare(_source(name)):
        found = _IMPORT.match(line)
        if found is None:
            own.append(line.removeprefix("export "))
        elif found[1] not in done:
            before += _joined(found[1], done)
    return before + own


def _bare(source: str) -> list[str]:
    """Lines without comments and indentation. No text of the sources goes over several lines, but with a backslash."""
    lines = [_TRAILING.sub("", line.strip()) for line in source.splitlines()]
    return [line for line in lines if line and not line.startswith("//")]


def _source(name: str) -> str:
    return (files("certgen") / "site" / "page" / name).read_text("utf-8")
