"""Courses, issuers and people made from a few words, for tests of what is composed from them.

The values are those that the loaders make; nothing is read but the pictures, which are written
into a folder once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from certgen import codes, credential, prose
from certgen import layout as layouts
from certgen.compose import Blank, Studio
from certgen.course import expiry_date
from certgen.errors import CertgenError, Problem
from certgen.font import FontBook
from certgen.layout import Layout
from certgen.model import (
    AwardRule,
    AwardWords,
    Course,
    Edition,
    Expiry,
    Issuer,
    Recipient,
    Section,
    Signatory,
    Skill,
)
from certgen.sealing import Sealed, Sealer
from certgen.signing import SigningKey
from certgen.status import Place

ISSUED = date(2026, 4, 10)
SECRET = bytes(range(32))
KEY = SigningKey(bytes(range(32)))

LONG_TITLE = (
    "Strengthening labour inspection and social dialogue for the protection "
    "of migrant workers in agriculture and in fishing"
)
assert len(LONG_TITLE) in range(115, 121)

NAMES_SHORT = ("A", "李", "م", "Ж", "അ")
NAMES_LONG = (
    "Maria Fernanda de los Ángeles Echeverría-Vanderwaal y Quintana",
    "Александра Константиновна Преображенская-Воскресенская-Дунай",
    "عبد الرحمن بن محمد بن عبد العزيز بن سليمان آل عبد اللطيف الهاشمي",
    "Ünal Çağrıbey Gökçeoğlu-Karamanlıoğlu Şahinkayaoğulları Yıldız",
    "Αλεξάνδρα-Κωνσταντίνα Παπαδημητρίου-Χατζηγεωργίου Οικονόμου",
    "MARIA FERNANDA DE LOS ÁNGELES ECHEVERRÍA-VANDERWAAL Y QUINTANA",
    "Nguyễn Thị Phương Thảo Quỳnh Như Trần Lê Hoàng Bảo Ngọc Ánh Mai",
    "ประภาพรรณ สุวรรณรัตน์กิตติวัฒนากุล ณ อยุธยา พงษ์ศักดิ์ประเสริฐ",
)

TITLES = {
    "en": LONG_TITLE,
    "es": "Fortalecimiento de la inspección del trabajo y del diálogo social "
    "para proteger a los trabajadores migrantes",
    "fr": "Renforcer l’inspection du travail et le dialogue social "
    "pour la protection des travailleurs migrants saisonniers",
    "ar": "تعزيز تفتيش العمل والحوار الاجتماعي من أجل حماية العمال المهاجرين في الزراعة وصيد الأسماك والبناء",
}
ROLES = {
    "en": "Programme Manager, International Labour Standards, Rights at Work and Gender Equality",
    "es": "Responsable del Programa de Normas Internacionales del Trabajo e Igualdad de Género",
    "fr": "Responsable du programme Normes internationales du travail et égalité entre les sexes",
    "ar": "مديرة برنامج معايير العمل الدولية والحقوق في العمل والمساواة بين الجنسين",
}
SIGNERS = {
    "en": ("Ingrid Njåstad", "Tomás Quintanilha", "Abena Asare", "Lucía Vilhena-Montgomery"),
    "ar": ("هدى المنصوري", "يوسف الخطيب", "أمل الزهراني", "سامي حداد"),
}
SKILLS = {
    "en": ("Policy analysis", "Negotiation", "Labour inspection", "Statistics", "Mediation", "Risk assessment",
           "Legal drafting", "Interviewing", "Report writing", "Facilitation", "Gender analysis", "Monitoring"),
    "ar": ("تحليل السياسات", "التفاوض", "تفتيش العمل", "الإحصاء", "الوساطة", "تقييم المخاطر",
           "الصياغة القانونية", "إجراء المقابلات", "كتابة التقارير", "التيسير", "تحليل النوع", "الرصد"),
}  # fmt: skip
BODY = """The course has **four modules** and an assessment. It takes place *online*.

### Module 1

What it holds:

(a) the first thing, told at some length so that it takes more than one line in a column of a record page;
(b) the second thing:
    - nested, once
    - nested, twice
(c) the third.

