// @ts-check
// Predict: choices or a number, a button to commit with, and what comes after.
import { translate } from "../system/language.js";
import { button, element, widget } from "./shared.js";

let forms = 0;

export default widget(
  "predict",
  () => translate("Prediction"),
  (model, root, on, { guarded }) => {
    const name = `lenet-predict-${(forms += 1)}`;
    const choices = model.get("choices");
    const title = element("strong", {}, `${model.get("lead")} `);
    const question = element("div", { class: "lenet-question", id: name }, title, model.get("question"));
    const fields = element("div", {
      role: choices.length ? "radiogroup" : "group",
      "aria-labelledby": name,
      class: "lenet-choices",
    });
    const answer = element("div", { class: "lenet-answer-text", "aria-live": "polite", tabindex: -1 });
    const after = element("div", { class: "lenet-after" });
    const score = element("span", { class: "lenet-caption" }, translate("Your first answer counts."));
    const commit = button(translate("Commit"), guarded(settle));
    root.classList.add("lenet-predict");
    root.append(question, fields, element("div", { class: "lenet-bar" }, commit, score), answer, after);

    const inputs = choices.map(([letter, words]) => {
      const input = element("input", { type: "radio", name, value: letter });
      fields.append(element("label", {}, input, ` ${words} `, element("span", { class: "lenet-judgement" })));
      return input;
    });
    const typed = element("input", {
      type: "text",
      inputmode: "decimal",
      "aria-labelledby": name,
      placeholder: translate("a number"),
    });
    typed.addEventListener("keydown", (event) => event.key === "Enter" && guarded(settle)());
    if (!choices.length) fields.append(typed);

    function chosen() {
      return choices.length ? inputs.find((input) => input.checked)?.value : typed.value.trim();
    }
    function settle() {
      if (!chosen()) {
        throw new Error(
          choices.length
            ? translate("Choose an answer first, then commit to it: a guess will do.")
            : translate("Type a number first, then commit to it: a guess will do."),
        );
      }
      model.send({ commit: chosen() });
    }
    /** Say beside a choice that it is the right one, or that it was taken and is not. */
    function judge(input) {
      const [label, mark] = [input.parentElement, input.parentElement.lastElementChild];
      const isRight = input.value === model.get("right");
      const isWrong = !isRight && input.value === model.get("committed");
      label.classList.toggle("lenet-right", isRight);
      label.classList.toggle("lenet-wrong", isWrong);
      mark.textContent = isRight ? translate("✓ right") : isWrong ? translate("✗ not this") : "";
    }
    function show() {
      if (!model.get("settled")) return;
      const hadFocus = root.contains(document.activeElement);
      for (const input of [...inputs, typed, commit]) input.disabled = true;
      for (const input of inputs) {
        input.checked = input.value === model.get("committed");
        judge(input);
      }
      if (!choices.length) {
        typed.value = model.get("committed");
        const judgement = model.get("is_right") ? translate("✓ right") : translate("✗ not near");
        typed.after(" ", element("span", { class: "lenet-judgement" }, judgement));
        fields.classList.add(model.get("is_right") ? "lenet-right" : "lenet-wrong");
      }
      answer.replaceChildren(
        ...model
          .get("response")
          .split("\n")
          .map((line) => element("p", {}, line)),
      );
      after.innerHTML = model.get("shown");
      score.textContent = model.get("score");
      if (hadFocus) answer.focus(); // what had it has been shut off
    }
    on("change:settled", show);
    show();
  },
);
