"""How many bytes each of the widget's scripts may have, as a browser gets it (brotli 11)."""

from service.web.widget.files import Files

BUDGETS = {
    "w.js": 1600, "panel.js": 9000, "live.js": 800, "shot.js": 2500,  # promised
    "post.js": 4100, "write.js": 1700, "form.js": 3500, "files.js": 3500, "list.js": 2600, "news.js": 2200,
    "roadmap.js": 1500, "text.js": 1000, "keyed.js": 600,
}  # fmt: skip
CATALOGUE = 1200  # of one language's words, each of the parts


def budget(name: str) -> int:
    """Of a script by its file name; one that is not known is a catalogue, `panel.de.js`."""
    return CATALOGUE if name.count(".") == 2 else BUDGETS[name]


def sizes(files: Files) -> dict[str, int]:
    """Bytes of every script, by its file name."""
    return {"w.js": len(files.loader.br)} | {name: len(script.br) for name, script in files.chunks.items()}