A closing paragraph that is long enough for several lines, so that the rules about single lines apply to it: it goes
on for a while about the protection of migrant workers, the inspection of workplaces and the keeping of records.
"""
BODIES = {
    "ar": """تتألف الدورة من **أربع وحدات** وتقييم نهائي، وتُعقد عبر الإنترنت.

### الوحدة الأولى

- المبادئ العامة للتوظيف العادل وحماية العمال المهاجرين في مختلف القطاعات؛
- دور مفتشي العمل؛
- حفظ السجلات.

فقرة ختامية طويلة بما يكفي لعدة أسطر، تتناول حماية العمال وتفتيش أماكن العمل وحفظ السجلات والتعاون بين المؤسسات.
"""
}

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="40" viewBox="0 0 {w} 40">'
    '<rect width="{w}" height="40" rx="6" fill="#0b3d62"/><circle cx="20" cy="20" r="12" fill="#c8a45a"/></svg>'
)
SIGNATURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60" viewBox="0 0 200 60"><path fill="none" '
    'stroke="#1b2a6b" stroke-width="2" stroke-linejoin="round" '
    'd="M4 40 L30 10 L55 50 L80 20 L120 56 L150 4 L196 40"/></svg>'
)


@lru_cache(maxsize=1)
def book() -> FontBook:
    """One book of the bundled faces for all tests."""
    return FontBook()


@lru_cache(maxsize=16)
def layout(name: str) -> Layout:
    """A layout that must load without a problem."""
    problems: list[Problem] = []
    found = layouts.load(name, problems)
    assert found is not None and not problems, problems
    return found


def section(id_: str, body: str, heading: str | None = None, awards: Any = None) -> Section:
    parsed, refused = prose.parse(body)
    assert not refused, refused
    return Section(id=id_, body=parsed, heading=heading, awards=awards)


@dataclass
class Make:
    """What a certificate is to be made from. Every field has a plain value; tests change what they are about."""

    layout: str = "classic"
    language: str = "en"
    title: str = "Fair recruitment"
    programme: str | None = None
    venue: str | None = None
    hours: Decimal | None = Decimal(40)
    start: date | None = date(2026, 3, 2)
    end: date | None = date(2026, 3, 27)
    dated: str | None = None
    signatories: tuple[Signatory, ...] = ()
    skills: tuple[str, ...] = ()
    occupations: tuple[str, ...] = ()
    summary: str | None = None
    sections: tuple[Section, ...] = ()
    awards: tuple[AwardRule, ...] = (AwardRule(kind="completion"),)
    award_words: tuple[AwardWords, ...] = (AwardWords(),)
    expires: Expiry = field(default_factory=Expiry)
    number: str | None = None
    issuer: Issuer = field(
        default_factory=lambda: Issuer(
            name="Meridian Training Centre",
            folder="",
            verify_url="https://verify.meridian-training.org",
            key=KEY.public.multikey,
        )
    )
    record: bool = False
    taught_in: tuple[str, ...] = ()
    code: str = "A9015210"

    def course(self) -> Course:
        edition = Edition(
            language=self.language,
            title=self.title,
            programme=self.programme,
            venue=self.venue,
            dated=self.dated,
            summary=prose.parse(self.summary)[0] if self.summary else None,
            skills=tuple(Skill(name) for name in self.skills),
            occupations=tuple(Skill(name) for name in self.occupations),
            sections=self.sections,
            signatories=self.signatories,
            awards=self.award_words,
        )
        return Course(
            code=self.code,
            editions={self.language: edition},
            languages=(self.language,),
            awards=self.awards,
            expires=self.expires,
            issued=ISSUED,
            hours=self.hours,
            start=self.start,
            end=self.end,
            number=self.number,
            taught_in=self.taught_in,
        )

    def studio(self, design: Layout | None = None) -> Studio:
        return Studio(design or layout(self.layout), self.course(), self.issuer, book(), ISSUED, record=self.record)

    def blank(self, award: int = 0, design: Layout | None = None) -> Blank:
        """The blank that must come without a problem."""
        problems: list[Problem] = []
        blank = self.tried(problems, award, design)
        assert blank is not None and not problems, problems
        return blank

    def tried(self, problems: list[Problem], award: int = 0, design: Layout | None = None) -> Blank | None:
        present = {"credential.number"} if self.number else set()
        if expiry_date(self.expires, ISSUED):
            present.add("credential.expires")
        return self.studio(design).blank(self.language, award, frozenset(present), problems)

    def filled(self, blank: Blank, person: Recipient | str, award: int = 0) -> bytes:
        """One certificate as a file's bytes."""
        made, sealed = self.credential(person, award), self.sealed(person, award)
        filled = blank.fill(
            credential.lookup(made),
            url=sealed.url,
            code_url=made.url,
            identifier=codes.grouped(made.code),
            attachment=sealed.badge,
            packed=sealed.packed,
        )
        return blank.plate.prefix + filled.tail

    def sealed(self, person: Recipient | str, award: int = 0) -> Sealed:
        """What proves one certificate."""
        return Sealer(self.course(), self.issuer, KEY).seal(self.credential(person, award), Place(0, 7))

    def credential(self, person: Recipient | str, award: int = 0) -> Any:
        person = someone(person) if isinstance(person, str) else person
        return credential.mint(person, self.course(), self.issuer, award, self.language, SECRET)

    def pdf(self, person: Recipient | str = "Ana Díaz", award: int = 0, design: Layout | None = None) -> bytes:
        return self.filled(self.blank(award, design), person, award)

    def problems(self, person: Recipient | str | None = None, design: Layout | None = None) -> list[Problem]:
        """What is told when it is made; for a person, what filling tells too."""
        problems: list[Problem] = []
        blank = self.tried(problems, design=design)
        if blank is not None and person is not None:
            try:
                self.filled(blank, person)
            except CertgenError as error:
                problems.extend(error.problems)
        return problems


