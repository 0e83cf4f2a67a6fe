"""Writes docs/cli.md from the commands themselves: ``python docs/cli_reference.py``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from certgen.cli import cli

HEAD = """# Commands

<!-- Written by docs/cli_reference.py from the commands; a test compares. -->

`certgen` and `python -m certgen` are the same. What the codes at the end mean is in [exit-codes.md](exit-codes.md),
what `--json` prints in [json.md](json.md).
"""


def reference() -> str:
    """docs/cli.md: the help of every group and of every command, at 90 columns."""
    return "\n".join([HEAD, *_sections(cli, "certgen")])


def _sections(command: click.Command, name: str) -> Iterator[str]:
    yield _section(command, name)
    for inner in sorted(command.commands) if isinstance(command, click.Group) else ():
        yield from _sections(command.commands[inner], f"{name} {inner}")


def _section(command: click.Command, name: str) -> str:
    names = ["-h", "--help"]
    context = click.Context(command, info_name=name, terminal_width=90, max_content_width=90, help_option_names=names)
    return f"## `{name}`\n\n```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    (Path(__file__).parent / "cli.md").write_text(reference(), encoding="utf-8")
