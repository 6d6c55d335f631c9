// Requests in somebody's name: the identified session if there is one, the anonymous token otherwise.

/** A function that asks the server, remembers who it says we are, and survives one expired session. */
export function asker(page, report) {
  let flight;

  return async function ask(path, body, again) {
    if (page.userToken && !page.session) await signIn();
    const { session } = page;
    const proof = session ? { session } : { anonymous: page.anonymous() };
    try {
      const answer = await page.call(path, { ...body, ...proof }, AbortSignal.timeout?.(2e4));
      if (answer.session) page.session = answer.session;
      // The only thing ever stored, and only after the server made an anonymous user for something the person did.
      if (answer.anonymous) page.anonymous(answer.anonymous);
      return answer;
    } catch (problem) {
      if (problem.status !== 401 || again) throw problem;
      if (!session) page.anonymous("");
      else if (session === page.session) await expire();
      // Nobody acts without their account who had one a moment ago.
      if (page.userToken && !page.session) throw problem;
      return ask(path, body, true);
    }
  };

  // Several requests may find out at once: one exchange serves them all. Who is refused goes on without an account.
  function signIn() {
    const source = page.userToken;
    flight ||= page
      .signIn()
      .catch((problem) => {
        console.warn("sayso:", problem);
        report(problem);
        if (problem.status && source === page.userToken) page.userToken = null;
      })
      .finally(() => (flight = null));
    return flight;
  }

  // A token that was given once is over by now; a function can give a new one.
  async function expire() {
    if (page.userToken?.call) return signIn();
    page.userToken = page.session = null;
    page.emit("identify", null);
  }
}