def someone(name: str, **more: Any) -> Recipient:
    return Recipient(row=2, name=name, id=more.pop("id", "17"), number=more.pop("number", "2026/0017"), **more)


def pictures(folder: Path, logos: int = 1, signatures: int = 2) -> tuple[list[str], list[str]]:
    """Logos of different proportions and signatures, written into a folder; their paths."""
    made: tuple[list[str], list[str]] = ([], [])
    for kind, count in ((0, logos), (1, signatures)):
        for index in range(count):
            path = folder / f"{('logo', 'signature')[kind]}-{index}.svg"
            path.write_text(SIGNATURE if kind else LOGO.format(w=(60, 40, 160)[index % 3]), encoding="utf-8")
            made[kind].append(str(path))
    return made


def longest(name: str, language: str, folder: Path, *, record: bool = True) -> Make:
    """The fullest certificate that a layout must take."""
    logos, signatures = pictures(folder, 3, 4)
    make = Make(layout=name, language=language)
    words = language if language in SIGNERS else "en"
    make.title, make.record = TITLES[language], record
    make.programme, make.venue = "Labour migration and fair recruitment", "International Training Centre, Turin"
    make.hours, make.dated = Decimal("1200.5"), "Turin, 27 March 2026"
    make.start, make.end = date(2025, 11, 13), date(2026, 12, 28)
    if language == "ar":
        make.programme, make.venue = "هجرة اليد العاملة والتوظيف العادل", "مركز التدريب الدولي، تورينو"
        make.dated = "تورينو، 27 مارس 2026"
    make.signatories = tuple(
        Signatory(id=str(index), name=signer, role=ROLES[language], signature=signatures[index])
        for index, signer in enumerate(SIGNERS[words])
    )
    make.skills = SKILLS[words]
    make.summary = BODIES.get(language, BODY)
    make.sections = tuple(
        section(f"s{index}", BODIES.get(language, BODY), TITLES[language][:40].rsplit(" ", 1)[0]) for index in range(4)
    )
    make.number, make.expires = "{roster.number}", Expiry(years=2)
    make.issuer = replace(
        make.issuer,
        name="Meridian International Training Centre for Work, Rights and Dialogue",
        logos=tuple(logos),
        verify_url="https://verify.meridian-training.org/certificates",
        key=KEY.public.multikey,
    )
    return make


def shortest(name: str, language: str) -> Make:
    """The barest certificate: one-letter title, no logo, skill, signatory, place, hours or dates."""
    return Make(layout=name, language=language, title="O", hours=None, start=None, end=None)
