// The worker starts while the rest of the page is still being fetched, unless a server runs the networks.
let hasFailed = false;

function start() {
  const started = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
  // Before the engine listens, since the error may be there already when its script is.
  started.addEventListener('error', () => {
    hasFailed = true;
  });
  return started;
}

let worker = document.querySelector('meta[name="addernet-server"]') ? undefined : start();

export function startedWorker() {
  worker ??= start();
  return worker;
}

export const workerFailed = () => hasFailed;
