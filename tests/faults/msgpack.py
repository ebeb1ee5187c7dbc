"""Reads MessagePack, as much of it as traces are made of: https://github.com/msgpack/msgpack/blob/master/spec.md"""

import struct

_FIXED = {
    0xC0: None,
    0xC2: False,
    0xC3: True,
}
_NUMBERS = {
    0xCA: ">f",
    0xCB: ">d",
    0xCC: ">B",
    0xCD: ">H",
    0xCE: ">I",
    0xCF: ">Q",
    0xD0: ">b",
    0xD1: ">h",
    0xD2: ">i",
    0xD3: ">q",
}
# The format of the length, and what has it.
_SIZED = {
    0xC4: (">B", "bytes"),
    0xC5: (">H", "bytes"),
    0xC6: (">I", "bytes"),
    0xD9: (">B", "text"),
    0xDA: (">H", "text"),
    0xDB: (">I", "text"),
    0xDC: (">H", "array"),
    0xDD: (">I", "array"),
    0xDE: (">H", "map"),
    0xDF: (">I", "map"),
}


def decode(data):
    """The one value that `data` consists of."""
    reader = _Reader(data)
    value = reader.value()
    if reader.at != len(data):
        raise ValueError(f"{len(data) - reader.at} bytes follow the value")
    return value


class _Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def value(self):
        head = self.number(">B")
        if head <= 0x7F:
            return head
        if head <= 0x8F:
            return self.sized("map", head & 0x0F)
        if head <= 0x9F:
            return self.sized("array", head & 0x0F)
        if head <= 0xBF:
            return self.sized("text", head & 0x1F)
        if head >= 0xE0:
            return head - 0x100
        if head in _FIXED:
            return _FIXED[head]
        if head in _NUMBERS:
            return self.number(_NUMBERS[head])
        if head in _SIZED:
            length, kind = _SIZED[head]
            return self.sized(kind, self.number(length))
        raise ValueError(f"byte {head:#x} at {self.at - 1} begins no value that traces have")

    def number(self, form):
        (number,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return number

    def sized(self, kind, length):
        if kind == "array":
            return [self.value() for _ in range(length)]
        if kind == "map":
            return {self.value(): self.value() for _ in range(length)}
        data = bytes(self.data[self.at : self.at + length])
        if len(data) != length:
            raise ValueError(f"{length} bytes announced at {self.at}, {len(data)} are left")
        self.at += length
        return data if kind == "bytes" else data.decode()
