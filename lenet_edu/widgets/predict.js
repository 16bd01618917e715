// Predict: choices or a number, a button to commit with, and what comes after.
import { button, element, run } from "./shared.js";

let forms = 0;

export default {
  render({ model, el }) {
    return run(model, el, "predict", "Prediction", (root, on, { guarded }) => {
      const name = `lenet-predict-${(forms += 1)}`;
      const choices = model.get("choices");
      const question = element("div", { class: "lenet-question", id: name }, element("strong", {}, "Predict. "), model.get("question"));
      const fields = element("div", { role: choices.length ? "radiogroup" : "group", "aria-labelledby": name, class: "lenet-choices" });
      const answer = element("div", { class: "lenet-answer-text", "aria-live": "polite" });
      const after = element("div", { class: "lenet-after" });
      const score = element("span", { class: "lenet-caption" });
      const commit = button("Commit", guarded(settle));
      root.classList.add("lenet-predict");
      root.append(question, fields, element("div", { class: "lenet-bar" }, commit, score), answer, after);

      const inputs = choices.map((choice) => {
        const input = element("input", { type: "radio", name, value: choice });
        fields.append(element("label", {}, input, ` ${choice}`));
        return input;
      });
      const typed = element("input", { type: "text", inputmode: "decimal", "aria-labelledby": name, placeholder: "a number" });
      typed.addEventListener("keydown", (event) => {
        if (event.key === "Enter") guarded(settle)();
      });
      if (!choices.length) fields.append(typed);

      function chosen() {
        return choices.length ? inputs.find((input) => input.checked)?.value : typed.value.trim();
      }
      function settle() {
        if (!chosen()) throw new Error(choices.length ? "Choose first: a guess will do." : "Type a number first: a guess will do.");
        model.send({ commit: chosen() });
      }
      function show() {
        const settled = model.get("settled");
        for (const input of [...inputs, typed, commit]) input.disabled = settled;
        if (!settled) return;
        for (const input of inputs) input.checked = input.value === model.get("committed");
        typed.value = choices.length ? "" : model.get("committed");
        answer.replaceChildren(...model.get("response").split("\n").map((line) => element("p", {}, line)));
        after.innerHTML = model.get("shown");
        score.textContent = model.get("score");
      }
      on("change:settled", show);
      show();
    });
  },
};
