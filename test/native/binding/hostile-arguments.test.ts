// Everything that the addon exports, with arguments of every wrong kind in every place, and with objects whose getters and traps take memory
// away in the middle of the call. Whatever comes, the call works or throws; it never reads or writes memory that is not its own, and it calls
// no toString, valueOf or iterator. The address sanitizer runs this file.
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { NativePlan } from '../../../binding.d.ts';
import { useThreads } from '../../support/cpu-settings';
import { calledNames, exportedNames, type NativeCall, nativeCalls } from '../../support/native-calls';

type Objects = Record<string, unknown>;
const isObject = (value: unknown): value is Objects => typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
const isArray = (value: unknown): value is Float32Array => ArrayBuffer.isView(value);

t.test('the calls of these tests are all that is exported', async (t) => {
  t.same(calledNames().sort(), exportedNames().sort());
  for (const [name, make] of nativeCalls) {
    const { args, run } = make();
    t.doesNotThrow(() => run(...args), name);
  }
});

/** Every array within arguments. */
const arraysOf = (value: unknown): Float32Array[] =>
  isArray(value) ? [value] : Array.isArray(value) || isObject(value) ? Object.values(value).flatMap(arraysOf) : [];

function detach({ buffer }: { buffer: ArrayBufferLike }): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) structuredClone(buffer, { transfer: [buffer] });
}

/** What code that runs in the middle of a call does: takes away the memory of all arguments, and the plan. */
const attacks: Record<string, (call: NativeCall) => void> = {
  detach: ({ args }) => arraysOf(args).forEach(detach),
  dispose: ({ plan }) => plan?.dispose(),
  finish: ({ plan }) => attempt(() => plan?.finish(0)),
  add: ({ plan }) => attempt(() => plan?.activate({ x: 0, activation: { min: 0, max: 1 } })),
  run: ({ plan }) => attempt(() => plan?.runSync(new Float32Array(40), new Float32Array(40), 1)),
};

function attempt(act: () => unknown): void {
  try {
    act();
  } catch {}
}

class Trap extends Error {}

/** Calls with these arguments. An error has a code, is a trap's own, or is V8's of a proxy that was revoked. */
function check(t: Test, name: string, call: NativeCall, args: readonly unknown[]): boolean {
  try {
    call.run(...args);
    return true;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (!code?.startsWith('ERR_') && !(error instanceof Trap) && !/revoked/.test(message)) t.fail(`${name}: ${error}`);
    return false;
  }
}

/** With these properties, also where its class has them and they are read-only. */
function dressed<T extends object>(object: T, properties: object): T {
  return Object.defineProperties(object, Object.getOwnPropertyDescriptors(properties) as PropertyDescriptorMap);
}

/** Objects that run code when they are looked at as anything but what they are. */
function disguises(valid: unknown, onLook: () => never): unknown[] {
  const looked = { toString: onLook, valueOf: onLook, toJSON: onLook, [Symbol.toPrimitive]: onLook, [Symbol.iterator]: onLook };
  const get = (name: string) => ({ [name]: { get: onLook } });
  const described = { ...get('length'), ...get('byteLength'), ...get('buffer'), ...get('byteOffset'), ...get('0'), ...get('constructor') };
  const boxed = [Object('max'), Object(3), Object(true), Object(Symbol('s')), Object(5n)].map((box) => dressed(box, looked));
  const list = [{ ...looked }, Object.defineProperties({}, described), ...boxed, dressed(() => {}, looked), class {}];
  if (!isArray(valid)) return list;
  const array = valid.slice();
  for (const [key, descriptor] of Object.entries(described)) if (key !== '0') Object.defineProperty(array, key, descriptor);
  return [...list, dressed(array, looked)];
}

