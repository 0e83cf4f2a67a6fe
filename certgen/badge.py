"""Open Badges 3.0: what a certificate says, in the standard's own words, with two proofs.

A credential is a W3C Verifiable Credential 2.0 of 1EdTech's Open Badges 3.0. It says what the certificate says. Its
proofs carry the day of issue, so the same credential gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from urllib.parse import quote

from certgen import prose
from certgen.canonical import BADGES, CREDENTIALS, Form, Json, Value, jcs, rdfc, token
from certgen.credential import evidence, payload_prefix
from certgen.facts import asked, figure
from certgen.fields import format_value
from certgen.model import AwardKind, Course, Credential, Edition, Issuer, Skill
from certgen.proof import Suite, secured, suites
from certgen.signing import SigningKey, did, method
from certgen.status import Place, list_url

_FORMS = 64  # kinds of credential whose canonical form is kept

_ACHIEVEMENT_TYPES: dict[AwardKind, str] = {  # Open Badges 3.0, B.1.2; "ext:" for what it does not list
    "achievement": "Certificate",
    "completion": "CertificateOfCompletion",
    "participation": "ext:CertificateOfParticipation",
    "attendance": "ext:CertificateOfAttendance",
}
_FRAMEWORKS = {
    "http://data.europa.eu/esco/": "ESCO",
    "https://data.europa.eu/esco/": "ESCO",
    "https://www.onetonline.org/": "O*NET",
    "https://services.onetcenter.org/": "O*NET",
}


class Badges:
    """Signs the credentials of one course. Pickles; canonical forms are made again on first use.

    ``grades``: whether scores are told, which they may be only where the certificate tells them. ``key`` signs as
    ``did:web`` of the issuer's verification address.
    """

    def __init__(self, course: Course, issuer: Issuer, key: SigningKey, *, grades: bool = False) -> None:
        self.course, self.issuer, self.key, self.grades = course, issuer, key, grades
        self._ready()

    def _ready(self) -> None:
        self._did = did(self.issuer.verify_url)
        self._forms: dict[tuple[object, ...], Form] = {}
        self._proofs: dict[str, tuple[Suite, ...]] = {}

    def __getstate__(self) -> dict[str, object]:
        return {key: value for key, value in self.__dict__.items() if not key.startswith("_")}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._ready()

    def document(self, credential: Credential, place: Place) -> Json:
        """The credential before it is signed."""
        return _document(self.course, self.issuer, credential, self._values(credential, place), self.grades)

    def sign(self, credential: Credential, place: Place) -> bytes:
        """The signed credential, JSON in UTF-8. Raises ValueError for a text that cannot be signed (control characters)
        or an amount beyond all sense."""
        values = self._values(credential, place)
        form = self._form(credential, values)
        created = f"{values['issued']}T00:00:00Z"
        if created not in self._proofs:
            self._proofs[created] = suites([CREDENTIALS, BADGES], created, method(self._did, self.key.public))
        plain = form.jcs(values)
        return secured(plain, form.rdfc(values), self._proofs[created], self.key)

    def same_as_pyld(self, credential: Credential, place: Place) -> bool:
        """Whether the quick canonical forms of a credential are the plain ones. Each batch asks it of a sample."""
        values, document = self._values(credential, place), self.document(credential, place)
        form = self._form(credential, values)
        return form.jcs(values) == jcs(document) and form.rdfc(values) == rdfc(document)

    def _values(self, credential: Credential, place: Place) -> dict[str, Value]:
        """What differs between credentials of one kind; absent where the credential does not have it."""
        recipient, language = credential.recipient, credential.language
        values: dict[str, Value] = {
            "code": credential.code,
            "name": recipient.name,
            "issued": credential.issued.isoformat(),
            "list": str(place.number),
            "entry": str(place.entry),
        }
        if credential.expires is not None:
            values["expires"] = credential.expires.isoformat()
        if credential.start is not None:
            values["start"] = credential.start.isoformat()
        if credential.end is not None:
            values["end"] = credential.end.isoformat()
        if credential.number is not None:
            values["number"] = credential.number
        if credential.hours is not None:
            values["hours"] = _amount(credential.hours)
            values["hours_words"] = format_value(credential.hours, "hours", language)
        if (address := evidence(recipient)) is not None:
            scheme, _, values["evidence"] = address.partition("://")
            values["secure"] = "s" * (scheme == "https")
        if self.grades and recipient.score is not None:
            values["score"] = figure(recipient.score)
            values["out_of"] = figure(recipient.score_out_of or _scale(self.course, credential.award))
        return values

    def _form(self, credential: Credential, values: Mapping[str, Value]) -> Form:
        kind = (credential.language, credential.award, tuple((k, isinstance(v, str)) for k, v in values.items()))
        form = self._forms.get(kind)
        if form is None:
            tokens = {
                slot: token(number, numeric=not isinstance(value, str))
                for number, (slot, value) in enumerate(values.items())
            }
            document = _document(self.course, self.issuer, credential, tokens, self.grades)
            if len(self._forms) >= _FORMS:
                self._forms.pop(next(iter(self._forms)))
            form = self._forms[kind] = Form(document, tokens)
        return form


def _document(
    course: Course, issuer: Issuer, credential: Credential, values: Mapping[str, Value], grades: bool
) -> Json:
    """The credential; of ``credential`` itself only its kind is taken (language, award), all else from ``values``."""
    edition = course.editions[credential.language]
    achievement = _achievement(course, issuer, edition, credential, values, grades)
    subject = {
        "type": ["AchievementSubject"],
        "identifier": [
            {"type": "IdentityObject", "hashed": False, "identityHash": values["name"], "identityType": "name"}
        ],
        "licenseNumber": values.get("number"),
        "activityStartDate": _moment(values.get("start"), "00:00:00"),
        "activityEndDate": _moment(values.get("end"), "23:59:59"),
        "creditsEarned": values.get("hours"),
        "result": _result(achievement, values),
        "achievement": achievement,
    }
    url = list_url(issuer, str(values["list"]))
    return _present(
        {
            "@context": [CREDENTIALS, BADGES],
            "id": f"{payload_prefix(issuer)}{values['code']}",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": edition.title,
            "issuer": _present(
                {
                    "id": did(issuer.verify_url),
                    "type": ["Profile"],
                    "name": issuer.name,
                    "url": issuer.url,
                    "email": issuer.contact if issuer.contact and "@" in issuer.contact else None,
                }
            ),
            "validFrom": _moment(values["issued"], "00:00:00"),
            "validUntil": _moment(values.get("expires"), "23:59:59"),
            "credentialSubject": _present(subject),
            "evidence": _evidence(values),
            "credentialStatus": {
                "id": f"{url}#{values['entry']}",
                "type": "BitstringStatusListEntry",
                "statusPurpose": "revocation",
                "statusListIndex": values["entry"],
                "statusListCredential": url,
            },
        }
    )


def _achievement(
    course: Course, issuer: Issuer, edition: Edition, credential: Credential, values: Mapping[str, Value], grades: bool
) -> Json:
    rule = course.awards[credential.award]
    when = course.start or course.issued
    run = f"{quote(course.code, safe='')}/{when.isoformat() if when else 'undated'}"
    address = f"{issuer.verify_url}/courses/{run}/{rule.kind}/{credential.language}"
    hours = values.get("hours")
    skills = [*edition.skills, *edition.occupations]
    described = None
    if "score" in values:
        least = rule.when.score_min if rule.when else None
        described = [
            _present(
                {
                    "id": f"{address}#score",
                    "type": ["ResultDescription"],
                    "name": "Score",
                    "resultType": "RawScore",
                    "valueMax": values["out_of"],
                    "requiredValue": None if least is None else figure(least),
                }
            )
        ]
    return _present(
        {
            "id": address,
            "type": ["Achievement"],
            "achievementType": _ACHIEVEMENT_TYPES[rule.kind],
            "name": edition.title,
            "description": (prose.plain(edition.summary) if edition.summary else "") or edition.title,
            "criteria": {"narrative": _narrative(course, edition, credential, values)},
            "creditsAvailable": hours,
            "inLanguage": credential.language,
            "humanCode": course.code,
            "fieldOfStudy": edition.programme,
            "tag": list(dict.fromkeys(skill.name for skill in skills)) or None,
            "alignment": _alignments(skills),
            "resultDescription": described,
        }
    )


def _narrative(course: Course, edition: Edition, credential: Credential, values: Mapping[str, Value]) -> str:
    """What was asked and what was studied, in Markdown, in the certificate's language."""
    rule = course.awards[credential.award]
    told: list[str] = []
    if "hours_words" in values:
        told.append(str(values["hours_words"]))
    told += asked(rule.when, credential.language)
    parts = ["\n".join(f"- {line}" for line in told)] if told else []
    for section in edition.sections:
        if section.awards is None or rule.kind in section.awards:
            parts += [f"## {section.heading}"] if section.heading else []
            parts.append(section.body.source.strip())
    return "\n\n".join(parts) or edition.title


