// What the networks of a server say to its images.

/** @param addernet the library, whichever of its entries */
export async function logits(addernet, server) {
  const bytes = async (path) => {
    const response = await fetch(new URL(path, server));
    if (!response.ok) throw new Error(`${path}: status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
  const networks = JSON.parse(new TextDecoder().decode(await bytes('networks.json')));
  const results = {};
  for (const [name, images] of Object.entries(networks)) {
    const session = await addernet.compile(await addernet.load(await bytes(`models/${name}.safetensors`)));
    results[name] = [...(await session.run(session.normalize(await bytes(images)))).data];
    session.dispose();
  }
  return results;
}
