// The worker starts while the rest of the page is still being fetched, unless a server runs the networks.
const start = () => new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
let worker = document.querySelector('meta[name="addernet-server"]') ? undefined : start();

export function startedWorker() {
  worker ??= start();
  return worker;
}
