"""What a browser calls itself, in words for whoever looks for it in a list. Nothing is decided by it: anyone may claim
anything."""

# What stands in a name; the first that fits is it. Most browsers also give themselves the names of those after them.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Opera", "Opera"), ("Vivaldi", "Vivaldi"), ("SamsungBrowser", "Samsung Internet"),
    ("DuckDuckGo", "DuckDuckGo"), ("YaBrowser", "Yandex"), ("FxiOS", "Firefox"), ("Firefox", "Firefox"),
    ("CriOS", "Chrome"), ("Chromium", "Chromium"), ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Macintosh", "a Mac"), ("Mac OS", "a Mac"), ("Linux", "Linux"),
)  # fmt: skip


def said(agent: str) -> str:
    """Like “Firefox on Windows”."""
    browser, system = (next((name for mark, name in marks if mark in agent), "") for marks in (BROWSERS, SYSTEMS))
    if not system:
        return browser or "A browser"
    return f"{browser or 'A browser'} on {system}"
