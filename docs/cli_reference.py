"""Writes docs/cli.md from the commands themselves: ``python docs/cli_reference.py``."""

from __future__ import annotations

from pathlib import Path

import click

from certgen.cli import cli

HEAD = """# Commands

<!-- Written by docs/cli_reference.py from the commands; a test compares. -->

`certgen` and `python -m certgen` are the same. What the codes at the end mean is in [exit-codes.md](exit-codes.md),
what `--json` prints in [json.md](json.md).
"""


def reference() -> str:
    """docs/cli.md: the help of the group and of every command, at 90 columns."""
    parts = [HEAD, _section(cli, "certgen")]
    parts += [_section(command, f"certgen {name}") for name, command in sorted(cli.commands.items())]
    return "\n".join(parts)


def _section(command: click.Command, name: str) -> str:
    names = ["-h", "--help"]
    context = click.Context(command, info_name=name, terminal_width=90, max_content_width=90, help_option_names=names)
    return f"## `{name}`\n\n```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    (Path(__file__).parent / "cli.md").write_text(reference(), encoding="utf-8")
