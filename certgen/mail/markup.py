"""A filled message as HTML that reads well everywhere: on a phone, in Outlook, at night, from right to left.

What programs do not understand they leave out, and what remains is a page with headings, paragraphs and links. Styles
stand at each element, as Gmail drops others in some places; the style sheet only adds the night and small screens. No
script, no address that is fetched: nobody learns when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import NamedTuple

from certgen.artwork import contrast
from certgen.compose.desk import reads_right_to_left
from certgen.mail.filled import Bit, Filled, Paragraph, Row, is_rtl

READABLE, AT_NIGHT = 4.5, 6.5  # contrast of text; at least what WCAG 2.2 asks for, 1.4.3
_VISIBLE = 1.6  # of a button on the ground
_WIDTH = 600  # pixels
_PAPER, _NIGHT = "#ffffff", "#20242a"

_SANS = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_SERIF = "Georgia,'Times New Roman',serif"


class Look(NamedTuple):
    """How an issuer's mail looks. ``picture``: the id of the part with the certificate's picture, and the words for
    whoever cannot see it."""

    issuer: str
    primary: str
    accent: str
    picture: tuple[str, str] | None = None
    picture_to: str = ""


def markup(filled: Filled, look: Look) -> str:
    """The HTML. Equal input, equal text."""
    rtl = reads_right_to_left(filled.language)
    side = _Side(rtl)
    body = "\n".join(_blocks(filled.body, look, side))
    small = "\n".join(_blocks(filled.small, look, side, small=True))
    shows = contrast(_rgb(look.primary), _rgb(_NIGHT)) >= _VISIBLE
    button = look.primary if shows else _legible(look.primary, _NIGHT, AT_NIGHT)
    values = {
        "language": escape(filled.language),
        "dir": "rtl" if rtl else "ltr",
        "align": side.start,
        "subject": escape(filled.subject),
        "issuer": _isolated(look.issuer, side),
        "ink": _legible(look.primary, _PAPER),
        "accent": look.accent,
        "night_ink": _legible(look.primary, _NIGHT, AT_NIGHT),
        "night_button": button,
        "night_on": _on(button),
        "body": body,
        "small": _SMALL.format(side.start, small) if small else "",
        "sans": _SANS,
        "width": str(_WIDTH),
    }
    return re.sub(r"\[\[(\w+)\]\]", lambda found: values[found[1]], _PAGE)


_SMALL = (
    '<div class="small pad" style="padding:20px 32px 28px;font-size:13px;line-height:20px;color:#6b6b66;'
    'text-align:{}">\n{}\n</div>'
)


class _Side(NamedTuple):
    rtl: bool

    @property
    def start(self) -> str:
        return "right" if self.rtl else "left"


# --- paragraphs ------------------------------------------------------------------------------


def _blocks(paragraphs: Iterable[Paragraph], look: Look, side: _Side, small: bool = False) -> Iterator[str]:
    items: list[Paragraph] = []
    shown = small or look.picture is None
    for paragraph in paragraphs:
        if paragraph.kind == "item":
            items.append(paragraph)
            continue
        if items:
            yield _items(items, look, side)
            items = []
        if paragraph.kind == "buttons" and not shown:
            shown = True
            yield _picture(look)
        yield _block(paragraph, look, side, small)
    if items:
        yield _items(items, look, side)
    if not shown:
        yield _picture(look)


def _block(paragraph: Paragraph, look: Look, side: _Side, small: bool) -> str:
    inner = "<br>\n".join(_row(row, look, side) for row in paragraph.rows)
    if paragraph.kind == "buttons":
        links = [bit for row in paragraph.rows for bit in row if bit.text.strip()]
        made = "\n".join(_button(bit, look, side, first=at == 0) for at, bit in enumerate(links))
        return f'<div style="margin:0 0 14px">{made}</div>'
    if paragraph.kind == "heading":
        size, line = {1: (28, 36), 2: (24, 31)}.get(paragraph.level, (18, 26))
        level = min(max(paragraph.level, 1), 3)
        return (
            f'<h{level} class="head" style="margin:26px 0 4px;font-family:{_SERIF};font-size:{size}px;line-height:'
            f'{line}px;font-weight:normal;color:{_legible(look.primary, _PAPER)}">{inner}</h{level}>'
        )
    return f'<p style="margin:0 0 {8 if small else 18}px">{inner}</p>'


def _items(items: list[Paragraph], look: Look, side: _Side) -> str:
    """A list. One that is flat and without numbers is a block beside a line, which suits codes and days."""
    if all(item.depth == 0 and not item.ordered for item in items):
        rows = "".join(
            f'<p style="margin:0 0 4px">{"<br>".join(_row(row, look, side) for row in item.rows)}</p>\n'
            for item in items
        )
        edge = f"border-{side.start}:3px solid {look.accent}"
        return f'<div style="margin:8px 0 22px;padding:2px 14px;{edge}">\n{rows}</div>'
    rows = "".join(
        f'<p style="margin:0 0 6px;padding-{side.start}:{22 * item.depth + 22}px;text-indent:-22px">'
        f"{escape(item.marker)}&nbsp; {'<br>'.join(_row(row, look, side) for row in item.rows)}</p>\n"
        for item in items
    )
    return f'<div style="margin:0 0 18px">\n{rows}</div>'


def _row(row: Row, look: Look, side: _Side) -> str:
    return "".join(_bit(bit, look, side) for bit in row).strip()


def _bit(bit: Bit, look: Look, side: _Side) -> str:
    made = _isolated(bit.text, side) if bit.value else escape(bit.text)
    if bit.href:
        ink = _legible(look.primary, _PAPER)
        made = f'<a class="link" href="{escape(bit.href)}" style="color:{ink}">{made}</a>'
    if bit.emphasis:
        made = f"<em>{made}</em>"
    return f"<strong>{made}</strong>" if bit.strong else made


def _isolated(text: str, side: _Side) -> str:
    """A value in another direction keeps to itself (UAX 9, 3.1.2)."""
    rtl = is_rtl(text)
    if rtl == side.rtl:
        return escape(text)
    return f'<bdi dir="{"rtl" if rtl else "ltr"}">{escape(text)}</bdi>'


def _button(bit: Bit, look: Look, side: _Side, *, first: bool) -> str:
    """A link that looks like a button; Outlook, which knows no padding of links, gets wide spaces instead."""
    ink = _on(look.primary) if first else _legible(look.primary, _PAPER)
    colours = f"background:{look.primary};color:{ink}" if first else f"background:{_PAPER};color:{ink}"
    edge = "left" if side.rtl else "right"
    return (
        f'<a class="{"button" if first else "button second"}" href="{escape(bit.href)}" style="display:inline-block;'
        f"margin:6px 0 6px;margin-{edge}:10px;padding:12px 22px;border:1px solid {look.primary};border-radius:4px;"
        f'{colours};font-weight:bold;text-decoration:none;mso-padding-alt:0">'
        '<!--[if mso]><i style="mso-font-width:200%;mso-text-raise:22pt" hidden>&emsp;</i>'
        f'<span style="mso-text-raise:11pt"><![endif]-->{escape(bit.text)}<!--[if mso]></span>'
        '<i style="mso-font-width:200%" hidden>&emsp;&#8203;</i><![endif]--></a>'
    )


def _picture(look: Look) -> str:
    assert look.picture is not None
    name, words = look.picture
    image = (
        f'<img src="cid:{escape(name)}" width="536" alt="{escape(words)}" '
        'style="display:block;width:100%;max-width:536px;height:auto;box-sizing:border-box;border:1px solid #d8d6d0">'
    )
    linked = f'<a href="{escape(look.picture_to)}">{image}</a>' if look.picture_to else image
    return f'<div style="margin:4px 0 22px">{linked}</div>'


# --- colours ---------------------------------------------------------------------------------


def _rgb(colour: str) -> tuple[float, float, float]:
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def _on(ground: str) -> str:
    """White or black, whichever stands out more."""
    return max("#ffffff", "#000000", key=lambda ink: contrast(_rgb(ink), _rgb(ground)))


def _legible(colour: str, ground: str, readable: float = READABLE) -> str:
    """A colour made darker on paper, or lighter at night, until text in it can be read."""
    end = _on(ground)
    for step in range(21):
        share = step / 20
        mixed = [round(255 * (a + (b - a) * share)) for a, b in zip(_rgb(colour), _rgb(end), strict=True)]
        made = "#{:02x}{:02x}{:02x}".format(*mixed)
        if contrast(_rgb(made), _rgb(ground)) >= readable:
            return made
    return end


_PAGE = """<!DOCTYPE html>
<html lang="[[language]]" dir="[[dir]]">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>[[subject]]</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (max-width: 480px) {
  .pad { padding-left: 22px !important; padding-right: 22px !important; }
  .around { padding: 0 !important; }
  .button { display: block !important; margin: 8px 0 !important; text-align: center !important; }
}
@media (prefers-color-scheme: dark) {
  .ground { background: #14171b !important; }
  .card { background: #20242a !important; }
  .text { color: #e6e4df !important; }
  .small { color: #a7a59e !important; }
  .head, .name, .link { color: [[night_ink]] !important; }
  .button { background: [[night_button]] !important; border-color: [[night_button]] !important; }
  .button { color: [[night_on]] !important; }
  .second { background: #20242a !important; border-color: [[night_ink]] !important; color: [[night_ink]] !important; }
}
[data-ogsc] .head, [data-ogsc] .name, [data-ogsc] .link { color: [[night_ink]] !important; }
</style>
<!--[if mso]><style>body, p, div, a, h1, h2, h3 { font-family: Arial, sans-serif !important; }</style><![endif]-->
</head>
<body class="ground" style="margin:0;padding:0;background:#f1f0ec">
<div class="ground" role="article" aria-roledescription="email" lang="[[language]]" dir="[[dir]]" \
style="background:#f1f0ec;font-family:[[sans]];font-size:16px;line-height:25px;text-align:[[align]]">
<div class="around" style="padding:24px 12px">
<!--[if mso]><table role="presentation" align="center" width="[[width]]" cellspacing="0" cellpadding="0" \
border="0"><tr><td bgcolor="#ffffff" style="padding:0 24px"><![endif]-->
<div class="card" style="max-width:[[width]]px;margin:0 auto;background:#ffffff;border-top:4px solid [[accent]]">
<div class="pad" style="padding:26px 32px 0">
<p class="name" style="margin:0 0 24px;font-size:15px;line-height:22px;font-weight:bold;color:[[ink]]">[[issuer]]</p>
</div>
<div class="pad text" style="padding:0 32px 14px;color:#2b2b29">
[[body]]
</div>
</div>
<!--[if mso]></td></tr></table><![endif]-->
<div style="max-width:[[width]]px;margin:0 auto">
[[small]]
</div>
</div>
</div>
</body>
</html>
"""