/** Wrong values of every kind, for a place that has `valid`. */
function wrongs(valid: unknown): unknown[] {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const plain = [
    undefined,
    null,
    true,
    false,
    '',
    'x',
    'max',
    '\ud800',
    'x'.repeat(1e6),
    Symbol('s'),
    10n,
    {},
    [],
    new Date(),
    /x/,
    () => {},
  ];
  const numbers = [-1, -0, 0, 0.5, 1, 2, 255, 256, 1025, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53, 1e308, Number.NaN, Infinity, -Infinity];
  const views = [new DataView(new ArrayBuffer(8)), new ArrayBuffer(8), new SharedArrayBuffer(8), Buffer.alloc(9), new Proxy({}, {})];
  const all: unknown[] = [...plain, ...numbers, ...views, revoked.proxy];
  for (const length of [0, 1, 3, 9, 16, 40])
    for (const type of [Float32Array, Float64Array, Int32Array, Int16Array, Int8Array, Uint8Array, Uint8ClampedArray, BigInt64Array])
      all.push(new type(length));
  if (isArray(valid)) all.push(...arrays(valid), new Proxy(valid, {}), Object.create(valid));
  return all;
}

/** The same array in memory that is detached, that can be resized, or that has been; shorter, longer, full of extreme numbers. */
function arrays(valid: Float32Array): Float32Array[] {
  const type = valid.constructor as Float32ArrayConstructor;
  const bytes = valid.byteLength;
  const resizable = () => {
    const buffer = Reflect.construct(ArrayBuffer, [bytes + 64, { maxByteLength: 4 * bytes + 64 }]) as ArrayBuffer & {
      resize(bytes: number): void;
    };
    return { buffer, fixed: new type(buffer, 0, valid.length), tracking: new type(buffer) };
  };
  const [kept, grown, shrunk, empty] = [resizable(), resizable(), resizable(), resizable()];
  grown.buffer.resize(4 * bytes);
  shrunk.buffer.resize(bytes - (bytes % (2 * valid.BYTES_PER_ELEMENT)) / 2 - valid.BYTES_PER_ELEMENT);
  empty.buffer.resize(0);
  const detached = valid.slice();
  detach(detached);
  const growable = Reflect.construct(SharedArrayBuffer, [bytes, { maxByteLength: 2 * bytes }]) as SharedArrayBuffer;
  const extreme = [-1, 0, 1e9, 2 ** 31 - 1, -(2 ** 31), Number.NaN, Infinity].map((number) => valid.slice().fill(number));
  const inPlace = Array.from(valid.subarray(0, 16), (_, i) => valid.slice().fill(2 ** 31 - 1, i, i + 1));
  return [
    ...[kept, grown, shrunk, empty].flatMap(({ fixed, tracking }) => [fixed, tracking]),
    ...[detached, new type(growable), valid.slice(1), new type(valid.length + 1), ...extreme, ...inPlace],
  ];
}

/** Paths of all arguments and of the fields of those that are objects. */
const pathsOf = (value: unknown): string[][] =>
  Object.entries(value as Objects).flatMap(([key, inside]) => [
    [key],
    ...(isObject(inside) ? pathsOf(inside).map((path) => [key, ...path]) : []),
  ]);

/** A copy of `root` that has what `replace` makes of the value at the path. */
function replaced(root: unknown, [key, ...rest]: readonly string[], replace: (value: unknown) => unknown): unknown {
  if (key === undefined) return replace(root);
  const copy: Objects = Array.isArray(root) ? ([...root] as never) : { ...(root as Objects) };
  copy[key] = replaced(copy[key], rest, replace);
  return copy;
}
const at = (root: unknown, path: readonly string[]): unknown => path.reduce((value, key) => (value as Objects)[key], root);

