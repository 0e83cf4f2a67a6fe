"""ICC profiles of printing presses: what comes with certgen, what a printing house hands out, and colours through them.

LittleCMS, within Pillow, does the sums: relative colorimetric, black point compensated. Source: ICC.1:2010, 7.2 and 9;
for what PDF/X-4 asks of a profile ISO 15930-7.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.guarded import why
from certgen.model import PROFILES
from certgen.page import Colour

LARGEST = 8 * 2**20  # bytes; the largest that printing houses hand out have 3 MB
Cmyk = tuple[float, float, float, float]  # 0 to 1
_BUNDLED = {"FOGRA39": "fogra39.icc"}
_SOLID = 0.95  # of black, from where it is black: a raster of so few holes only frays the letters
_RIGHT = "Ask the printing house for the ICC profile of its press (CMYK, for output)."
# Printing conditions by what their profiles are called, with the names of the ICC's registry of them
# (ISO 32000-1, 14.11.5: OutputConditionIdentifier).
_CONDITIONS = (
    (r"iso ?coated v2", "FOGRA39"),
    (r"pso coated v3", "FOGRA51"),
    (r"pso uncoated v3", "FOGRA52"),
    (r"pso uncoated iso ?12647", "FOGRA47"),
    (r"gracol ?2006", "CGATS TR 006"),
    (r"swop ?2006 coated3", "CGATS TR 003"),
    (r"swop ?2006 coated5", "CGATS TR 005"),
    (r"u\.?s\.? web coated \(swop\)", "CGATS TR 001"),
    (r"gracol ?2013 crpc6", "CGATS21_CRPC6"),
)


class Profile:
    """An ICC profile of a press. It pickles: what LittleCMS makes of it is made again where it is needed."""

    def __init__(self, data: bytes, name: str, condition: str = "") -> None:
        self.data = data
        self.name = name
        """As the profile calls itself."""
        self.condition = condition
        """The printing condition's name in the ICC's registry, such as "FOGRA39"; empty for one of a house's own."""

    def __getstate__(self) -> dict[str, Any]:
        return {"data": self.data, "name": self.name, "condition": self.condition}

    @classmethod
    def named(cls, name: str) -> Profile:
        """A bundled one, by its name in model.PROFILES."""
        data = files("certgen.pdf").joinpath(_BUNDLED[name]).read_bytes()
        return cls(data, _description(data), name)

    @classmethod
    def read(cls, path: Path) -> Profile:
        """A printing house's own. Raises CertgenError for a file that is not the profile of a press."""
        try:
            if path.stat().st_size > LARGEST:
                size = path.stat().st_size / 2**20
                raise _refused(path, f"it has {size:.0f} MB, and {LARGEST // 2**20} MB is the most", _RIGHT)
            data = path.read_bytes()
        except OSError as error:
            raise _refused(path, why(error), "Check the name, and the folder that it counts from.") from None
        if fault := _fault(data):
            raise _refused(path, fault, _RIGHT)
        try:
            made = cls(data, _description(data))
            made.grey(0.5), made.mixed((0.2, 0.4, 0.6))
        except (OSError, ValueError) as error:
            raise _refused(path, f"it cannot be used ({error})", "Ask for it again; the file may be damaged.") from None
        made.condition = condition(made.name)
        return made

    @classmethod
    def of(cls, wanted: str | None) -> Profile:
        """As [press] of issuer.toml says: a name, a path, or None for the default. Raises CertgenError."""
        if wanted is None or wanted in PROFILES:
            return cls.named(wanted or PROFILES[0])
        return cls.read(Path(wanted))

    # --- colours -----------------------------------------------------------------------------

    def mixed(self, colour: Colour) -> Cmyk:
        """An sRGB colour in the four process inks."""
        return self.through(self.from_rgb(), "RGB", [round(255 * min(1, max(0, part))) for part in colour])

    def through(self, transform: Any, mode: str, parts: Sequence[int]) -> Cmyk:
        """A colour of bytes in a mode of Pillow's in the four process inks."""
        from PIL import Image

        made = applied(transform, Image.frombytes(mode, (1, 1), bytes(parts)))
        c, m, y, k = (part / 255 for part in made.tobytes())
        return c, m, y, k

    def grey(self, light: float) -> float:
        """How much black alone looks like a grey of sRGB (0 black, 1 white); what is darker than the ink is all ink."""
        black = self._black(lightness(light))
        return 1.0 if black >= _SOLID else black

    def shade(self, light: float) -> float:
        """The same where greys run into each other, as in a photograph: the darkest is all ink, and every other one a
        little less (black point compensation), so that shadows keep their drawing."""
        darkest = luminance(self._ramp[-1])
        return self._black(lightness(light, darkest))

    def _black(self, wanted: float) -> float:
        ramp = self._ramp
        if wanted >= ramp[0]:
            return 0.0
        for step in range(1, len(ramp)):
            if ramp[step] <= wanted:
                drop = ramp[step - 1] - ramp[step]
                return (step - 1 + ((ramp[step - 1] - wanted) / drop if drop else 1.0)) / (len(ramp) - 1)
        return 1.0

    @cached_property
    def greys(self) -> bytes:
        """The level of DeviceGray (255 white) that prints as each of sRGB's 256 greys looks in a photograph."""
        return bytes(round(255 * (1 - self.shade(level / 255))) for level in range(256))

    @cached_property
    def _ramp(self) -> list[float]:
        """The lightness of black alone on the paper, from none to all of it; it never rises."""
        from PIL import Image, ImageCms

        ink = Image.frombytes("CMYK", (64, 1), bytes(part for k in range(64) for part in (0, 0, 0, k * 255 // 63)))
        seen = applied(self._transform(ImageCms.createProfile("LAB"), "LAB", back=True), ink)
        ramp = [level / 2.55 for level in seen.tobytes()[::3]]
        for step in range(1, len(ramp)):
            ramp[step] = min(ramp[step - 1], ramp[step])
        return ramp

    @cached_property
    def _opened(self) -> Any:
        from PIL import ImageCms

        return ImageCms.ImageCmsProfile(io.BytesIO(self.data))

    @cached_property
    def _known(self) -> dict[bytes, Any]:
        return {}

    def from_rgb(self, profile: bytes = b"") -> Any:
        """The transform of pictures in sRGB, or in the RGB of another ICC profile, to this CMYK. ValueError: it is
        none."""
        from PIL import ImageCms

        if profile not in self._known:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile)) if profile else ImageCms.createProfile("sRGB")
            self._known[profile] = self._transform(source, "RGB")
        return self._known[profile]

    def from_lab(self) -> Any:
        """The transform of pictures in CIELAB of eight bits to this CMYK."""
        from PIL import ImageCms

        if b"LAB" not in self._known:
            self._known[b"LAB"] = self._transform(ImageCms.createProfile("LAB"), "LAB")
        return self._known[b"LAB"]

    def _transform(self, other: Any, mode: str, *, back: bool = False) -> Any:
        from PIL import ImageCms

        flags = ImageCms.Flags.HIGHRESPRECALC
        if not back:
            flags |= ImageCms.Flags.BLACKPOINTCOMPENSATION
        ends = [(other, mode), (self._opened, "CMYK")]
        (source, of), (target, to) = reversed(ends) if back else ends
        try:
            made = ImageCms.buildTransform(source, target, of, to, ImageCms.Intent.RELATIVE_COLORIMETRIC, flags)
        except ImageCms.PyCMSError as error:
            raise ValueError(str(error)) from None
        # What comes out is given a copy of this profile each time, of which a large one takes 12 ms.
        made.output_profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        return made


def applied(transform: Any, picture: Any) -> Any:
    """A picture (of Pillow's) through a transform, without a profile of its own."""
    from PIL import ImageCms

    made = ImageCms.applyTransform(picture, transform)
    assert made is not None
    made.info.clear()
    return made


def lightness(light: float, darkest: float = 0.0) -> float:
    """CIE L* of a grey of sRGB (IEC 61966-2-1; CIE 15), where black has the luminance ``darkest``."""
    y = light / 12.92 if light <= 0.04045 else ((light + 0.055) / 1.055) ** 2.4
    y = darkest + y * (1 - darkest)
    return float(116 * y ** (1 / 3) - 16 if y > 216 / 24389 else y * 24389 / 27)


def luminance(light: float) -> float:
    """CIE Y, 0 to 1, of a lightness L*."""
    return float(((light + 16) / 116) ** 3 if light > 8 else light * 27 / 24389)


def condition(name: str) -> str:
    """The registered printing condition that a profile of this name describes; empty where it says none."""
    spoken = name.casefold().replace("_", " ")
    if fogra := re.search(r"fogra ?(\d\d)", spoken):
        return f"FOGRA{fogra[1]}"
    return next((known for pattern, known in _CONDITIONS if re.search(pattern, spoken)), "")


def _fault(data: bytes) -> str:
    """Why this is not the profile of a press, in words; empty if it is one. ICC.1:2010, 7.2."""
    if len(data) < 132 or data[36:40] != b"acsp":
        return "it is not an ICC profile"
    (size,) = struct.unpack(">I", data[:4])
    if size > len(data):
        return "it is cut short"
    kind, space, connection = data[12:16], data[16:20], data[20:24]
    if space != b"CMYK":
        return f"its colours are {space.decode('ascii', 'replace').strip()}, not CMYK"
    if kind != b"prtr":
        kinds = {b"mntr": "a screen", b"scnr": "a scanner or camera", b"link": "a way between two devices"}
        return f"it is the profile of {kinds.get(kind, 'something else')}, not of a press"
    if connection not in (b"Lab ", b"XYZ ") or data[8] not in (2, 4):
        return f"its version {data[8]} is not one that PDF knows"
    return ""


def _description(data: bytes) -> str:
    from PIL import ImageCms

    try:
        told = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(data)))
    except (ImageCms.PyCMSError, OSError) as error:
        raise ValueError(str(error)) from None
    name = re.sub(r"[^\x20-\x7e]", "", told.replace("\x00", " "))
    return " ".join(name.split())[:100] or "unnamed"


def _refused(path: Path, reason: str, hint: str) -> CertgenError:
    return CertgenError(
        Problem(
            code="press-profile",
            message=f"This is not a profile that can be printed with: {reason}.",
            hint=hint,
            file=str(path),
            exit_code=ExitCode.LAYOUT,
        )
    )
