// The logits, in a worker of a browser.
import { logits } from './logits.mjs';

self.onmessage = async ({ data: { library, server } }) => {
  try {
    self.postMessage({ logits: await logits(await import(library), server) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
