"""Every example in every layout passes veraPDF, the reference validator, as PDF/A-3a and as PDF/UA-1.

veraPDF is Java: ``mvn -f .ci/pom.xml package`` brings its jar, and the environment variable
``CERTGEN_VERAPDF`` names the folder it lies in. Starting Java costs a second or two, so all samples go
through one process. ``tests/judges.py`` has the quick validator that agrees with it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, LAYOUTS, RECORD, Made, missing, tool

pytestmark = pytest.mark.thorough

PROFILES = {"PDF/A-3A validation profile", "PDF/UA-1 validation profile"}


def verapdf(*files: Path) -> dict[str, dict[str, list[str]]]:
    """File name -> profile -> failures, in one run. The profiles are those that the file itself claims."""
    folder = os.environ.get("CERTGEN_VERAPDF", "")
    jars = sorted(Path(folder).glob("*.jar")) if folder else []
    if not jars:
        missing("veraPDF", "mvn -f .ci/pom.xml package, then set CERTGEN_VERAPDF to .ci/cache/verapdf")
    quick = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]  # a short life on few cores
    command = [tool("java"), "-Djava.awt.headless=true", *quick, "-cp", os.pathsep.join(map(str, jars))]
    command += ["org.verapdf.apps.GreenfieldCliWrapper", "--flavour", "0", "--format", "json"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, encoding="utf-8", timeout=600, check=False)
    assert done.returncode in (0, 1), done.stderr  # 1: some file fails
    verdicts: dict[str, dict[str, list[str]]] = {}
    for job in json.loads(done.stdout)["report"]["jobs"]:
        results: list[dict[str, Any]] = job.get("validationResult") or []
        verdicts[Path(job["itemDetails"]["name"]).name] = {
            result["profileName"]: [
                f"{rule['clause']}-{rule['testNumber']} {rule['description']} ({rule['checks'][:1]})"
                for rule in result["details"]["ruleSummaries"]
                if rule["ruleStatus"] == "FAILED"
            ]
            for result in results
        }
    return verdicts


def test_every_example_in_every_layout(made: Callable[..., Made], tmp_path: Path) -> None:
    verapdf_is_here()
    assert EXAMPLES
    expected = set()
    for example in EXAMPLES:
        for layout in LAYOUTS:
            run = made(example, layout, *RECORD[layout])
            for number, row in enumerate(run.samples()):
                name = f"{example}-{layout}-{number}.pdf"
                shutil.copy(run.path(row), tmp_path / name)
                expected.add(name)
    verdicts = verapdf(*sorted(tmp_path.glob("*.pdf")))
    assert set(verdicts) == expected
    wrong = {name: found for name, found in verdicts.items() if set(found) != PROFILES or any(found.values())}
    assert not wrong, json.dumps(wrong, indent=1)


def test_a_file_that_only_claims_to_conform_is_caught(tmp_path: Path) -> None:
    """The judge judges: an empty page with the right claims in its metadata fails both profiles."""
    pikepdf = pytest.importorskip("pikepdf")
    pdf = pikepdf.new()
    pdf.add_blank_page()
    with pdf.open_metadata() as metadata:
        metadata["pdfaid:part"] = "3"
        metadata["pdfaid:conformance"] = "A"
        metadata["{http://www.aiim.org/pdfua/ns/id/}part"] = "1"
    pdf.save(tmp_path / "claims.pdf")
    verdict = verapdf(tmp_path / "claims.pdf")["claims.pdf"]
    assert set(verdict) == PROFILES
    assert all(verdict.values())


def verapdf_is_here() -> None:
    """Skips, or fails in CI, before anything is made for a judge who is not there."""
    if not list(Path(os.environ.get("CERTGEN_VERAPDF") or os.devnull).glob("*.jar")):
        verapdf()
