"""The one line of issuer.toml that certgen writes: ``key = "z6Mk..."``. Every other byte of the file stays."""

from __future__ import annotations

from pathlib import Path

from certgen.errors import ExitCode, Problem
from certgen.guarded import why, write_over
from certgen.toml import with_line


def name_in(path: Path, multikey: str, problems: list[Problem]) -> bool:
    """Writes the line. False, with a warning that says what to write by hand, where it cannot."""
    try:
        text = path.read_bytes().decode("utf-8")
        named = naming(text, multikey)
        if named != text:
            write_over(path.resolve(), named.encode("utf-8"), like=path)
    except (OSError, ValueError) as error:
        problems.append(
            Problem(
                code="key-line",
                severity="warning",
                message=f"{path.name} cannot be made to name the signing key ({why(error)}).",
                hint=f'Write this line into it, above the first line in [brackets]: key = "{multikey}"',
                file=str(path),
                exit_code=ExitCode.REGISTRY,
            )
        )
        return False
    return True


def naming(text: str, multikey: str) -> str:
    """The text of issuer.toml with its ``key``: below the address, or the name. Raises ValueError."""
    says = "signs the certificates; certgen writes this line"
    return with_line(text, "key", multikey, f'"{multikey}"', says, ("verify_url", "name"))