def _alignments(skills: Iterable[Skill]) -> list[Json] | None:
    """Skills and occupations that have an address in a public framework, each once."""
    found: dict[str, Json] = {}
    for skill in skills:
        if skill.code and skill.code.startswith(("http://", "https://")):
            framework = next((name for start, name in _FRAMEWORKS.items() if skill.code.startswith(start)), None)
            alignment = {
                "type": ["Alignment"],
                "targetName": skill.name,
                "targetUrl": skill.code,
                "targetFramework": framework,
            }
            found.setdefault(skill.code, _present(alignment))
    return list(found.values()) or None


def _result(achievement: Json, values: Mapping[str, Value]) -> list[Json] | None:
    if "score" not in values:
        return None
    described = achievement["resultDescription"][0]["id"]
    return [{"type": ["Result"], "resultDescription": described, "value": values["score"]}]


def _evidence(values: Mapping[str, Value]) -> list[Json] | None:
    """Its scheme stands in the form, as a relative address would be something else in RDF."""
    if "evidence" not in values:
        return None
    return [{"id": f"http{values['secure']}://{values['evidence']}", "type": ["Evidence"]}]


def _scale(course: Course, award: int) -> Decimal:
    when = course.awards[award].when
    return (when.out_of if when else None) or Decimal(100)


def _present(document: dict[str, Json]) -> Json:
    return {key: value for key, value in document.items() if value is not None}


def _moment(day: Value | None, time: str) -> str | None:
    return None if day is None else f"{day}T{time}Z"


def _amount(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)
