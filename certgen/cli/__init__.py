"""The commands. One verb is one short function: flags into a call, a result into words.

Nothing heavy is imported before a command needs it. Each module here holds the commands of one concern. One boundary,
:func:`main`, turns whatever goes wrong into a sentence and an exit code (docs/exit-codes.md).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from certgen import __version__
from certgen.cli import (
    account,
    amend,
    backup,
    doctor,
    erasure,
    handing,
    keys,
    making,
    printing,
    records,
    registry,
    sending,
    site,
    tables,
    verify,
)
from certgen.errors import CertgenError, ExitCode
from certgen.telling import filled, place, printable


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="certgen")
@click.option("--debug", is_flag=True, help="When certgen itself fails, show where.")
def cli(debug: bool) -> None:
    """Turns a roster and a course into certificates."""


for command in (
    making.batch,
    making.check_,
    making.preview,
    making.init,
    making.schema,
    making.layouts,
    keys.keys,
    backup.backup,
    backup.restore,
    verify.verify_,
    amend.revoke,
    amend.reissue,
    printing.print_,
    site.site,
    records.list_,
    records.show,
    tables.export,
    tables.report,
    records.copy,
    handing.pack,
    handing.image,
    handing.expiring,
    sending.send,
    account.mail,
    erasure.erase,
    doctor.doctor,
    registry.registry,
):
    cli.add_command(command)


_STOPPED = {
    "batch": "No certificate is half written; run again to finish.",
    "init": "What is there already stays; a key that is still wanting is made with the first certificates.",
}


# --- the boundary ----------------------------------------------------------------------------


def main() -> None:
    """The command ``certgen``: never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Windows consoles and pipes default to a code page
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(guarded(lambda: cli.main(standalone_mode=False)))


def guarded(work: Callable[[], Any]) -> int:
    """The exit code of a command; whatever it raises becomes a sentence on standard error."""
    try:
        done = _told(work)
        return done if isinstance(done, int) else ExitCode.DONE
    except click.ClickException as error:
        error.message = filled(error.message)  # type: ignore[misc]
        error.show()
        return ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        command = next((name for name in sys.argv[1:3] if name in _STOPPED), "")
        click.echo(filled(f"\nStopped. {_STOPPED.get(command, '')}".rstrip()), err=True)
        return ExitCode.INTERRUPTED
    except CertgenError as error:
        for problem in error.problems:
            words = ": ".join(part for part in (place(problem), problem.message) if part)
            click.echo(filled(printable(f"{words} {problem.hint}".rstrip())), err=True)
        return error.exit_code
    except BrokenPipeError:  # the reader of our output went away, as in “certgen … | head”
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        click.echo(filled(defect(error)), err=True)
        return 1


def _told(work: Callable[[], Any]) -> Any:
    """The same; a computer that has nothing more to give (space, files, memory) is no mistake of ours."""
    try:
        return work()
    except OSError:
        from certgen.output import exhaustion_told

        with exhaustion_told():
            raise


def defect(error: Exception) -> str:
    """The sentence about an unexpected exception, and where its report is."""
    import tempfile
    import traceback

    report = "".join(traceback.format_exception(error))
    if "--debug" in sys.argv[1:]:
        return report
    words = "certgen stopped because of a mistake in certgen itself, not in your files."
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="certgen-", suffix=".txt", delete=False) as file:
            file.write(f"certgen {__version__}, Python {sys.version}\n{report}")
    except OSError:
        return f"{words} Run again with “certgen --debug …” to see where."
    return f"{words} Please send this report to its authors (it may hold names): {file.name}"
