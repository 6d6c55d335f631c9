// The rest of the widget, in pieces, beside this one.

const tries = {};

/** The module of a chunk by its name, "post". A browser remembers a module that did not come, and would never ask for it
    again: the next try has another address. */
export function chunk(name) {
  tries[name] ??= "";
  return import("./" + name + ".js" + tries[name]).catch((problem) => {
    tries[name] += "?";
    throw problem;
  });
}
