"""What users write is shown as Markdown and can never do anything: numbers in names are the attack cases."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.lib.markdown import (
    ATTRIBUTES,
    DEEPEST,
    MOST_NODES,
    REL,
    TAGS,
    VOID,
    Shown,
    pictures,
    render,
    tree,
    without_files,
)

ALLOWED = {("a", "href"), ("a", "title"), ("a", "rel"), ("ol", "start")}
HOSTILE = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<p style='position:fixed;inset:0'>x</p>",
    "<!--><img src=x onerror=alert(1)-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](<java\tscript:alert(1)>)",
    "[x](java&Tab;script:alert(1))",
    "[x](java&NewLine;script:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;&#x61;vascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](\u200bjavascript:alert(1))",
    "[x](javascript%3Aalert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "[x](file:///etc/passwd)",
    "[x](blob:https://example.com/1)",
    "[x](//evil.example)",
    "[x](/app/sign-out)",
    "[x](\\\\evil.example)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "[x][1]\n\n[1]: https://example.com \"'><img src=x onerror=alert(1)>\"",
    "[x](https://example.com \"onmouseover=alert(1) x='\")",
    "[x](https://example.com/\"onmouseover=\"alert(1))",
    "[a](b](javascript:alert(1))",
    "[[x](https://example.com)](javascript:alert(1))",
    "[x](javascript:alert(1)//[y](https://example.com))",
    "![x](javascript:alert(1))",
    "![x](https://example.com/x.png\"onerror=\"alert(1))",
    "![\"onerror=\"alert(1)](https://example.com/x.png)",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "<https://example.com/\"onmouseover=\"alert(1)>",
    "`</code><script>alert(1)</script>`",
    "```\"onload=\"alert(1)\n</code></pre><script>alert(1)</script>\n```",
    "``` <img src=x onerror=alert(1)>\nx\n```",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "| <img src=x onerror=alert(1)> |\n|---|\n| [x](javascript:alert(1)) |",
    "# <script>alert(1)</script>\n\n> <img src=x onerror=alert(1)>\n\n1. [x](vbscript:x)",
    "\x00<script>alert(1)</script>",
    "\ufeff<script\x0c>alert(1)</script\x0b>",
]  # fmt: skip


class Reader(HTMLParser):
    """What a browser would find: every tag with its attributes."""

    def __init__(self, html: str):
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_comment(self, data):
        self.found.append(("comment", {}))

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_harmless(html: str) -> None:
    for tag, attributes in Reader(html).found:
        assert tag in TAGS
        assert {(tag, name) for name in attributes} <= ALLOWED
        if tag == "a":
            assert re.match(r"(https?|mailto):", attributes["href"], re.IGNORECASE)
            assert attributes["rel"] == REL


@pytest.mark.parametrize("text", HOSTILE)
def test_26_hostile_markdown_is_harmless(text):
    assert_harmless(render(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_26_hostile_markdown_inside_other_markdown_is_harmless(text):
    for around in ("> {}", "* {}", "**{}**", "~~{}~~", "[{}](https://example.com)", "a | b\n-|-\n{} | x"):
        assert_harmless(render(around.format(text)))


@given(st.text(alphabet=st.sampled_from(list("[]()<>!`*_~#|-\\\"'&;:/ \n\tjavscript.x1=")), max_size=200))
def test_26_no_combination_of_signs_is_harmful(text):
    assert_harmless(render(text))


@pytest.mark.parametrize(
    "scheme", ["http://example.com", "https://example.com/a?b=1&c=2", "mailto:maya@example.com", "HTTPS://EXAMPLE.COM"]
)
def test_27_links_to_the_web_and_to_mail_work_and_vouch_for_nothing(scheme):
    [(_, paragraph), (tag, link)] = Reader(render(f"[here]({scheme})")).found
    assert (paragraph, tag, link["href"]) == ({}, "a", scheme)
    assert set(link["rel"].split()) == {"nofollow", "ugc", "noopener", "noreferrer"}


def test_27_a_refused_link_stays_readable():
    assert render("[x](javascript:alert(1))") == "<p>[x](javascript:alert(1))</p>\n"


@pytest.mark.parametrize("sign", ["[", "![", "> ", "*a_", "`", "<", "- ", "[a](<", "|", "\\", "&#", "**", "~~"])
def test_26_the_longest_body_of_one_sign_is_read_quickly(sign):
    started = time.perf_counter()
    render(sign * (10_000 // len(sign)))
    assert time.perf_counter() - started < 2


def test_usual_markdown_is_shown():
    html = render("# Big\n\none\ntwo **b** *i* ~~s~~ `c`\n\n3. x\n\n> q")
    for part in (
        "<h3>Big</h3>",
        "one<br>",
        "<strong>b</strong>",
        "<em>i</em>",
        "<s>s</s>",
        "<code>c</code>",
        '<ol start="3">',
        "<blockquote>",
    ):
        assert part in html


def test_headings_never_stand_above_the_pages_own():
    assert render("# 1\n\n###### 6") == "<h3>1</h3>\n<h6>6</h6>\n"


def test_pictures_become_links_because_loading_them_would_tell_who_reads():
    assert "<img" not in render("![x](https://example.com/x.png)")
    assert 'href="https://example.com/x.png"' in render("![x](https://example.com/x.png)")


def own(id: int) -> Shown | None:
    """A picture of ours; there is one."""
    return Shown("/files/token") if id == 5 else None


@pytest.mark.parametrize("text", [*HOSTILE, "![](file:5) ![x](file:6)", '![x](file:5 "onerror=alert(1)")', "![x](FILE:5)"])
def test_with_pictures_allowed_only_our_own_are_shown_and_the_rest_is_as_harmless(text):
    for around in ("{}", "> {}", "[{}](https://example.com)"):
        html = render(around.format(text), own)
        shown = re.findall(r"<img[^>]*>", html)
        assert all(re.fullmatch(r'<img src="/files/token" alt="[^"<>]*" loading="lazy">', tag) for tag in shown), html
        assert_harmless(re.sub(r"<img[^>]*>", "", html))


def test_a_picture_that_is_not_shown_leaves_its_name():
    assert render("![A *shot*](file:6) and ![there](https://example.com/x.png)", own) == "<p>A *shot* and there</p>\n"
    assert without_files("See ![A shot](file:6), ![x](https://example.com)") == "See [A shot], ![x](https://example.com)"
    assert pictures("![a](file:6) `![b](file:7)` [c](file:8) ![d][1]\n\n[1]: file:5") == [5, 6]


def test_the_allow_list_has_no_dangerous_part():
    dangerous = {
        "script",
        "style",
        "img",
        "svg",
        "math",
        "iframe",
        "form",
        "input",
        "object",
        "embed",
        "base",
        "link",
        "meta",
    }
    assert not TAGS & dangerous
    assert not {name for names in ATTRIBUTES.values() for name in names} & {"style", "class", "id", "src"}


# ── the same as nodes ───────────────────────────────────────────────────────────────────────────────────────────────


def nodes(children: list, level: int = 1):
    """(level, node) of every node."""
    for node in children:
        yield level, node
        if isinstance(node, list):
            yield from nodes(node[2:], level + 1)


def assert_harmless_nodes(children: list, tags: set = TAGS) -> None:
    found = list(nodes(children))
    assert len(found) <= MOST_NODES
    for level, node in found:
        if isinstance(node, str):
            assert node
            continue
        tag, attributes, *within = node
        assert level <= DEEPEST and tag in tags and not (tag in VOID and within)
        are_words = [isinstance(each, str) for each in within]
        assert (True, True) not in zip(are_words, are_words[1:], strict=False)
        assert set(attributes or {}) <= {"a": {"href"}, "ol": {"start"}, "img": {"src", "alt"}}.get(tag, set())
        if tag == "a":
            assert re.match(r"(https?|mailto):", attributes["href"], re.IGNORECASE)


def shown(children: list) -> str:
    """What is read of it, without the white space."""
    return "".join("".join(node.split()) for _, node in nodes(children) if isinstance(node, str))


@pytest.mark.parametrize("text", HOSTILE)
def test_26_hostile_markdown_makes_harmless_nodes(text):
    for around in ("{}", "> {}", "* {}", "**{}**", "[{}](https://example.com)"):
        assert_harmless_nodes(tree(around.format(text)))
        assert_harmless_nodes(tree(around.format(text), own), TAGS | {"img"})


@given(st.text(alphabet=st.sampled_from(list("[]()<>!`*_~#|-\\\"'&;:/ \n\tjavscript.x1=")), max_size=200))
def test_26_no_combination_of_signs_makes_a_harmful_node(text):
    assert_harmless_nodes(tree(text))
    assert shown(tree(text)) == "".join(Words(render(text)).found.split())


class Words(HTMLParser):
    """What a reader of the HTML reads."""

    def __init__(self, html: str):
        super().__init__()
        self.found = ""
        self.feed(html)
        self.close()

    def handle_data(self, data):
        self.found += data


def test_usual_markdown_makes_the_nodes_one_expects():
    lists = "3. x\n\n> q\n\n* a\n\n* b\n\n```\nx\n  y\n```\n\n"
    assert tree(f'# Big\n\none\ntwo **b** *i*\n\n{lists}[l](https://a.example "t") &amp;') == [
        ["h3", None, "Big"],
        ["p", None, "one", ["br", None], "two ", ["strong", None, "b"], " ", ["em", None, "i"]],
        ["ol", {"start": 3}, ["li", None, "x"]],
        ["blockquote", None, ["p", None, "q"]],
        ["ul", None, ["li", None, ["p", None, "a"]], ["li", None, ["p", None, "b"]]],
        ["pre", None, ["code", None, "x\n  y\n"]],
        ["p", None, ["a", {"href": "https://a.example"}, "l"], " &"],
    ]
    assert tree("") == tree(" \n ") == []


def test_a_picture_of_ours_is_a_node_where_it_may_be_shown():
    assert tree("![A *shot*](file:5)", own) == [["p", None, ["img", {"src": "/files/token", "alt": "A shot"}]]]
    assert tree("![A shot](file:5)") == [["p", None, "![A shot](file:5)"]]


@pytest.mark.parametrize("sign", ["*a* ", "- a\n\n", "a\n", "> ", "* ", "***a*b** "])
def test_what_is_too_much_for_a_page_is_plain_text(sign):
    text = sign * (10_000 // len(sign)) + "x"
    assert_harmless_nodes(tree(text))
    assert shown(tree(text)) == "".join(Words(render(text)).found.split())