for (const [name, make] of nativeCalls)
  t.test(name, async (t) => {
    useThreads(t, 2);
    let calls = 0;
    for (const path of pathsOf(make().args)) {
      const place = `${name}(${path.join('.')})`;
      for (const i of wrongs(at(make().args, path)).keys()) {
        const call = make();
        check(t, `${place} ${i}`, call, replaced(call.args, path, (valid) => wrongs(valid)[i]) as unknown[]);
        calls++;
      }
      const looks: string[] = [];
      const onLook = (): never => {
        looks.push(new Error().stack!);
        throw new Trap();
      };
      for (const i of disguises(at(make().args, path), onLook).keys()) {
        const call = make();
        check(t, `${place} disguised ${i}`, call, replaced(call.args, path, (valid) => disguises(valid, onLook)[i]) as unknown[]);
        calls++;
      }
      t.same(looks, [], `${place} is taken as what it is`);
    }
    t.pass(`${calls} calls`);
  });

t.test('code that runs in the middle of a call', async (t) => {
  for (const [name, make] of nativeCalls)
    for (const path of pathsOf(make().args).filter(({ length }) => length > 1))
      for (const [attack, act] of Object.entries(attacks)) {
        const place = `${name}(${path.join('.')}): ${attack}`;
        const inside = path.slice(0, -1);
        const key = path.at(-1)!;
        let looks = 0;
        const look = (call: NativeCall) => {
          looks++;
          act(call);
        };
        const withGetter = make();
        const getters = replaced(withGetter.args, inside, (object) => {
          const value = (object as Objects)[key];
          return Object.defineProperty({ ...(object as Objects) }, key, {
            get() {
              look(withGetter);
              return value;
            },
          });
        });
        check(t, place, withGetter, getters as unknown[]);
        t.equal(looks, 1, `${place}: read once`);
        const withProxy = make();
        const proxies = replaced(withProxy.args, inside, (object) => {
          const get = (target: object, field: string) => {
            if (field === key) look(withProxy);
            return Reflect.get(target, field);
          };
          return new Proxy(object as object, { get } as ProxyHandler<object>);
        });
        check(t, `${place}, a proxy`, withProxy, proxies as unknown[]);
        t.equal(looks, 2, `${place}: read once through a proxy`);
      }
});

t.test('memory that is taken away while an asynchronous call is under way', async (t) => {
  for (const attack of Object.values(attacks))
    for (let i = 0; i < 20; i++) {
      const call = nativeCalls.get('Plan.run')!();
      const [x, out, n] = call.args as [Float32Array, Float32Array, number];
      const ended = new Promise<string | undefined>((resolve) => call.run(x, out, n, resolve));
      attack(call);
      const code = await ended;
      t.equal(code, out.length === 0 ? 'ERR_SHAPE' : undefined);
    }
});

t.test('methods of a plan on what is no plan', async (t) => {
  const { plan } = nativeCalls.get('Plan.run')!() as { plan: NativePlan };
  const methods = Object.getPrototypeOf(plan);
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(methods)))
    for (const receiver of [{}, undefined, null, 5, methods, Object.create(plan), new Proxy(plan, {}), () => {}])
      if (name !== 'constructor') t.throws(() => Reflect.apply(value, receiver, []), TypeError);
  t.throws(() => Reflect.apply(plan.constructor, undefined, [40, 1]), TypeError, 'nor without new');
});

t.test('a plan runs again after a callback that throws', async (t) => {
  const uncaught: unknown[] = [];
  const listeners = process.rawListeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => uncaught.push(error));
  t.teardown(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener as () => void);
  });
  const call = nativeCalls.get('Plan.run')!();
  const [x, out, n] = call.args as [Float32Array, Float32Array, number];
  for (const thrown of [new Error('of the callback'), undefined, null, 5, Object.freeze({}), new Proxy({}, { get: () => attempt })]) {
    let calls = 0;
    for (let i = 0; i < 3; i++)
      call.run(x, out, n, () => {
        calls++;
        throw thrown;
      });
    while (calls < 3) await setImmediate();
    out.fill(Number.NaN);
    t.equal(await new Promise((resolve) => call.run(x, out, n, resolve)), undefined, 'and its callback is called');
    t.same(
      [...out],
      [...x].map((v) => Math.max(v, 0)),
    );
  }
});
