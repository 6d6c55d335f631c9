// Requests in somebody's name: the identified session if there is one, an anonymous token otherwise.

/** A function that asks the server, remembers who it says we are, and survives one expired session. A deed is refused, not a
    query, when the session of who asked for it has ended meanwhile. */
export function asker(page, report) {
  let flight, kept, trouble, wasKnown, shown;
  let visitor = randomName();
  page.on("identify", () => {
    kept = "";
    visitor = randomName();
  });

  return async function ask(path, body, isQuery, again) {
    if (page.userToken && !page.session) await signIn();
    const { session, userToken } = page;
    const visit = visitor;
    wasKnown ||= session;
    // Nobody acts without their account who had one a moment ago.
    if (userToken && !session && wasKnown && !isQuery) throw trouble;
    // Two first deeds at once are one visitor's.
    const proof = session ? { session } : { anonymous: page.anonymous() || kept, visitor };
    try {
      const answer = await page.call(path, { ...body, form: shown, ...proof }, AbortSignal.timeout?.(2e4));
      // A late answer is not about who signed in, or out, meanwhile.
      if (userToken === page.userToken && visit === visitor) keep(answer);
      return answer;
    } catch (problem) {
      if (problem.status !== 401 || again) throw problem;
      if (session) await expire(session);
      else page.anonymous((kept = ""));
      if (session && !page.session && !isQuery) throw problem;
      return ask(path, body, isQuery, true);
    }
  };

  // The only thing ever stored, and only after the server made an anonymous user for something the person did. A page
  // without storage keeps it in memory.
  function keep({ session, anonymous, form }) {
    if (form) shown = form;
    if (session) page.session = session;
    if (anonymous) page.anonymous((kept = anonymous));
  }

  // Several requests may find out at once: one exchange serves them all. Who is refused goes on without an account.
  function signIn() {
    const source = page.userToken;
    flight ||= page
      .signIn()
      .catch((problem) => {
        trouble = problem;
        console.warn("sayso:", problem);
        report(problem);
        if (problem?.status && source === page.userToken) page.userToken = null;
      })
      .finally(() => (flight = null));
    return flight;
  }

  // A token that was given once is over by now; a function can give a new one.
  async function expire(session) {
    if (page.session && session !== page.session) return;
    if (page.userToken?.call) return signIn();
    page.userToken = page.session = null;
    page.emit("identify", null);
  }
}

function randomName() {
  return crypto.getRandomValues(new Uint32Array(4)).join();
}
