"""Which rows must be decided together: those that share a ceiling, a threshold or a first award, directly or by others.

A key is a number made of the values of a group, the same in every process. Two groups that get one key by chance are
decided together, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from service.batch.joining import shared_keys
from service.batch.slips import documents_of
from service.batch.table import TableReader
from service.lines import Column, Lines
from service.policies.model import Provision

Keys: TypeAlias = NDArray[np.uint64]
Per: TypeAlias = tuple[str, ...]

#: The key of a row that no other shares a group with.
ALONE: Final = 0
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)


def groupings(provisions: Sequence[Provision]) -> tuple[Per, ...]:
    """List by what fields rows are grouped, only the widest: who agrees in more fields agrees in fewer.

    Where only the total is rounded all rows are one group, by no field at all. Rows that name the same document (a
    receipt, a contract) are brought together as well: the second is warned of.
    """
    found: dict[Per, None] = {}
    for provision in provisions:
        if provision.rounding_stage == "total":
            return ((),)
        found |= {tuple(sorted(per)): None for per in shared_keys(provision.measure)}
        found |= {(name,): None for name in documents_of(provision)}
    return tuple(per for per in found if not any(set(other) < set(per) for other in found))


def keys_of(lines: Lines, per: Per, reader: TableReader, provision: Provision) -> Keys:
    """Make the key of each line's group from the values that its cells were read as, never from how they are written.

    Lines that lack a field agree in lacking it, but for a document and for a field that makes each such line a group
    of its own.
    """
    fields, documents = provision.fields, documents_of(provision)
    keys = np.full(lines.count, 1, dtype=np.uint64)
    alone = np.zeros(lines.count, dtype=np.bool_)
    for name in per:
        entry = fields[name.removesuffix(".year")]
        is_document = per == (name,) and name in documents
        if not lines.has(entry.id):
            alone |= is_document
            continue
        values = lines.column(name)
        if entry.absent == "own_line" or is_document:
            alone |= values <= 0
        if entry.type in {"text", "credit_code"}:
            keys = mixed(keys, _of_texts(name, values, reader))
        else:
            keys = mixed(keys, np.where(values == 0, np.uint64(0), values.astype(np.uint64)))
    keys = np.where(keys == ALONE, np.uint64(1), keys)
    return np.where(alone, np.uint64(ALONE), keys)


def mixed(keys: Keys, values: Keys) -> Keys:
    """Take one more value into keys; 0, which stands for none, changes nothing."""
    added = (keys + values) * _MULTIPLIER
    added ^= added >> _SHIFT
    added *= _MULTIPLIER
    return np.where(values == 0, keys, added ^ (added >> _SHIFT))


def _of_texts(name: str, numbers: Column, reader: TableReader) -> Keys:
    """Take the hashes of texts, 0 where there is none."""
    found: Keys = np.where(numbers > 0, reader.hashes(name, np.maximum(numbers, 0)), np.uint64(0))
    return found


@dataclass(frozen=True, slots=True)
class Connected:
    """Groups of several groupings that rows connect: for each grouping its keys in order, and a key for all of them."""

    keys: tuple[Keys, ...]
    joint: tuple[Keys, ...]

    def key_of(self, rows: Sequence[Keys]) -> Keys:
        """Return the joint key of rows, given their keys by grouping."""
        found = np.full(len(rows[0]), ALONE, dtype=np.uint64)
        for keys, known, joint in zip(rows, self.keys, self.joint, strict=True):
            shared = keys != ALONE
            found[shared] = joint[np.searchsorted(known, keys[shared])]
        return found


def connected(rows: NDArray[np.uint64]) -> Connected:
    """Find what is connected: `rows` has a column for each grouping. Each group takes the least name it meets."""
    keys = [np.unique(column[column != ALONE]) for column in rows.T]
    starts = np.cumsum([0, *(len(known) for known in keys)])
    names = np.arange(starts[-1])
    members = [
        (np.flatnonzero(column != ALONE), start + np.searchsorted(known, column[column != ALONE]))
        for column, known, start in zip(rows.T, keys, starts, strict=False)
    ]
    while True:
        least = np.full(len(rows), len(names))
        for places, groups in members:
            least[places] = np.minimum(least[places], names[groups])
        lower = names.copy()
        for places, groups in members:
            np.minimum.at(lower, groups, least[places])
        lower = lower[lower]
        if np.array_equal(lower, names):
            break
        names = lower
    joint = [
        (names[start : start + len(known)] + 1).astype(np.uint64) for start, known in zip(starts, keys, strict=False)
    ]
    return Connected(tuple(keys), tuple(joint))
