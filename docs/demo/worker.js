// Networks are loaded, run and measured here, so that the page stays responsive. The library and its module are fetched at once, a network when it
// is first asked for.

/** A module of one function, with an instruction on 16 bytes. */
const simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

const library = fetchLibrary();
const sessions = new Map();

async function fetchLibrary() {
  if (!globalThis.WebAssembly?.validate(Uint8Array.from(simd)))
    throw new Error(
      'This browser has no SIMD in WebAssembly, which the networks need. Chrome and Edge have it since version 91, Firefox since 89, Safari since 16.4.',
    );
  const folder = new URL('../../dist/wasm/', import.meta.url);
  const begun = fetch(new URL('addernet.wasm', folder)).catch(() => undefined);
  const addernet = await import(new URL('index.mjs', folder)).catch(() => {
    throw new Error(`The library could not be loaded: there is no ${folder.pathname}index.mjs on this host.`);
  });
  const response = await begun;
  if (!response?.ok)
    throw new Error(`The WebAssembly module could not be loaded: there is no ${folder.pathname}addernet.wasm on this host.`);
  await addernet.init(await response.arrayBuffer());
  return addernet;
}

/** A network's session and size; one that failed is tried again. */
function sessionOf(name) {
  if (!sessions.has(name)) {
    const session = loadSession(name);
    sessions.set(name, session);
    session.catch(() => sessions.delete(name));
  }
  return sessions.get(name);
}

async function loadSession(name) {
  const url = new URL(`../../models/${name}.safetensors`, import.meta.url);
  const begun = fetch(url).catch(() => undefined);
  const { load, compile } = await library;
  const response = await begun;
  if (!response?.ok) throw new Error(`The network ${name} could not be loaded: there is no ${url.pathname} on this host.`);
  const file = await response.arrayBuffer();
  return { session: await compile(await load(file)), size: file.byteLength };
}

const tasks = {
  load: async ({ name }) => void (await sessionOf(name)),

  async classify({ name, source, invert }) {
    const { session, size } = await sessionOf(name);
    return { classes: await session.classify(source, { top: 5, invert }), size };
  },

  /** The median of nine samples, each long enough for the clocks of browsers, which are coarse. Between them, images are classified. */
  async measure({ name }) {
    const { session } = await sessionOf(name);
    const { inputShape } = session;
    const pixels = Uint8Array.from({ length: inputShape.reduce((a, b) => a * b) }, (_, i) => (i * 37) % 256);
    const image = session.normalize(pixels);
    const timeOf = (runs) => {
      const began = performance.now();
      for (let i = 0; i < runs; i++) session.runSync(image);
      return (performance.now() - began) / runs;
    };
    let runs = 1;
    while (timeOf(runs) * runs < 10) runs *= 2;
    const samples = [];
    for (let i = 0; i < 9; i++) {
      samples.push(timeOf(runs));
      await new Promise((resolve) => setTimeout(resolve));
    }
    return samples.sort((a, b) => a - b)[4];
  },
};

library.catch(() => {}); // whoever asks is told
addEventListener('message', async ({ data: { id, task, ...options } }) => {
  try {
    postMessage({ id, result: await tasks[task](options) });
  } catch (error) {
    postMessage({ id, error: error.message });
  }
});
