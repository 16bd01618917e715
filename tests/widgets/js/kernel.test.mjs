// What a notebook keeps of its widgets: those that it shows, and what they are made of.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { shownIds, statesOf } = await load("kernel");

const VIEW = "application/vnd.jupyter.widget-view+json";
const of = (state) => ({ model_name: "AnyModel", state });

test("the widgets of a notebook are those of its outputs", () => {
  const cells = [
    { cell_type: "markdown" },
    { outputs: [{ output_type: "stream" }, { data: { [VIEW]: { model_id: "a" }, "text/plain": "A" } }] },
    { outputs: [{ data: { "text/plain": "none" } }, { data: { [VIEW]: { model_id: "b" } } }] },
  ];
  assert.deepEqual(shownIds({ cells }), ["a", "b"]);
});

test("a widget is kept with all that it is made of, and nothing else", () => {
  const states = {
    box: of({ children: ["IPY_MODEL_a", "IPY_MODEL_b"], layout: "IPY_MODEL_l" }),
    a: of({ layout: "IPY_MODEL_l" }),
    b: of({ of: "IPY_MODEL_box" }),
    l: of({}),
    old: of({ layout: "IPY_MODEL_m" }),
    m: of({}),
  };
  assert.deepEqual(Object.keys(statesOf(["box"], states)).sort(), ["a", "b", "box", "l"]);
  assert.deepEqual(Object.keys(statesOf(["gone", "l"], states)), ["l"]);
});
