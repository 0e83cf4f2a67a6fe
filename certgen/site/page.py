"""The verification page as one file: markup, style, script and words inline, with a policy that allows nothing else.

Its sources are in ``certgen/site/page``: modules as browsers load them, which are joined here in the order of their
imports.
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

from certgen.site.script import imports, joined

_KEPT = ("issuer", "did", "verify_url", "keys")  # of site.json, in pages that have a site to ask for the rest
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def page(site: Mapping[str, Any] | None = None, inlined: Mapping[str, Any] | None = None) -> bytes:
    """The page, HTML in UTF-8.

    ``site``: what ``site.json`` says; the page uses it where that file is out of reach, so that issuer and keys are
    known from a saved file too. ``inlined``: the other files of the site, for a page that needs no site at all
    (``verify.html``): texts of "status" and "notices" by number, of "facts" by name, of "honest", and "figures".
    """
    held: dict[str, str] = {}
    if site is not None:
        held["site.json"] = _json(site if inlined else {name: site[name] for name in _KEPT if name in site})
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
    """``worker.js``, which lies beside ``site.json``: it keeps what was fetched, for days without a network."""
    return joined([_source("worker.js")]).encode("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def _template() -> str:
    return _source("page.html").replace(">\n<", "><")


@cache
def _style() -> str:
    """The stylesheet without comments and what surrounds its signs."""
    text = re.sub(r"\s+", " ", _COMMENT.sub("", _source("page.css")))
    text = re.sub(r" ?([{};,]) ?", r"\1", text)
    return re.sub(r"([:>]) (?=[^{}]*[;}])", r"\1", text).replace(";}", "}").strip()


@cache
def _script() -> str:
    """The modules joined into one, those first that others import."""
    sources: dict[str, str] = {}
    _gather("main.js", sources)
    return joined(sources.values())


def _gather(name: str, sources: dict[str, str]) -> None:
    source = _source(name)
    if name.endswith(".json"):
        sources[name] = f"const {name.removesuffix('.json').upper()} = {_json(json.loads(source))};"
        return
    for other in imports(source):
        if other not in sources:
            _gather(other, sources)
    sources[name] = source


def _source(name: str) -> str:
    return (files("certgen") / "site" / "page" / name).read_text("utf-8")
