"""What the tag costs a page on which nobody opens it: next to nothing, and each test prints how much that is."""

import json

import pytest
from installation import until
from playwright.sync_api import expect

# of widget.md: before anybody asks for anything
MOST_REQUESTS, MOST_BYTES = 2, 2500
LONGEST_TASK = 50  # milliseconds, on a processor four times as slow
SLOW = 4
LISTENED = """
window.listened = [];
const listen = EventTarget.prototype.addEventListener;
EventTarget.prototype.addEventListener = function (type, ...more) {
  window.listened.push(type);
  return listen.call(this, type, ...more);
};
for (const name of ["onunload", "onbeforeunload"]) {
  Object.defineProperty(window, name, { set: () => window.listened.push(name.slice(2)) });
}
"""
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""
SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((shift) => (sum += shift.value)))
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(sum))));
})"""
STORED = """async () => [document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
  (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length]"""
FIRST_FRAME = """async () => {
  const began = performance.now();
  await sayso.open("new");
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port1.onmessage = resolve; // comes right after the frame; a timer would come later
    requestAnimationFrame(() => port2.postMessage(0));
  });
  return Math.round(performance.now() - began);
}"""


@pytest.fixture
def page(browser, watched):
    """A page of a browser that has never seen us."""
    context = browser.new_context()
    yield watched(context.new_page())
    context.close()


def arrive(page, site) -> None:
    page.goto(site.url)
    page.wait_for_function("window.sayso && sayso.ready.then(() => true)")
    expect(launcher(page)).to_be_visible()
    page.wait_for_load_state("networkidle")


def launcher(page):
    return page.get_by_role("button", name="Feedback", exact=True)


def slow_down(page):
    tools = page.context.new_cdp_session(page)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOW})
    return tools


def test_it_asks_for_two_things_at_most_and_a_few_bytes(page, site, figure):
    tools, ours, transferred = page.context.new_cdp_session(page), {}, []
    tools.on("Network.requestWillBeSent", lambda sent: ours.update({sent["requestId"]: sent["request"]["url"]}))
    tools.on("Network.loadingFinished",
             lambda done: transferred.append((ours[done["requestId"]], done["encodedDataLength"])))  # fmt: skip
    tools.send("Network.enable")
    arrive(page, site)
    sizes = [size for address, size in transferred if not address.startswith(site.url)]
    figure("requests before anything is asked for", len(sizes))
    figure("bytes transferred, headers too", int(sum(sizes)))
    assert 1 <= len(sizes) <= MOST_REQUESTS
    assert sum(sizes) <= MOST_BYTES


def test_it_keeps_nothing_in_the_browser(page, site, figure):
    arrive(page, site)
    kept = page.evaluate(STORED)
    figure("cookies and things stored", len(page.context.cookies()) + sum(map(bool, kept)))
    assert (page.context.cookies(), kept) == ([], ["", 0, 0, 0, 0, 0])


def test_nothing_on_the_page_moves_when_it_comes_and_when_it_opens(page, site, figure):
    site.attributes = ' data-badge="on"'
    arrive(page, site)
    moved = page.evaluate(SHIFTS)
    page.evaluate("sayso.open('list')")
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()
    page.keyboard.press("Escape")
    opened = page.evaluate(SHIFTS)
    figure("layout shift, before and after it was opened", f"{moved}, {opened}")
    assert (moved, opened) == (0, 0)


def test_it_never_holds_a_slow_processor_up(browser, page, site, figure):
    slow_down(page)
    browser.start_tracing(page=page, categories=["devtools.timeline", "disabled-by-default-devtools.timeline"])
    arrive(page, site)
    took = durations(json.loads(browser.stop_tracing())["traceEvents"], "/w.js")
    figure(f"tasks in which our script ran, processor {SLOW} times as slow, in ms", " ".join(f"{one:.1f}" for one in took))
    assert len(took) >= 2  # it came; it put its button there
    assert max(took) <= LONGEST_TASK


def durations(events: list[dict], name: str) -> list[float]:
    """How many milliseconds each task took in which this script ran: when it came, and in the event that it waits for.

    Not all tasks of the page: the longest are those of the tools that look at it. In processor time of the thread (`tdur`),
    for a busy machine must not fail anybody: waiting for a processor does not count, and the slowing down does, being done
    by spinning."""
    [script] = [each for each in events if each["name"] == "EvaluateScript" and name in json.dumps(each["args"])]
    thread = [each for each in events if (each["pid"], each["tid"]) == (script["pid"], script["tid"]) and each["ph"] == "X"]
    moments = [script["ts"]] + [each["ts"] for each in thread if each["ts"] > script["ts"]
                                and each["name"] == "EventDispatch" and each["args"]["data"]["type"] == "load"]  # fmt: skip
    return [task["tdur"] / 1000 for task in thread if task["name"] == "RunTask"
            and any(task["ts"] <= moment <= task["ts"] + task["dur"] for moment in moments)]  # fmt: skip


def test_the_first_frame_after_a_click_is_measured(page, site, figure):
    arrive(page, site)
    page.evaluate("sayso.open('new')")
    arrive(page, site)
    slow_down(page)
    figure(f"from open() to the first frame, warm cache, processor {SLOW} times as slow, in ms", page.evaluate(FIRST_FRAME))
    expect(page.get_by_label("What is on your mind?")).to_be_focused()


def test_it_violates_no_policy(page, site, figure, complaints):
    page.add_init_script(VIOLATIONS)
    arrive(page, site)
    for view in ("new", "list", "post:1", "roadmap", "news"):
        page.evaluate("(view) => sayso.open(view)", view)
        expect(page.get_by_label("Loading…")).to_have_count(0)
    found = page.evaluate("violations")
    figure("violations of the strictest policy", len(found))
    assert (found, complaints) == ([], [])


def test_it_adds_one_name_to_the_page(page, site, figure):
    page.goto(f"{site.base}/healthz")
    before = set(page.evaluate("Object.getOwnPropertyNames(window)"))
    arrive(page, site)
    page.evaluate("sayso.open('list')")
    added = set(page.evaluate("Object.getOwnPropertyNames(window)")) - before
    figure("names added to window", ", ".join(added))
    assert added == {"sayso"}


def test_a_page_can_be_frozen_and_comes_back_as_it_was(browser_type, browser_type_launch_args, site, figure):
    """Playwright switches that cache of Chromium off, so this is a browser of its own."""
    browser = browser_type.launch(**browser_type_launch_args, ignore_default_args=["--disable-back-forward-cache"])
    page = browser.new_page()
    page.add_init_script(LISTENED)
    page.add_init_script('addEventListener("pageshow", (event) => (window.thawed = event.persisted))')
    arrive(page, site)
    assert {"unload", "beforeunload"}.isdisjoint(page.evaluate("listened"))

    streams = []
    page.on("request", lambda request: "/stream?" in request.url and streams.append(request.url))
    launcher(page).click()
    title = page.get_by_label("What is on your mind?")
    expect(title).to_be_focused()
    page.keyboard.type("Half a sent")
    until(lambda: (page.title(), streams)[1])
    page.goto(site.base)
    page.go_back(wait_until="commit")
    page.wait_for_function("'thawed' in window")
    figure("kept while the page was away", page.evaluate("thawed"))
    assert page.evaluate("thawed")
    until(lambda: (page.title(), streams)[1][1:])
    expect(title).to_have_value("Half a sent")
    title.press_sequentially("ence")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Half a sent")).to_be_visible()
    browser.close()
