"""The PDF itself signed, for readers that ask for it: PAdES baseline B-B, with a time stamp B-T (ETSI EN 319 142-1).

The signature is invisible: what people see and what certgen's own proofs say does not change, and the file stays PDF/A
and PDF/UA. It is an update at the end of the file, so it comes last. pyHanko does it; ``pip install certgen[pades]``.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.guarded import why

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_LARGEST_FILE = 1_000_000  # bytes of a PKCS #12 file; a key and its chain take 5,000
_LARGEST_ANSWER = 200_000  # bytes of a time stamp
_SECONDS = 20.0  # for the time stamp server to answer
_FIELD = "Signature"
_RESERVED = 2048  # bytes beyond what a signature and its certificates take

Stamp = Callable[[bytes], bytes]
"""A time stamp server: a request of RFC 3161 in, its answer out. Raises OSError."""


class Signer:
    """Signs files with the key of a PKCS #12 file. Pickles, so that it can go to a batch's own processes.

    The same file at the same time gives the same bytes with an RSA key of PKCS #1 v1.5 and no time stamp.
    """

    def __init__(self, data: bytes, passphrase: bytes | None, timestamp_url: str | None = None) -> None:
        """Raises ValueError for what is no PKCS #12 file with a key, or another passphrase; ImportError without
        pyHanko."""
        self._data, self._passphrase, self.timestamp_url = data, passphrase, timestamp_url
        self._size: int | None = None
        self._ready()

    def __reduce__(self) -> tuple[type[Signer], tuple[bytes, bytes | None, str | None]]:
        return Signer, (self._data, self._passphrase, self.timestamp_url)

    def __repr__(self) -> str:
        return f"Signer({self.name})"

    @classmethod
    def load(
        cls, path: Path, passphrase: bytes | None, problems: list[Problem], timestamp_url: str | None = None
    ) -> Signer | None:
        """The signer of a .p12 or .pfx file; None with a Problem: no pyHanko, not there, another passphrase, no key
        in it, a certificate that is not valid now or not for signing."""
        try:
            with path.open("rb") as file:
                data = file.read(_LARGEST_FILE + 1)
        except OSError as error:
            problems.append(_trouble(path, f"{path.name} cannot be read ({why(error)}).", "Check its name and folder."))
            return None
        try:
            if len(data) > _LARGEST_FILE:
                raise ValueError
            signer = cls(data, passphrase, timestamp_url)
        except ImportError:
            hint = "Run: pip install certgen[pades]"
            problems.append(_trouble(path, "To sign the PDFs themselves certgen needs pyHanko.", hint, ExitCode.USAGE))
            return None
        except ValueError:
            given = "the passphrase is wrong, or " if passphrase else "it needs its passphrase, or "
            message = f"{path.name} cannot be opened: {given}it is no PKCS #12 file with a key and its certificate."
            hint = "Try the passphrase again. The file’s name usually ends in .p12 or .pfx."
            problems.append(_trouble(path, message, hint))
            return None
        wrong = signer._unfit(datetime.now(UTC))
        if wrong:
            hint = "Ask whoever issued it for one that is meant to sign documents."
            problems.append(_trouble(path, f"The certificate in {path.name} {wrong}", hint))
            return None
        return signer

    @property
    def name(self) -> str:
        """Whose certificate it is, as it says itself."""
        return str(self._certificate.subject.rfc4514_string())

    def sign(self, pdf: bytes, at: datetime | None = None) -> bytes:
        """The file with a signature at its end. ``at`` is the time that it claims, else now.

        Raises :class:`CertgenError` when the time stamp server fails, or for a file that cannot be signed.
        """
        import asyncio

        from pyhanko.pdf_utils.misc import PdfError
        from pyhanko.sign.general import SigningError
        from pyhanko.sign.timestamps import TimestampRequestError

        try:
            return asyncio.run(self._signed(pdf, (at or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)))
        except (TimestampRequestError, OSError) as error:
            message = f"The time stamp server {self.timestamp_url} did not stamp the signature ({why(error)})."
            raise CertgenError(_trouble(None, message, "Try again later, or sign without a time stamp.")) from None
        except (PdfError, SigningError) as error:
            message = f"The PDF could not be signed ({error})."
            raise CertgenError(_trouble(None, message, "Sign a certificate as certgen made it.")) from None

    async def _signed(self, pdf: bytes, at: datetime) -> bytes:
        from pyhanko.sign import fields, signers

        writer = self._writer(pdf)
        invisible = fields.InvisSigSettings(set_print_flag=True, set_hidden_flag=False, box_out_of_bounds=True)
        place = fields.SigFieldSpec(_FIELD, on_page=-1, invis_sig_settings=invisible, readable_field_name="Signature")
        meta = signers.PdfSignatureMetadata(
            field_name=_FIELD, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
        )
        session = signers.PdfSigner(
            meta, signer=self._signer, timestamper=self._stamper, new_field_spec=place
        ).init_signing_session(writer)
        session.system_time = at
        if self._size is None:
            self._size = await session.estimate_signature_container_size(None, tight=False) + _RESERVED
        document = session.prepare_tbs_document(validation_info=None, bytes_reserved=self._size)
        digest, _ = document.digest_tbs_document(output=(output := io.BytesIO()))
        attributes = signers.pdf_cms.PdfCMSSignedAttributes(cades_signed_attrs=None)
        await document.perform_signature(digest.document_digest, attributes)
        return output.getvalue()

    def _ready(self) -> None:
        from cryptography.hazmat.primitives.serialization import pkcs12
        from pyhanko.sign import signers

        key, certificate, _ = pkcs12.load_key_and_certificates(self._data, self._passphrase)
        if key is None or certificate is None:
            raise ValueError("no key with its certificate")
        self._certificate: Certificate = certificate
        self._signer = signers.SimpleSigner.load_pkcs12_data(self._data, [], self._passphrase)
        self._stamper = _stamper(self.timestamp_url) if self.timestamp_url else None

    def _unfit(self, now: datetime) -> str:
        """Why a certificate cannot sign documents, to end a sentence; empty for one that can."""
        from cryptography import x509

        if now > self._certificate.not_valid_after_utc:
            return f"was valid until {self._certificate.not_valid_after_utc:%Y-%m-%d} only."
        if now < self._certificate.not_valid_before_utc:
            return f"is valid from {self._certificate.not_valid_before_utc:%Y-%m-%d} only."
        try:
            usage = self._certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        except x509.ExtensionNotFound:
            return ""
        return "" if usage.digital_signature or usage.content_commitment else "is not meant for signing."

    @staticmethod
    def _writer(pdf: bytes) -> Any:
        from pyhanko.pdf_utils import generic
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

        class Update(IncrementalPdfFileWriter):
            """An update whose bytes follow from the file's, and that leaves title, dates and producer as they are."""

            @classmethod
            def _handle_id(cls, prev: Any) -> Any:
                first = prev.trailer["/ID"][0].original_bytes
                second = sha256(b"certgen-pades\0" + pdf).digest()[:16]
                return generic.ArrayObject([generic.ByteStringObject(first), generic.ByteStringObject(second)])

            def _update_meta(self) -> None:
                pass

        return Update(io.BytesIO(pdf))


