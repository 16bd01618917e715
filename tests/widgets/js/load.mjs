// What a widget's JavaScript exports, with all that is shared.
const folder = new URL("../../../lenet_edu/widgets/", import.meta.url);

export async function load(name) {
  const [shared, own] = await Promise.all(
    ["shared", name].map((file) => import(new URL(`${file}.js`, folder))),
  );
  return { ...shared, ...own };
}
