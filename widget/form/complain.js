// What is wrong with an input is said beside it, to the eye and to screen readers.

import { el } from "../panel/dom.js";

/** Shows these errors {field, message} beside the inputs of that name, and nothing beside the others. The first that is
    wrong gets the focus; returns all that are. */
export function complain(inputs, errors) {
  const wrong = Array.from(inputs).filter((input) => {
    const message = errors.find(({ field }) => field === input.name)?.message || "";
    return input.name && !input.closest("[hidden]") && mark(input, message);
  });
  wrong[0]?.focus();
  return wrong;
}

/** Whether an input that has a `wrong` sentence is not valid; it is said. */
export function isWrong(inputs) {
  const isFine = ({ validity, required, value }) => validity.valid && (!required || value.trim());
  const missed = Array.from(inputs).filter((input) => input.wrong && !isFine(input));
  return complain(inputs, missed.map(({ name, wrong }) => ({ field: name, message: wrong })))[0];
}

function mark(input, message) {
  if (message) input.problem ||= place(input);
  if (input.problem) input.problem.textContent = message;
  input.setAttribute("aria-invalid", !!message);
  return message;
}

function place(input) {
  const problem = el("p", { className: "problem", id: input.id + "-problem" });
  input.setAttribute("aria-describedby", `${problem.id} ${input.getAttribute("aria-describedby") || ""}`);
  input.after(problem);
  return problem;
}
