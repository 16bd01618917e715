// @ts-check
// An exercise on a page: a number, a letter, a table or a pair to answer with, and the checker's verdict. In JupyterLab
// answers are given in code.
import { translate } from "../system/language.js";
import { linksTable, turned } from "./links.js";
import { nameOf } from "./names.js";
import { button, element, widget } from "./shared.js";

const PAIR = ["coefficient", "bias"];

let forms = 0;

/** A field to type a number in. */
function numberField(label, onEnter) {
  const input = element("input", {
    type: "text",
    inputmode: "text",
    size: 10,
    autocomplete: "off",
    "aria-label": label,
  });
  input.addEventListener("keydown", (event) => event.key === "Enter" && onEnter());
  return input;
}

/**
 * What an answer is given with, for each form: { root, get, show }. `get()` is the answer, undefined while there is
 * none; `show(answer)` puts one there.
 */
const FORMS = {
  number(model, guarded, check) {
    const input = numberField(translate("your number"), check);
    return {
      root: element("label", { class: "lenet-control" }, translate("your number"), input),
      get: () => input.value.trim() || undefined,
      show: (answer) => (input.value = answer),
    };
  },
  pair(model, guarded, check) {
    const inputs = PAIR.map((label) => numberField(nameOf(label), check));
    const labelled = inputs.map((input, i) =>
      element("label", { class: "lenet-control" }, nameOf(PAIR[i]), input),
    );
    return {
      root: element("div", { class: "lenet-bar" }, ...labelled),
      get: () =>
        inputs.every((one) => one.value.trim()) ? inputs.map((one) => one.value.trim()) : undefined,
      show: (answer) => inputs.forEach((input, i) => (input.value = answer[i])),
    };
  },
  choice(model) {
    const name = `lenet-exercise-${(forms += 1)}`;
    const inputs = model
      .get("letters")
      .map((letter) => element("input", { type: "radio", name, value: letter }));
    const labelled = inputs.map((input) =>
      element("label", { class: "lenet-letter" }, input, ` ${input.value}`),
    );
    return {
      root: element(
        "div",
        { class: "lenet-bar", role: "radiogroup", "aria-label": translate("your answer") },
        ...labelled,
      ),
      get: () => inputs.find((input) => input.checked)?.value,
      show: (answer) => inputs.forEach((input) => (input.checked = input.value === answer)),
    };
  },
  table(model, guarded) {
    const [rows, columns] = [model.get("rows"), model.get("columns")];
    let links = Array.from({ length: rows }, () => Array(columns).fill(false));
    const count = element("div", { class: "lenet-caption", "aria-live": "polite" });
    const show = (answer) => {
      links = answer;
      table.paint(links);
      const linked = links.flat().filter(Boolean).length;
      count.textContent = translate("{links} links; by row: {rows}", {
        links: linked,
        rows: links.map((row) => row.filter(Boolean).length).join(", "),
      });
    };
    const table = linksTable({
      rows,
      columns,
      guarded,
      onToggle: (i, k) => show(turned(links, i, k)),
      onPoint: (k) => table.light(k),
    });
    show(links);
    return { root: element("div", {}, table.root, count), get: () => links, show };
  },
};

export default widget(
  "exercise",
  () => translate("Exercise"),
  (model, root, on, { guarded, show }) => {
    const form = model.get("form");
    root.classList.add("lenet-exercise");
    if (!(form in FORMS)) {
      root.append(
        element(
          "div",
          {},
          element("strong", {}, translate("Exercise. ")),
          translate(
            "This one is answered in code: write the function in JupyterLab, where it is tried on several cases. " +
              "In a clone of the suite, the notebooks are opened by this command: ",
          ),
          element("code", {}, "make lab"),
        ),
      );
      return;
    }
    const check = guarded(() => {
      const answer = fields.get();
      if (answer === undefined) throw new Error(translate("Give an answer first, then check it."));
      model.send({ check: answer });
    });
    const fields = FORMS[form](model, guarded, check);
    const verdict = element("div", { class: "lenet-verdict", role: "status" });
    const submit = button(translate("Check"), check);
    const title = element("strong", {}, translate("Your answer. "));
    root.append(element("div", { class: "lenet-bar" }, title, fields.root, submit), verdict);

    function paint() {
      const text = model.get("verdict");
      const right = model.get("right");
      verdict.textContent = text && (right ? translate("Right. ") + text : text);
      verdict.classList.toggle("lenet-right", right);
      verdict.classList.toggle("lenet-wrong", Boolean(text) && !right);
    }
    for (const name of ["verdict", "right"]) on(`change:${name}`, paint);
    on("msg:custom", (message) => message.judged && show(""));
    if (model.get("answer") !== null) fields.show(model.get("answer"));
    paint();
  },
);
