// main.mjs LIBRARY SERVER [MODULE]: prints the logits as JSON, for runtimes of the command line.
import { logits } from './logits.mjs';

const [library, server, module] = process.argv.slice(2);
const addernet = library.endsWith('.mjs')
  ? await import(library)
  : process.getBuiltinModule('node:module').createRequire(import.meta.url)(library);
if (module !== undefined) await addernet.init(module);
console.log(JSON.stringify(await logits(addernet, server)));
