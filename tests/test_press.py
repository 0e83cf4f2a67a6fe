"""The press: what it promises of the collector of cyclic garbage, which rests while it works."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from academy import Academy

from certgen import batch, press
from certgen.intake import Options
from certgen.press import Press, Sheet


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Press, list[Sheet]]:
    """What a worker gets for a small roster; nothing is written."""
    caught: list[tuple[Press, list[Sheet]]] = []

    def catch(tools: Press, sheets: Iterator[Sheet], total: int, jobs: int | None) -> Any:
        caught.append((tools, list(sheets)))
        return iter(())

    monkeypatch.setattr(press, "run", catch)
    batch.run(Options(roster=Academy(tmp_path / "academy").roster, dry_run=True))
    return caught[0]


def test_a_piece_leaves_no_cyclic_garbage(work: tuple[Press, list[Sheet]]) -> None:
    tools, sheets = work
    make = press.start(tools)
    make(sheets)  # what is built once, on first use, may leave some
    gc.collect()
    gc.disable()
    try:
        made = make(sheets)
        left = gc.collect()
    finally:
        gc.enable()
    assert all(isinstance(each, press.Made) for each in made)
    assert left == 0


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_afterwards_as_it_was(
    work: tuple[Press, list[Sheet]], monkeypatch: pytest.MonkeyPatch, enabled: bool
) -> None:
    def fail(self: Press, sheet: Sheet, sealed: object) -> str:
        assert not gc.isenabled()
        raise RuntimeError

    tools, sheets = work
    (gc.enable if enabled else gc.disable)()
    try:
        press.start(tools)(sheets)
        assert gc.isenabled() is enabled
        monkeypatch.setattr(Press, "draw", fail)
        with pytest.raises(RuntimeError):
            press.start(tools)(sheets)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
