"""Certificates bound into one PDF to leaf through: every page, its tags, and the rules that each file keeps."""

from __future__ import annotations

from io import BytesIO

import pikepdf
import pytest
from builders import Make
from judges import conforms, pdfium_text, sound
from structure import Node, tree

from certgen import contact


@pytest.fixture(scope="module")
def files() -> list[bytes]:
    return [
        Make(language="en").pdf("Ana Díaz"),
        Make(language="ar", layout="modern", record=True).pdf("مريم القاسم"),
        Make(language="en").pdf("Олена Коваль"),
    ]


def test_every_page_keeps_its_tags(files: list[bytes]) -> None:
    data, pages = contact.merged(files)
    sound(data)
    conforms(data, "ua1")
    assert b"pdfaid:part" not in data  # which it does not promise
    texts = [page for file in files for page in pdfium_text(file).split("\f")]
    assert pdfium_text(data).split("\f") == texts and pages == len(texts)
    whole = tree(data)
    assert (whole.role, [kid.role for kid in whole.kids]) == ("Document", ["Part"] * 3)
    assert [kid.language for kid in whole.kids] == ["en", "ar", "en"]
    before = 0
    for kid, file in zip(whole.kids, files, strict=True):
        alone = tree(file)
        assert _shape(kid) == _shape(alone) and kid.text == alone.text and kid.text
        assert sum(node.links for node in kid.walk()) == sum(node.links for node in alone.walk()) > 0
        assert _pages(kid) == [before + page for page in _pages(alone)]
        before += len(pdfium_text(file).split("\f"))


def _shape(node: Node) -> list[str]:
    return [each.role for each in node.walk()][1:]


def _pages(node: Node) -> list[int]:
    return [page for each in node.walk() for page, _ in each.lines]


def test_equal_files_make_equal_bytes_that_are_known_as_ours(files: list[bytes]) -> None:
    data, _ = contact.merged(files)
    assert data == contact.merged(files)[0]
    assert contact.is_ours(data)
    assert not any(map(contact.is_ours, files))


def test_pages_and_links_know_the_elements_that_they_belong_to(files: list[bytes]) -> None:
    data, _ = contact.merged(files)
    links = 0
    with pikepdf.open(BytesIO(data)) as document:
        parents = dict(pikepdf.NumberTree(document.Root.StructTreeRoot.ParentTree).items())
        assert document.Root.StructTreeRoot.ParentTreeNextKey == len(parents) == max(parents) + 1
        for page in document.pages:
            for marked, element in enumerate(parents[int(page.obj.StructParents)].as_list()):
                kids = element.K if isinstance(element.K, pikepdf.Array) else [element.K]
                own = [kid for kid in kids if isinstance(kid, int)]
                own += [kid.MCID for kid in kids if isinstance(kid, pikepdf.Dictionary) and "/MCID" in kid]
                assert marked in own and element.Pg.objgen == page.obj.objgen
            for link in page.obj.get("/Annots", ()):
                element = parents[int(link.StructParent)]
                kids = element.K.as_list() if isinstance(element.K, pikepdf.Array) else [element.K]
                objects = [kid for kid in kids if isinstance(kid, pikepdf.Dictionary) and "/Obj" in kid]
                assert any(kid.Obj.objgen == link.objgen for kid in objects)
                links += 1
    assert links >= len(files)
