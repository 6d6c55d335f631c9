"""A GIF that moves, written anew frame by frame: the pixels of each are decoded and encoded again as they are, in their own
place, time and palette (as whole pictures they would grow tenfold). Comments and everything else stay behind."""

import struct
from io import BytesIO
from typing import NamedTuple

from PIL import Image

HEAD = struct.Struct("<6sHHBBB")  # signature, width, height, flags, background, aspect
PLACE = struct.Struct("<HHHHB")  # left, top, width, height, flags
CONTROL = struct.Struct("<BHB")  # flags, hundredths of a second, transparent color
IMAGE, EXTENSION, END = 0x2C, 0x21, 0x3B
CONTROLS, APPLICATION = 0xF9, 0xFF
LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
HAS_PALETTE, PALETTE_SIZE, INTERLACED = 0x80, 0x07, 0x40
DISPOSAL_AND_CLEAR = 0x1D  # of the flags of a control


class Frame(NamedTuple):
    left: int
    top: int
    width: int
    height: int
    is_interlaced: bool
    palette: bytes  # its own; empty: the one of all
    control: bytes  # how long it stays, what comes after it, which color is clear
    pixels: bytes  # compressed


class Gif(NamedTuple):
    width: int
    height: int
    palette: bytes
    loops: int | None  # 0: for ever; None: not at all
    frames: list[Frame]


def parsed(data: bytes) -> Gif:
    """What a GIF is made of; raises IndexError or struct.error when it ends too early."""
    _, width, height, flags, _, _ = HEAD.unpack_from(data)
    palette = color_table(data, HEAD.size, flags)
    at, control, loops, frames = HEAD.size + len(palette), b"", None, []
    while at < len(data) and data[at] != END:
        if data[at] == IMAGE:
            frame, at = read_frame(data, at + 1, control)
            frames.append(frame)
            control = b""
        elif data[at] == EXTENSION:
            label = data[at + 1]
            parts, at = blocks(data, at + 2)
            if label == CONTROLS and len(parts) == 1:
                control = parts[0][: CONTROL.size]
            elif label == APPLICATION and len(parts) == 2 and parts[0] in LOOPS and len(parts[1]) == 3:
                loops = int.from_bytes(parts[1][1:], "little")
        else:
            at += 1  # some programs leave a byte between blocks
    return Gif(width, height, palette, loops, frames)


def read_frame(data: bytes, at: int, control: bytes) -> tuple[Frame, int]:
    left, top, width, height, flags = PLACE.unpack_from(data, at)
    palette = color_table(data, at + PLACE.size, flags)
    begin = at + PLACE.size + len(palette)
    _, end = blocks(data, begin + 1)
    return Frame(left, top, width, height, bool(flags & INTERLACED), palette, control, data[begin:end]), end


def color_table(data: bytes, at: int, flags: int) -> bytes:
    return data[at : at + 3 * 2 ** ((flags & PALETTE_SIZE) + 1)] if flags & HAS_PALETTE else b""


def blocks(data: bytes, at: int) -> tuple[list[bytes], int]:
    """The parts of a block, each with its length before it, and where the next block begins."""
    parts = []
    while size := data[at]:
        parts.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return parts, at + 1


def rewritten(gif: Gif) -> bytes:
    """The same picture, without anything that is not seen."""
    made = [HEAD.pack(b"GIF89a", gif.width, gif.height, table_flags(gif.palette), 0, 0), gif.palette]
    if gif.loops is not None:
        made += [bytes([EXTENSION, APPLICATION, 11]), LOOPS[0], b"\3\1", struct.pack("<H", gif.loops), b"\0"]
    for frame in gif.frames:
        if len(frame.control) == CONTROL.size:
            flags, delay, clear = CONTROL.unpack(frame.control)
            made += [bytes([EXTENSION, CONTROLS, 4]), CONTROL.pack(flags & DISPOSAL_AND_CLEAR, delay, clear), b"\0"]
        made += [bytes([IMAGE]), PLACE.pack(frame.left, frame.top, frame.width, frame.height, table_flags(frame.palette))]
        made += [frame.palette, recompressed(frame, gif.palette)]
    return b"".join([*made, bytes([END])])


def table_flags(palette: bytes) -> int:
    return HAS_PALETTE | ((len(palette) // 3).bit_length() - 2) if palette else 0


def recompressed(frame: Frame, palette: bytes) -> bytes:
    """The frame's pixels through the decoder and back: as a GIF of its own, of which only they are kept."""
    colors = frame.palette or palette or bytes(768)
    place = PLACE.pack(0, 0, frame.width, frame.height, INTERLACED if frame.is_interlaced else 0)
    head = HEAD.pack(b"GIF89a", frame.width, frame.height, table_flags(colors), 0, 0)
    alone = Image.open(BytesIO(b"".join([head, colors, bytes([IMAGE]), place, frame.pixels, bytes([END])])), formats=["GIF"])
    pixels = Image.frombytes("P", alone.size, alone.tobytes())
    pixels.putpalette(bytes(768))
    content = BytesIO()
    pixels.save(content, "GIF", optimize=False, interlace=0)
    [made] = parsed(content.getvalue()).frames
    return made.pixels
