"""The widget, built in memory from the sources in `widget/`: no bundler, no Node.

A folder is a chunk, its file of the same name the entry. A chunk's files are joined into one scope, the imported before
the importing; what they import from another folder (`../panel/dom.js`) stays an import, of that chunk. `loader` is
the script on customers' pages, `words` holds a catalogue for each language. In a source, "%x.css%" stands for the text of
a stylesheet beside it, "%words/en%" for the English catalogue, "%languages%" for the others there are, "%build%" for the
name of the whole build."""

import hashlib
import json
import re
from pathlib import Path

import rjsmin

IMPORT = re.compile(r'^import \{([^}]*)\} from "(?:\./|\.\./(\w+)/)(\w+\.js)";\n', re.MULTILINE)
LAZY = re.compile(r'import\("\.\./(\w+)/\1\.js"\)')
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const) (\w+))", re.MULTILINE)
PLACE = re.compile(r'"%([\w./]+)%"')
PARTS = ("panel", "more")  # of a catalogue: what the panel says at once, and what all other chunks say


def build(folder: Path) -> tuple[str, dict[str, str], str]:
    """The loader, every chunk by its file name, and the name of the build."""
    chunks = {f"{name}.js": chunk(folder, name) for name in names(folder)} | catalogues(folder)
    name = hashlib.sha256(json.dumps(chunks, sort_keys=True).encode()).hexdigest()[:8]
    return chunk(folder, "loader").replace("%build%", name), chunks, name


def names(folder: Path) -> list[str]:
    """The chunks that have an entry, without the loader."""
    found = (each.name for each in folder.iterdir() if (each / f"{each.name}.js").exists())
    return sorted(name for name in found if name != "loader")


def catalogues(folder: Path) -> dict[str, str]:
    """A chunk for each language and part; the panel brings its own English words."""
    known = {path.stem: json.loads(path.read_text()) for path in sorted((folder / "words").glob("*.json"))}
    said = {f"{part}.{language}.js": f"export default {compact(words[part])};"
            for language, words in known.items() for part in PARTS}  # fmt: skip
    return {name: text for name, text in said.items() if name != "panel.en.js"}


def chunk(folder: Path, name: str) -> str:
    """One chunk, joined and minified."""
    home, entry = folder / name, f"{name}.js"
    sources = {file: (home / file).read_text() for file in in_order(home, entry, [])}
    kept = set(EXPORT.findall(sources[entry])) | asked_of(folder, name)
    code = "".join(EXPORT.sub(lambda found: found[0] if found[1] in kept else "", each) for each in sources.values())
    head = "".join(f'import {{ {", ".join(sorted(listed))} }} from "./{other}.js";\n'
                   for other, listed in sorted(borrowed(code).items()))  # fmt: skip
    code = head + LAZY.sub(r'import("./\1.js")', IMPORT.sub("", code))
    return PLACE.sub(lambda place: stand_in(folder, home, place), rjsmin.jsmin(code))


def in_order(home: Path, name: str, known: list[str]) -> list[str]:
    """Adds to `known` the files of its own folder that a module needs, then the module itself."""
    for _, place, other in IMPORT.findall((home / name).read_text()):
        if not place and other not in known:
            in_order(home, other, known)
    known.append(name)
    return known


def borrowed(code: str) -> dict[str, set[str]]:
    """The names that this source imports from other chunks, by chunk."""
    found: dict[str, set[str]] = {}
    for listed, other, _ in IMPORT.findall(code):
        if other:
            found.setdefault(other, set()).update(name.strip() for name in listed.split(","))
    return found


def asked_of(folder: Path, name: str) -> set[str]:
    """What the other chunks import from this one's files."""
    others = (path for path in folder.glob("*/*.js") if path.parent.name != name)
    return set().union(*(borrowed(path.read_text()).get(name, set()) for path in others))


def stand_in(folder: Path, home: Path, place: re.Match) -> str:
    if place[1].endswith(".css"):
        return json.dumps(minify_css((home / place[1]).read_text()), ensure_ascii=False)
    if place[1] == "languages":
        return compact(sorted(path.stem for path in (folder / "words").glob("*.json") if path.stem != "en"))
    if place[1].startswith("words/"):
        return compact(json.loads((folder / f"{place[1]}.json").read_text())["panel"])
    return place[0]


def compact(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def minify_css(text: str) -> str:
    """Leaves out comments and the white space that means nothing."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r" ?([{};,>!]) ?|(:) ", r"\1\2", text).replace(";}", "}").strip()
