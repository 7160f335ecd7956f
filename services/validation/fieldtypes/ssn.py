"""Social Security numbers: what is read is the mask, whether the edge has masked before or not."""

from __future__ import annotations

from services.validation.fieldtypes.fieldtype import Reader
from services.validation.fieldtypes.plain import NOTHING, Read, plain_reader, wrong
from shared.sensitive.ssn import fault_of, kind_of, mask_ssn

_RULE = "ssn.possible"
#: A mask over nothing: XXX-XX-XXXX, ___-__-____.
_MASKS = frozenset("x*#_- .•")


def read_ssn(text: str) -> Read:
    """One number, canonical `***-**-6789`. Parts: `kind` (`ssn`, or `itin` for a taxpayer number), `last_four`."""
    if set(text.casefold()) <= _MASKS:
        return NOTHING
    masked = mask_ssn(text)
    kind = kind_of(masked)
    if kind is None:
        return wrong(fault_of(masked))
    return Read(masked, {"kind": kind, "last_four": masked[-4:]}, observed=kind)


def ssn_reader(field: str) -> Reader:
    """A reader of Social Security numbers."""
    return plain_reader(field, _RULE, "a Social Security number", read_ssn, personal=True)
