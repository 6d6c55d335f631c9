"""Rows into PostgreSQL by COPY, a million at a time: as text where words are in them, else in its binary form."""

import io

import numpy

HEADER, TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
EPOCH = 946_684_800_000_000  # 2000-01-01, from which PostgreSQL counts microseconds
ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})


def binary(cursor, table: str, **columns: tuple[str, object]) -> None:
    """Append rows of columns of a fixed length: name=(type as numpy names it, values); one value stands for all."""
    fields = [("count", ">i2")]
    for name, (kind, _) in columns.items():
        fields += [(f"{name}_length", ">i4"), (name, kind)]
    rows = numpy.zeros(max(numpy.size(values) for kind, values in columns.values() if "V" not in kind), fields)
    rows["count"] = len(columns)
    for name, (_, values) in columns.items():
        rows[f"{name}_length"], rows[name] = rows.dtype[name].itemsize, values
    sent = io.BytesIO(HEADER + rows.tobytes() + TRAILER)
    cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)", sent)


def halves(vectors: numpy.ndarray) -> numpy.ndarray:
    """Vectors as pgvector receives a halfvec: how many numbers, two bytes of nothing, the numbers."""
    count, dimensions = vectors.shape
    rows = numpy.zeros(count, [("dimensions", ">i2"), ("unused", ">i2"), ("numbers", ">f2", (dimensions,))])
    rows["dimensions"], rows["numbers"] = dimensions, vectors
    return rows.view(f"V{rows.dtype.itemsize}")


def text(cursor, table: str, columns: str, lines) -> None:
    """Append rows from tuples of strings; None is NULL."""
    sent = io.StringIO("".join("\t".join("\\N" if each is None else each for each in line) + "\n" for line in lines))
    cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", sent)


def moments(microseconds: numpy.ndarray) -> list[str]:
    """Moments (since 1970) as PostgreSQL reads them."""
    return numpy.char.add(numpy.datetime_as_string(microseconds.astype("M8[us]")), "Z").tolist()
