// Types of Sayso's widget: of `window.sayso`, which the script tag puts on a page, and of the module w.mjs.
//
// Save this file in your project, for instance as types/sayso.d.ts; there is nothing to import. It declares `Sayso.…`,
// `window.sayso`, the events `sayso:…` of the document, and `import sayso, { load } from "https://…/w.mjs"`.

declare namespace Sayso {
  /** What the panel can show; `post:42` is post number 42. */
  type View = "new" | "list" | "roadmap" | "news" | `post:${number}`;

  type Theme = "auto" | "light" | "dark";

  /** Facts of your page that travel along with a post: a plan, a project, a version. The team alone reads them. */
  type Meta = Record<string, string | number | boolean | null>;

  /** What a view starts with. What somebody has already typed is never replaced. */
  interface Options {
    title?: string;
    body?: string;
    /** The key of a board. */
    board?: string;
    /** The number of a post: `open("post", { post: 42 })`. */
    post?: number;
    /** The id of a changelog entry: `open("news", { entry: 7 })`. */
    entry?: number;
    meta?: Meta;
  }

  /** What can change while the page is open. */
  interface Settings {
    /** A language tag, such as "de"; without one the user's and the browser's languages are tried in turn. */
    locale?: string;
    theme?: Theme;
    meta?: Meta;
  }

  /** A token that your server signed, or a function that fetches one; the function is asked again when the token has expired. */
  type Identity = string | (() => string | null | undefined | Promise<string | null | undefined>);

  interface User {
    /** Your id of them, or one of ours when they are anonymous. */
    id: string;
    name: string;
    kind: "anonymous" | "guest" | "identified" | "member";
  }

  interface Status {
    key: string;
    name: string;
    kind: "open" | "planned" | "started" | "done" | "declined";
    color: string;
  }

  interface Post {
    number: number;
    title: string;
    body: string;
    status: Status;
    /** The key of its board. */
    board: string;
    votes: number;
    /** Whether this user has voted for it. */
    voted: boolean;
    /** Whether this user wrote it. */
    mine: boolean;
    /** RFC 3339, in UTC. */
    created_at: string;
    /** Its page on the public board. */
    url: string;
    /** It waits for the team's approval. */
    held?: boolean;
    pinned?: boolean;
    comments?: number;
  }

  /** Why something did not work. Promises reject with it, and the event `error` tells it. */
  interface Problem {
    code:
      | "token_invalid"
      | "token_expired"
      | "origin_refused"
      | "blocked"
      | "rate_limited"
      | "unavailable"
      | (string & {});
    message: string;
    /** The status of the answer; nothing when there was none. */
    status?: number;
  }

  /** What happened, by name, and what is told about it. */
  interface Events {
    ready: undefined;
    open: { view: string };
    close: undefined;
    view: { view: string; post?: number };
    submit: Post;
    vote: { post: number; voted: boolean };
    comment: { post: number; comment: number };
    /** How many news this user has not seen. */
    unread: number;
    /** Who it is now; null when a session has ended. */
    identify: User | null | undefined;
    error: Problem;
    destroy: undefined;
  }

  type Heard<Name extends keyof Events> = (detail: Events[Name]) => void;

  /** Stops the listening. */
  type Off = () => void;

  /** `window.sayso`. Nothing of it ever throws into your page; what returns a promise may reject with a `Problem`. */
  interface Widget {
    readonly version: string;
    /** Resolves when the button is on the page. */
    readonly ready: Promise<void>;
    /** Opens the panel; without a view, where it was left, or on a new post. */
    open(view: "post", options: Options & { post: number }): Promise<void>;
    open(view?: View, options?: Options): Promise<void>;
    close(): void;
    toggle(): void;
    isOpen(): boolean;
    /** Says who the user is. Resolves to them (null: to nobody yet), or rejects with the reason why the token is refused. */
    identify(who: Identity): Promise<User | null>;
    /** Forgets who the user is, and what is kept in this browser of an anonymous one. */
    logout(): void;
    set(changes: Settings): void;
    /** How many news this user has not seen; 0 as long as nobody knows. */
    unread(): number;
    on<Name extends keyof Events>(name: Name, heard: Heard<Name>): Off;
    once<Name extends keyof Events>(name: Name, heard: Heard<Name>): Off;
    /** Takes everything off the page, `window.sayso` too, and ends all listening. A new tag may follow. */
    destroy(): void;
  }

  /** What the tag's attributes say: `userToken` is data-user-token. */
  interface Attributes {
    /** The widget key of your workspace, from Settings → Install. */
    key: string;
    userToken?: string;
    /** An address of your server that answers `{"token": "…"}`. */
    tokenUrl?: string;
    locale?: string;
    theme?: Theme;
    side?: "right" | "left";
    launcher?: "on" | "off";
    /** What the button says, "Feedback" otherwise. */
    label?: string;
    /** Elements that open the panel, as a CSS selector. */
    trigger?: string;
    /** The number of unread news on the button. */
    badge?: "on" | "off";
    /** The key of the board to show. */
    board?: string;
  }

  /** How the module loads the script. */
  interface Loading extends Attributes {
    /** Where Sayso is, when w.mjs was copied into a bundle: "https://feedback.example.com". */
    from?: string;
    /** For pages whose policy allows scripts by nonce. */
    nonce?: string;
  }

  /** What the one-line stub puts there until the script has come: every call is kept, and answered by a promise. */
  type Stub = {
    readonly [Name in Exclude<keyof Widget, "version" | "ready">]: (
      ...values: Parameters<Widget[Name]>
    ) => Promise<Awaited<ReturnType<Widget[Name]>>>;
  } & { readonly q: unknown[] };
}

interface Window {
  /** Missing until the script has come, and for as long as something blocks it. */
  sayso?: Sayso.Widget;
}

interface DocumentEventMap {
  "sayso:ready": CustomEvent<Sayso.Events["ready"]>;
  "sayso:open": CustomEvent<Sayso.Events["open"]>;
  "sayso:close": CustomEvent<Sayso.Events["close"]>;
  "sayso:view": CustomEvent<Sayso.Events["view"]>;
  "sayso:submit": CustomEvent<Sayso.Events["submit"]>;
  "sayso:vote": CustomEvent<Sayso.Events["vote"]>;
  "sayso:comment": CustomEvent<Sayso.Events["comment"]>;
  "sayso:unread": CustomEvent<Sayso.Events["unread"]>;
  "sayso:identify": CustomEvent<Sayso.Events["identify"]>;
  "sayso:error": CustomEvent<Sayso.Events["error"]>;
  "sayso:destroy": CustomEvent<Sayso.Events["destroy"]>;
}

declare module "*/w.mjs" {
  /** The same as `window.sayso`, there before the script is: calls wait for it, and reject when it is blocked. */
  const sayso: Sayso.Widget;
  export default sayso;
  /** Puts the script on the page; a second call is the first. Resolves when the button is there. */
  export function load(how: Sayso.Loading): Promise<Sayso.Widget>;
}
