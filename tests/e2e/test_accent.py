"""Whatever colour a page gives to the widget, what stands on it and what is drawn in it can be read."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

COLOURS = ["#ffd800", "#000", "#fff", "#ff69b4", "#767676", "#00f", "oklch(70% 0.2 140)"]
TEXT, LINE = 4.5, 3  # WCAG 1.4.3 and 1.4.11
# The contrast of two colours of the panel, as they are painted.
CONTRAST = """(dialog, [one, other]) => {
  const probe = dialog.appendChild(document.createElement("i")), canvas = new OffscreenCanvas(1, 1)
    .getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    probe.style.color = colour;
    canvas.fillStyle = getComputedStyle(probe).color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(value => value / 255)
      .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  probe.remove();
  return (light + 0.05) / (dark + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_accent_can_be_read(browser, site, watched, complaints, scheme):
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = watched(context.new_page())
    page.goto(site.url)
    page.get_by_role("link", name="Ideas").click()
    page.get_by_role("button", name="Vote for “Recurring invoices”").click()
    panel, wrong = page.locator("#sayso-panel dialog"), []
    expect(panel.locator(".vote[aria-pressed=true]")).to_be_visible()
    for colour in COLOURS:
        page.evaluate("colour => document.documentElement.style.setProperty('--sayso-accent', colour)", colour)
        for one, other, least in [("--on-accent", "--accent", TEXT), ("--tint", "--back", TEXT), ("--tint", "--soft", TEXT),
                                  ("--tint", "--raised", LINE)]:  # fmt: skip
            found = panel.evaluate(CONTRAST, [f"var({one})", f"var({other})"])
            if found < least:
                wrong.append(f"{colour}: {one} on {other} is {found:.2f}")
        objections = Axe().run(page, "#sayso-panel", options={"runOnly": ["color-contrast"]}).response["violations"]
        wrong += [f"{colour}: {each['nodes'][0]['html'][:120]}" for each in objections]
    page.get_by_role("button", name="Vote for “Recurring invoices”").click()
    expect(panel.locator(".vote[aria-pressed=true]")).to_have_count(0)
    assert not wrong, "\n".join(wrong)
    assert complaints == []
    context.close()
