// The service worker: it keeps the files that SITE lists, each of the content that SITE says, for reading offline.
// A file that has not changed since an earlier version is taken from there. What SITE does not list is not touched.

const CACHE = `lenet-edu ${SITE.version}`;
const AT_ONCE = 4;

const address = (path) => new URL(path, self.registration.scope).href;

self.addEventListener("install", (event) => event.waitUntil(begin()));
self.addEventListener("activate", (event) => event.waitUntil(clean()));
self.addEventListener("message", (event) => {
  if (event.data === "keep everything") event.waitUntil(keepEverything());
  if (event.data === "take over") self.skipWaiting();
});
self.addEventListener("fetch", (event) => {
  const path = pathOf(event.request);
  if (path !== null && path in SITE.files) event.respondWith(answer(path));
  else if (event.request.mode === "navigate")
    event.respondWith(fetch(event.request).catch(() => answer("404.html")));
});

/** The path within the site of a request; null for what does not belong to it. */
function pathOf(request) {
  const { href, pathname } = new URL(request.url);
  if (request.method !== "GET" || !href.startsWith(self.registration.scope)) return null;
  const path = decodeURIComponent(pathname.slice(new URL(self.registration.scope).pathname.length));
  return path === "" || path.endsWith("/") ? `${path}index.html` : path;
}

async function answer(path) {
  const cache = await caches.open(CACHE);
  return (await cache.match(address(path))) ?? (await fetchAndKeep(cache, path));
}

/** Fetch a file, and keep it if it is the one that this version knows. */
async function fetchAndKeep(cache, path) {
  const response = await fetch(address(path), { cache: "no-cache" });
  if (response.ok && (await digest(await response.clone().arrayBuffer())) === SITE.files[path]) {
    // A browser that is short of room reads on, and is not offline then.
    await cache.put(address(path), response.clone()).catch(() => {});
  }
  return response;
}

async function digest(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Take over what has not changed since an earlier version, then fetch the pages' own parts. */
async function begin() {
  const cache = await caches.open(CACHE);
  for (const name of await caches.keys()) {
    if (name !== CACHE && name.startsWith("lenet-edu ")) await carryOver(await caches.open(name), cache);
  }
  await cache.put(address("site.json"), new Response(JSON.stringify(SITE)));
  const early = Object.keys(SITE.files).filter((path) =>
    /^(index\.html|404\.html|page\.\w+|search\.js|favicon\.svg)$/.test(path),
  );
  await keep(cache, early);
}

async function carryOver(from, to) {
  const before = await (await from.match(address("site.json")))?.json();
  for (const [path, hash] of Object.entries(before?.files ?? {})) {
    const response = SITE.files[path] === hash && (await from.match(address(path)));
    if (response) await to.put(address(path), response);
  }
}

async function clean() {
  for (const name of await caches.keys()) {
    if (name !== CACHE && name.startsWith("lenet-edu ") && (await belongsHere(name)))
      await caches.delete(name);
  }
  await self.clients.claim();
}

/** Several copies of the site may lie on one host; each has its own caches. */
async function belongsHere(name) {
  return Boolean(await (await caches.open(name)).match(address("site.json")));
}

async function keepEverything() {
  await keep(await caches.open(CACHE), Object.keys(SITE.files));
}

/** Fetch and keep what is not there yet, a few at a time, and tell the pages how far it is. */
async function keep(cache, paths) {
  const there = new Set((await cache.keys()).map(({ url }) => url));
  const missing = paths.filter((path) => !there.has(address(path)));
  let done = paths.length - missing.length;
  const tell = async () => {
    for (const client of await self.clients.matchAll()) client.postMessage({ done, of: paths.length });
  };
  await tell();
  const next = missing.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const path of next) {
        await fetchAndKeep(cache, path).catch(() => {});
        done += 1;
        if (done % 10 === 0) await tell();
      }
    }),
  );
  const all = (await cache.keys()).length > paths.length; // site.json is there besides
  if (all || !missing.length) done = paths.length;
  await tell();
}
