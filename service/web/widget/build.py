"""The widget, built in memory from the sources in `widget/`: no bundler, no Node.

A folder is a chunk, its file of the same name the entry. A chunk's files are joined into one scope, the imported before
the importing; what they import from another folder (`../panel/dom.js`) stays an import, of that chunk. `loader` is
the script on customers' pages, `words` holds a catalogue for each language. In a source, "%x.css%" stands for the text of
a stylesheet beside it, "%words%" for what the panel says in English, "%languages%" for the others there are, "%build%" for
the name of the whole build, "%needs%" for what each chunk imports. `words.close` is written by its number, so that no
catalogue has to repeat the names."""

import hashlib
import json
import re
from pathlib import Path

import rjsmin

IMPORT = re.compile(r'^import \{([^}]*)\} from "(?:\./|\.\./(\w+)/)(\w+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const) (\w+))", re.MULTILINE)
PLACE = re.compile(r'"%([\w./]+)%"')
WORD = re.compile(r"\bwords\.(\w+)")
ENGLISH = "en"
PARTS = ("panel", "form", "views")  # of a catalogue: what the widget says; the rest is said by our own pages
FIRST = PARTS[0]  # the panel brings it along in English


def build(folder: Path) -> tuple[str, dict[str, str], str]:
    """The loader, every chunk by its file name, and the name of the build."""
    chunks = {f"{name}.js": chunk(folder, name) for name in names(folder)} | catalogues(folder)
    name = hashlib.sha256(json.dumps(chunks, sort_keys=True).encode()).hexdigest()[:6]
    return chunk(folder, "loader").replace("%build%", name), chunks, name


def names(folder: Path) -> list[str]:
    """The chunks that have an entry, without the loader."""
    found = (each.name for each in folder.iterdir() if (each / f"{each.name}.js").exists())
    return sorted(name for name in found if name != "loader")


def catalogues(folder: Path) -> dict[str, str]:
    """A chunk for each language and part of what is said: the texts, and the number of the first. Those of the panel in
    English it brings itself."""
    made, english = {}, spoken(folder, ENGLISH)
    for language in languages(folder):
        begin, said = 0, spoken(folder, language)
        for part, words in english.items():
            texts = [said[part][key] for key in words]
            made[f"{part}.{language}.js"] = f"export const begin={begin};export const texts={compact(texts)};"
            begin += len(words)
    del made[f"{FIRST}.{ENGLISH}.js"]
    return made


def languages(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "words").glob("*.json"))


def spoken(folder: Path, language: str) -> dict[str, dict]:
    """A catalogue: the widget's parts of it, each a text (or its plural forms) by name."""
    said = json.loads((folder / "words" / f"{language}.json").read_text())
    return {part: said[part] for part in PARTS}


def numbered(folder: Path) -> dict[str, int]:
    """The number of each word, through all parts."""
    return {key: number for number, key in enumerate(key for words in spoken(folder, ENGLISH).values() for key in words)}


def chunk(folder: Path, name: str) -> str:
    """One chunk, joined and minified."""
    home, entry = folder / name, f"{name}.js"
    asked = asked_of(folder, name)
    sources = {file: (home / file).read_text() for file in files(home, asked)}
    kept = set(EXPORT.findall(sources[entry])).union(*asked.values())
    code = "".join(EXPORT.sub(lambda found: found[0] if found[1] in kept else "", each) for each in sources.values())
    head = "".join(f'import {{ {", ".join(sorted(listed))} }} from "./{other}.js";\n'
                   for other, listed in sorted(borrowed(code).items()))  # fmt: skip
    numbers = numbered(folder)
    code = head + IMPORT.sub("", code)
    code = WORD.sub(lambda word: f"words[{numbers[word[1]]}]", code)
    return PLACE.sub(lambda place: stand_in(folder, home, place), rjsmin.jsmin(code))


def files(home: Path, asked: set[str]) -> list[str]:
    """The files of a chunk: what others ask of it, what that and its entry need, the entry last."""
    order: list[str] = []
    for file in [*sorted(asked), f"{home.name}.js"]:
        in_order(home, file, order)
    return order


def in_order(home: Path, name: str, known: list[str]) -> list[str]:
    """Adds to `known` the files of its own folder that a module needs, then the module itself, each once."""
    if name in known:
        return known
    for _, place, other in IMPORT.findall((home / name).read_text()):
        if not place:
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


def asked_of(folder: Path, name: str) -> dict[str, set[str]]:
    """What other chunks import from this one, by file."""
    found: dict[str, set[str]] = {}
    for path in folder.glob("*/*.js"):
        for listed, other, file in IMPORT.findall(path.read_text()):
            if other == name and path.parent.name != name:
                found.setdefault(file, set()).update(each.strip() for each in listed.split(","))
    return found


def neighbours(folder: Path, name: str) -> list[str]:
    """The chunks besides the panel that this one imports, and those that they import."""
    found = {other for path in (folder / name).glob("*.js") for other in borrowed(path.read_text())} - {FIRST}
    return sorted(found.union(*(neighbours(folder, other) for other in found)))


def stand_in(folder: Path, home: Path, place: re.Match) -> str:
    if place[1].endswith(".css"):
        return json.dumps(minify_css((home / place[1]).read_text()), ensure_ascii=False)
    if place[1] == "languages":
        return compact([language for language in languages(folder) if language != ENGLISH])
    if place[1] == "needs":
        return compact({name: needed for name in names(folder) if (needed := neighbours(folder, name))})
    if place[1] == "words":
        return compact(list(spoken(folder, ENGLISH)[FIRST].values()))
    return place[0]


def compact(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def minify_css(text: str) -> str:
    """Leaves out comments and the white space that means nothing."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r" ?([{};,>!]) ?|(:) ", r"\1\2", text).replace(";}", "}").strip()
