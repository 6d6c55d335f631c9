"""What a real spreadsheet makes of an export: LibreOffice opens every table, and no cell of it is a formula."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest
from cast import DAN
from exported import furnish, made

from service import db
from service.feedback.export_tables import TABLES

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
SIGNS = ("=", "+", "-", "@", "\t=", "\r=", " =", "\u00a0=", "＝", "－", "＋", "＠", '"=', "'=", '",=', ";=", "\n=", "\r\n=",
         "=\t")  # fmt: skip
AS_IT_COMES = "CSV:44,34,76,1,,0,false,true,false,true"  # commas, quotes, UTF-8; numbers and formulas as it finds them
FORMULAS = ("1+1", 'HYPERLINK("http://127.0.0.1:9/","x")', "cmd|' /C calc'!A0", 'WEBSERVICE("http://127.0.0.1:9/")')
HOSTILE = [sign + formula for sign in SIGNS for formula in FORMULAS]
SECONDS = 120

office = shutil.which("soffice")
assert office, "These tests need LibreOffice Calc; install it, e.g.: sudo apt-get install libreoffice-calc-nogui"


@pytest.fixture
def sheets(acme, tmp_path):
    """Every table of an export with hostile words everywhere, as LibreOffice reads it: name → rows of cells."""
    furnish(acme)
    for number, text in enumerate(HOSTILE):
        acme.post("Title", text, by={**DAN, "sub": f"u-{number}", "name": "x"})
    db.changed("UPDATE post SET title = left(body, 200) WHERE number > 4")
    for place, text in enumerate(HOSTILE[:40]):
        db.changed('UPDATE "user" SET name = %(text)s WHERE external_id = %(id)s', text=text, id=f"u-{place}")
    file = made(acme)
    for table in TABLES:
        (tmp_path / f"{table.name}.csv").write_bytes(file.read(f"{table.name}.csv"))
    convert(tmp_path)
    return {table.name: rows(tmp_path / "out" / f"{table.name}.fods") for table in TABLES}, file


def convert(folder) -> None:
    command = [office, f"-env:UserInstallation=file://{folder}/profile", "--headless", f"--infilter={AS_IT_COMES}",
               "--convert-to", "fods", "--outdir", folder / "out", *sorted(folder.glob("*.csv"))]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr


def rows(path) -> list[list[dict]]:
    """The cells of a sheet: what kind each is, its formula, and its text."""
    found = []
    for row in ElementTree.parse(path).getroot().iter(f"{{{TABLE}}}table-row"):
        found.append([{
            "kind": cell.get(f"{{{OFFICE}}}value-type"), "formula": cell.get(f"{{{TABLE}}}formula"),
            "text": "\n".join("".join(words(line)) for line in cell.iter(f"{{{TEXT}}}p")),
        } for cell in row])  # fmt: skip
    return found


def words(line):
    """The text of a paragraph, where runs of spaces and tabs are elements."""
    yield line.text or ""
    for part in line:
        if part.tag == f"{{{TEXT}}}s":
            yield " " * int(part.get(f"{{{TEXT}}}c", "1"))
        elif part.tag == f"{{{TEXT}}}tab":
            yield "\t"
        else:
            yield from words(part)
        yield part.tail or ""


def test_libreoffice_computes_no_cell_of_any_table(sheets):
    sheets, file = sheets
    for name, found in sheets.items():
        assert len(found) >= file.manifest["tables"][name]["rows"] + 1, name
        formulas = [cell for row in found for cell in row if cell["formula"]]
        assert formulas == [], name


def test_every_hostile_text_is_a_text_with_all_its_words(sheets):
    sheets, _ = sheets
    shown = [cell for row in sheets["posts"] for cell in row if cell["kind"] == "string"]
    texts = {plain(cell["text"]) for cell in shown}
    for text in HOSTILE:
        assert plain(text) in texts or plain("'" + text) in texts, text


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def test_a_table_that_is_not_guarded_would_be_computed(tmp_path):
    """What the tests above look at does see formulas."""
    (tmp_path / "bare.csv").write_text("a\r\n=1+1\r\n")
    convert(tmp_path)
    cells = [cell for row in rows(tmp_path / "out" / "bare.fods") for cell in row]
    assert [cell["formula"] for cell in cells if cell["formula"]] == ["of:=1+1"]
