// Replays messages through a widget's twin, as its view would send them, and tells what came back after each.
import { readFileSync } from "node:fs";

const folder = new URL("../../../lenet_edu/", import.meta.url);
const { TwinModel } = await import(new URL("widgets/twins/model.js", folder));
const { WIDGETS } = await import(new URL("widgets/twins/page.js", folder));
const { Progress } = await import(new URL("widgets/twins/progress.js", folder));

const revived = (_, value) =>
  typeof value?.base64 === "string"
    ? new DataView(Uint8Array.from(Buffer.from(value.base64, "base64")).buffer)
    : value;
const replaced = (_, value) =>
  ArrayBuffer.isView(value)
    ? { base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") }
    : value;
const { description, messages, files } = JSON.parse(readFileSync(0, "utf8"), revived);
const resources = {
  async bytes(name) {
    const content = readFileSync(`${files}/${name}`);
    return content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength);
  },
  progress: new Progress(null),
};
const { default: make } = await import(new URL(`widgets/twins/${WIDGETS[description.widget]}.js`, folder));
const model = new TwinModel(await make(description.state, resources));
let told = [];
model.on("msg:custom", (message) => told.push(message));
const answers = [{ traits: { ...model.values }, told }];
// Only what is new, since all weights of a network are much to write down each time.
let before = { ...model.values };
function changed() {
  const names = Object.keys(model.values).filter((name) => model.values[name] !== before[name]);
  before = { ...model.values };
  return Object.fromEntries(names.map((name) => [name, before[name]]));
}
for (const { set, send } of messages) {
  told = [];
  for (const [name, value] of Object.entries(set ?? {})) model.set(name, value);
  model.save_changes();
  if (send) model.send(send);
  await model.answered;
  answers.push({ traits: changed(), told });
}
process.stdout.write(JSON.stringify(answers, replaced));
