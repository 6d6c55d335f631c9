// Requests in somebody's name: the identified session if there is one, the anonymous token otherwise.

/** A function that asks the server, remembers who it says we are, and survives one expired session. */
export function asker(page) {
  return async function ask(path, body, again) {
    const { session } = page;
    try {
      const answer = await page.call(path, { ...body, ...proof(page) });
      if (answer.session) page.session = answer.session;
      if (answer.anonymous) remember(page, answer.anonymous);
      return answer;
    } catch (problem) {
      if (problem.status !== 401 || again) throw problem;
      if (session === page.session) await renew(page);
      return ask(path, body, true);
    }
  };
}

function proof({ session, anonymous }) {
  return session ? { session } : { anonymous: anonymous() };
}

// Several requests may find out at once: signIn() is one flight for all.
async function renew(page) {
  if (!page.session) return page.forget();
  if (typeof page.userToken === "function") {
    try {
      return await page.signIn();
    } catch (problem) {
      page.warn(problem);
    }
  }
  page.userToken = page.session = null;
  page.emit("identify", null);
}

// The only thing ever stored, and only after the server made an anonymous user for something the person did.
function remember({ key }, token) {
  try {
    localStorage[`sayso:${key}`] = token;
  } catch {}
}
