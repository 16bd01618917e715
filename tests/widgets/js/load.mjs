// A widget's JavaScript as one module, shared.js first, as Python joins it, but with every export kept.
import { readFileSync } from "node:fs";

const folder = new URL("../../../lenet_edu/widgets/", import.meta.url);
const read = (name) => readFileSync(new URL(`${name}.js`, folder), "utf8");

export function load(name) {
  const own = name === "shared" ? "" : read(name).replace(/^import [^;]+ from "\.\/shared\.js";\n/m, "");
  return import(`data:text/javascript,${encodeURIComponent(read("shared") + own)}`);
}
