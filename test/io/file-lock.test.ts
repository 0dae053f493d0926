// Locks between processes: one owner at a time, however the one before it ended.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { FileLock } from '../../dist/io/file-lock';
import { thisOwner } from '../../dist/io/owner';
import { missingProgram, testNeeding } from '../support/needing';
import { library } from '../support/repository';

const acquire = (path: string) => FileLock.acquire('the checkpoint', path);
const fileOf = (path: string) => `${path}.lock`;
/** Takes the lock, says so, and keeps it. */
const holding = (path: string) => `
  require(${JSON.stringify(join(library, 'io/file-lock'))}).FileLock.acquire('the checkpoint', ${JSON.stringify(path)})
    .then(() => console.log('locked'), (error) => console.log(error.code));
  setInterval(() => {}, 1000);`;
const elsewhere = process.platform !== 'linux' && 'the system does not show when a process started';

async function holder(path: string, body = holding(path), ...within: string[]): Promise<ChildProcess> {
  const [command, ...args] = [...within, process.execPath, '-e', body];
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await once(child.stdout!, 'data');
  if (String(said) !== 'locked\n') throw new Error(`the other process says ${said}`);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Puts another owner into the lock file: some digits of its description replaced. */
function rewrite(path: string, change: (owner: string) => string): void {
  const lock = JSON.parse(readFileSync(fileOf(path), 'utf8'));
  writeFileSync(fileOf(path), JSON.stringify({ ...lock, owner: change(lock.owner) }));
}
/** As if it had been written so long ago. */
function age(file: string, seconds: number): void {
  const then = Date.now() / 1000 - seconds;
  utimesSync(file, then, then);
}
const ageOf = (file: string): number => (Date.now() - statSync(file).mtimeMs) / 1000;
const replaced = (owner: string, start: number, text: string) => owner.slice(0, start) + text + owner.slice(start + text.length);

t.test('one owner at a time, who is named', async (t) => {
  const path = join(t.testdir(), 'run');
  const lock = await acquire(path);
  await t.rejects(acquire(path), {
    code: 'ERR_LOCKED',
    message: new RegExp(
      `^the checkpoint '.*run' is in use by process ${process.pid} on ${hostname()} since 20.*: wait until that has ended`,
    ),
  });
  await lock.check();
  await lock.release();
  t.same(readdirSync(t.testdirName), [], 'nothing is left');
  const other = await holder(path);
  await t.rejects(acquire(path), { code: 'ERR_LOCKED', message: new RegExp(`process ${other.pid} `) });
  await kill(other);
});

testNeeding([elsewhere], 'the lock of a process that was killed is taken over', async (t) => {
  const path = join(t.testdir(), 'run');
  await kill(await holder(path));
  t.ok(existsSync(fileOf(path)));
  const lock = await acquire(path);
  t.equal(JSON.parse(readFileSync(fileOf(path), 'utf8')).pid, process.pid);
  t.same(readdirSync(t.testdirName), ['run.lock'], 'and only that is there');
  await lock.release();

  // The parent of the next one does not wait for it, so that it stays as a zombie.
  const command = `"${process.execPath}" -e "$BODY" & exec sleep 60`;
  const parent = spawn('sh', ['-c', command], { env: { ...process.env, BODY: holding(path) }, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(parent.stdout, 'data');
  const { pid } = JSON.parse(readFileSync(fileOf(path), 'utf8'));
  process.kill(pid, 'SIGKILL');
  while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await new Promise(setImmediate);
  await (await acquire(path)).release();
  parent.kill('SIGKILL');
});

testNeeding([elsewhere], 'a terminated worker holds nothing', async (t) => {
  const path = join(t.testdir(), 'run');
  const worker = new Worker(holding(path), { eval: true, stdout: true });
  await once(worker.stdout, 'data');
  await t.rejects(acquire(path), { code: 'ERR_LOCKED', message: /wait until/ });
  await worker.terminate();
  await (await acquire(path)).release();
});

testNeeding([elsewhere], 'whose lock it is', async (t) => {
  const path = join(t.testdir(), 'run');
  const [hostDigits, bootDigits, namespaceDigits] = [0, 6, 12];
  const taken = async (what: string, change: (owner: string) => string) => {
    await acquire(path);
    rewrite(path, change);
    await (await acquire(path)).release();
    t.same(readdirSync(t.testdirName), [], what);
  };
  await taken('of a process before this one with the same id', (owner) => owner.replace(/\d+$/, '1'));
  await taken('of a process that is no more', (owner) => owner.replace(/-\d+-\d+-/, '-4194305-4194305-'));
  await taken('from before the machine was restarted', (owner) => replaced(owner, bootDigits, '111111'));

  const takenOnceAbandoned = async (t: Test, who: string) => {
    await t.rejects(acquire(path), {
      code: 'ERR_LOCKED',
      message: new RegExp(
        `in use by ${who}.*: wait until .*; if it was killed, this works in 1[12]\\d s, or once .*run\\.lock is deleted$`,
      ),
    });
    age(fileOf(path), 90);
    await t.rejects(acquire(path), { code: 'ERR_LOCKED', message: /this works in (29|30) s/ });
    age(fileOf(path), 121);
    await (await acquire(path)).release();
    t.same(readdirSync(t.testdirName), [], who);
  };
  for (const [digits, text] of [
    [hostDigits, '111111'],
    [namespaceDigits, '111111'],
    [bootDigits, '000000'], // not shown, as to a process that may not read /proc
  ] as const) {
    await acquire(path);
    rewrite(path, (owner) => replaced(owner, digits, text));
    await takenOnceAbandoned(t, `process ${process.pid} on ${hostname()} since 20`);
  }
  const lock = await acquire(path);
  const { owner, ...rest } = JSON.parse(readFileSync(fileOf(path), 'utf8'));
  await lock.release();
  for (const text of [
    ...['', '{', 'null', '[]', '{"id":"../../x","owner":"x"}', '\0'.repeat(100_000)],
    JSON.stringify({ ...rest, owner: { toString: 1 } }),
    JSON.stringify({ ...rest, owner, pid: { toString: 1 } }),
    JSON.stringify({ ...rest, owner, host: 'x'.repeat(100_000) }),
  ]) {
    writeFileSync(fileOf(path), text);
    await takenOnceAbandoned(t, 'an unknown process');
  }
  await (await acquire(path)).release();
});

testNeeding([elsewhere], 'a lock whose owner runs, or is only stopped, is not taken over however old it is', async (t) => {
  const path = join(t.testdir(), 'run');
  const child = await holder(path);
  child.kill('SIGSTOP');
  age(fileOf(path), 1000);
  await t.rejects(acquire(path), { code: 'ERR_LOCKED', message: /or use another one$/ });
  await kill(child);
});

/** Renews every 20 ms. */
const renewing = (path: string) => `
  const timers = require('node:timers');
  const { setInterval } = timers;
  timers.setInterval = (body, ms) => setInterval(body, ms / 1000);
  ${holding(path)}`;

async function renewed(file: string): Promise<void> {
  age(file, 1000);
  while (ageOf(file) > 900) await sleep(5);
}

t.test('an owner renews its lock, and no other one', async (t) => {
  const path = join(t.testdir(), 'run');
  const child = await holder(path, renewing(path));
  const text = readFileSync(fileOf(path), 'utf8');
  await renewed(fileOf(path));
  t.equal(readFileSync(fileOf(path), 'utf8'), text);
  writeFileSync(fileOf(path), 'of another one');
  age(fileOf(path), 1000);
  await sleep(200);
  t.ok(ageOf(fileOf(path)) > 900);
  t.equal(readFileSync(fileOf(path), 'utf8'), 'of another one');
  await kill(child);
});

const namespaces = [
  elsewhere,
  process.getuid?.() !== 0 && 'only root makes a namespace of processes',
  missingProgram('unshare', 'apt-get install util-linux'),
];
testNeeding(namespaces, 'the lock of another container', async (t) => {
  const path = join(t.testdir(), 'run');
  const child = await holder(path, renewing(path), 'unshare', '--pid', '--fork', '--kill-child', '--mount-proc');
  await renewed(fileOf(path));
  await t.rejects(acquire(path), { code: 'ERR_LOCKED', message: /if it was killed, this works in 1[12]\d s/ });
  await kill(child);
  age(fileOf(path), 121);
  const lock = await acquire(path);
  await lock.check();
  await lock.release();
  t.same(readdirSync(t.testdirName), []);
});

testNeeding([elsewhere], 'a guard that cannot be removed does not keep a lock from its owner', (t) => {
  const folder = t.testdir();
  const path = join(folder, 'run');
  const ended = { id: '', owner: thisOwner().replace(/\d+$/, '1'), pid: 1, host: '', since: '' };
  const count = join(folder, 'changes');
  const locking = (env: NodeJS.ProcessEnv) => {
    writeFileSync(fileOf(path), JSON.stringify(ended));
    const body = holding(path).replace('setInterval', '//');
    const args = ['--require', join(__dirname, '../support/failing-files.js'), '-e', body];
    return spawnSync(process.execPath, args, { env: { ...process.env, ...env }, encoding: 'utf8' }).stdout;
  };
  t.equal(locking({ ADDERNET_FAIL_COUNT: count }), 'locked\n');
  const guardIsRemoved = readFileSync(count, 'utf8')
    .split('\n')
    .findIndex((change) => /^rm run\.lock\.[0-9a-f]{12}$/.test(change));
  t.equal(locking({ ADDERNET_FAIL_AT: String(guardIsRemoved + 1), ADDERNET_FAIL_WITH: 'EIO' }), 'locked\n');
  t.end();
});

t.test('who deletes a lock that is held makes its owner stop', async (t) => {
  const path = join(t.testdir(), 'run');
  const lock = await acquire(path);
  rmSync(fileOf(path));
  await t.rejects(lock.check(), { code: 'ERR_LOCKED', message: /was deleted or replaced while it was in use/ });
  const next = await acquire(path);
  await t.rejects(lock.check(), { code: 'ERR_LOCKED' });
  await lock.release();
  await next.check();
  await next.release();
});

t.test('a process that exits without releasing leaves no lock', (t) => {
  const path = join(t.testdir(), 'run');
  const body = holding(path).replace("console.log('locked')", 'process.exit(3)');
  t.equal(spawnSync(process.execPath, ['-e', body]).status, 3);
  t.same(readdirSync(t.testdirName), []);
  t.end();
});

testNeeding([elsewhere], 'of many that find an abandoned lock, one takes over', async (t) => {
  const folder = t.testdir();
  const contenders = 6;
  const body = `
    const { parentPort } = require('node:worker_threads');
    const { FileLock } = require(${JSON.stringify(join(library, 'io/file-lock'))});
    parentPort.on('message', async (path) => {
      const lock = await FileLock.acquire('the checkpoint', path).catch(({ code }) => code);
      parentPort.postMessage(typeof lock === 'string' ? lock : 'locked');
    });`;
  const workers = Array.from({ length: contenders }, () => new Worker(body, { eval: true }));
  for (let round = 0; round < 30; round++) {
    const path = join(folder, `run-${round}`);
    const ended = [thisOwner().replace(/\d+$/, '1'), replaced(thisOwner(), 0, '111111')][round % 2]!;
    const lock = JSON.stringify({ id: '0123456789ab', owner: ended, pid: 1, host: 'host', since: new Date().toISOString() });
    const guard = `${fileOf(path)}.${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`;
    const abandoned = (file: string) => {
      writeFileSync(file, lock);
      age(file, 1000);
    };
    abandoned(fileOf(path));
    if (round % 3 === 0) abandoned(guard); // ended in taking over
    if (round % 3 === 1) writeFileSync(`${fileOf(path)}.aaaaaaaaaaaa`, ''); // ended after it
    const answers = workers.map((worker) => once(worker, 'message'));
    for (const worker of workers) worker.postMessage(path);
    const found = (await Promise.all(answers)).map(([answer]) => answer).sort();
    t.same(found, [...Array(contenders - 1).fill('ERR_LOCKED'), 'locked']);
    t.same(
      readdirSync(folder).filter((name) => !/^run-\d+\.lock$/.test(name)),
      [],
      'nothing else is left',
    );
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
});