def _stamper(url: str) -> Any:
    """pyHanko's time stamper over the standard library (RFC 3161, 3.4)."""
    from asn1crypto import tsp  # type: ignore[import-untyped,unused-ignore]
    from pyhanko.sign.timestamps import TimeStamper

    class Stamper(TimeStamper):
        async def async_request_tsa_response(self, req: Any) -> Any:
            answer = _asked(url, req.dump())
            try:
                response = tsp.TimeStampResp.load(answer, strict=True)
                response.native  # noqa: B018 (all of it is parsed only now)
            except (ValueError, TypeError, KeyError):
                raise OSError("its answer is no time stamp") from None
            return response

    return cast(Callable[[], Any], Stamper)()


def _asked(url: str, request: bytes) -> bytes:
    import http.client
    import urllib.request

    if not url.startswith(("https://", "http://")):
        raise OSError("it is no address of a server")
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, request, headers), timeout=_SECONDS) as answer:
            data: bytes = answer.read(_LARGEST_ANSWER + 1)
    except http.client.HTTPException as error:
        raise OSError(type(error).__name__) from None
    if len(data) > _LARGEST_ANSWER:
        raise OSError("its answer is too large")
    return data


def _trouble(path: Path | None, message: str, hint: str, exit_code: ExitCode = ExitCode.USAGE) -> Problem:
    return Problem(code="sign-pdf", message=message, hint=hint, file=str(path) if path else None, exit_code=exit_code)
