// Where somebody was when they wrote, and what the page has to add.

const LARGEST = 8000;

/** What is sent along. Whatever the page adds, it does not keep somebody's words from arriving: too much is left out. */
export function about(extra) {
  const surroundings = {
    url: location.href.slice(0, 2000),
    browser: navigator.userAgent,
    viewport: `${innerWidth}x${innerHeight}`,
    language: navigator.language,
  };
  try {
    const whole = { ...surroundings, ...extra };
    for (const name in extra) whole[name] = flat(extra[name]);
    // As the server counts: other letters as \u0000.
    if (JSON.stringify(whole, null, 1).replace(/[^ -~]/g, "\\u0000").length < LARGEST) return whole;
  } catch {}
  console.warn("sayso: meta was left out: too large, or no JSON");
  return surroundings;
}

// The server takes text, numbers it can write down, and yes or no.
function flat(value) {
  return Object(value) === value || value > 1e15 || value < -1e15 ? JSON.stringify(value) : value;
}
