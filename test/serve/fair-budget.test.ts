// Who gives way when clients share too little.
import t from 'tap';
import { clientKey } from '../../dist/serve/client-key';
import { FairBudget } from '../../dist/serve/fair-budget';

t.test('shares within the limit are granted, and returned once', async (t) => {
  const budget = new FairBudget(10);
  const share = budget.take('a', 6, () => t.fail('nothing has to give way'))!;
  t.ok(budget.take('b', 4, () => t.fail('nothing has to give way')));
  t.equal(budget.used, 10);
  share.release();
  share.release();
  t.equal(budget.used, 4);
  t.equal(share.grow(1), false, 'a share that was given back does not grow');
  t.equal(budget.used, 4);
});

t.test('the largest share of the client that holds most gives way', async (t) => {
  const budget = new FairBudget(10);
  const revoked: string[] = [];
  const take = (client: string, name: string, amount: number) => budget.take(client, amount, () => revoked.push(name));
  take('a', 'a3', 3);
  take('a', 'a4', 4);
  take('b', 'b3', 3);
  t.ok(take('c', 'c1', 1));
  t.same(revoked, ['a4']);
  t.equal(budget.used, 7);
});

t.test('among equal shares the oldest gives way', async (t) => {
  const budget = new FairBudget(3);
  const revoked: number[] = [];
  for (let i = 0; i < 5; i++) t.ok(budget.take('a', 1, () => revoked.push(i)));
  t.same(revoked, [0, 1]);
});

t.test('a newcomer that would hold most is refused', async (t) => {
  const budget = new FairBudget(10);
  budget.take('a', 4, () => t.fail('the newcomer gives way'));
  t.equal(
    budget.take('b', 7, () => t.fail('a refusal is no revocation')),
    undefined,
  );
  t.equal(budget.used, 4);
});

t.test('what grows can make others give way, or gives way itself', async (t) => {
  const budget = new FairBudget(10);
  const revoked: string[] = [];
  const small = budget.take('a', 1, () => revoked.push('small'))!;
  const large = budget.take('b', 8, () => revoked.push('large'))!;
  t.ok(small.grow(2));
  t.same(revoked, ['large']);
  t.equal(large.grow(1), false);
  t.equal(small.grow(8), false, 'it alone is over the limit');
  t.same(revoked, ['large'], 'the caller learns it from the answer');
  t.equal(budget.used, 0);
});

t.test('what is kept does not give way', async (t) => {
  const budget = new FairBudget(4);
  const revoked: string[] = [];
  const kept = budget.take('a', 3, () => revoked.push('kept'))!;
  kept.keep();
  budget.take('b', 1, () => revoked.push('other'));
  t.equal(
    budget.take('c', 2, () => {}),
    undefined,
  );
  kept.lend();
  t.ok(budget.take('c', 2, () => {}));
  t.same(revoked, ['kept']);
});

t.test('what was kept is the youngest when it is lent again', async (t) => {
  const budget = new FairBudget(2);
  const revoked: string[] = [];
  const [first] = ['first', 'second'].map((name) => budget.take('a', 1, () => revoked.push(name))!);
  first!.keep();
  first!.lend();
  budget.take('a', 1, () => {});
  t.same(revoked, ['second']);
});

t.test('what waits for its client gives way first, in the order of what it has held times how long', async (t) => {
  const budget = new FairBudget(100);
  const revoked: string[] = [];
  const idle = (name: string, amount: number) => {
    const share = budget.take('a', 0, () => revoked.push(name))!;
    share.setIdle(true);
    t.ok(share.grow(amount), name);
    return share;
  };
  const active = budget.take('a', 20, () => t.fail('what is active gives way last'))!;
  for (let i = 0; i < 8; i++) idle(`small ${i}`, 10);
  const large = idle('large', 30);
  t.same(revoked, ['small 0', 'small 1', 'small 2'], 'small ones give way to a large one that grows');
  idle('small 8', 10);
  t.same(revoked.slice(3), ['small 3'], 'and to small ones');
  t.ok(large.grow(30));
  t.same(revoked.slice(4), ['small 4', 'small 5', 'small 6']);
  idle('small 9', 10);
  t.same(revoked.slice(7), ['small 7']);
  idle('small 10', 10);
  t.same(revoked.slice(8), ['large'], 'until the large one has held much for long');
  active.release();
  t.ok(budget.take('a', 100, () => {}));
  t.equal(budget.used, 100, 'the others gave way');
});

t.test('what arrived counts no more as waiting, and all of it may be active', async (t) => {
  const budget = new FairBudget(10);
  const revoked: string[] = [];
  const shares = ['first', 'second'].map((name) => budget.take('a', 4, () => revoked.push(name))!);
  for (const share of shares) share.setIdle(true);
  shares[0]!.setIdle(false);
  t.ok(budget.take('a', 4, () => {}));
  t.same(revoked, ['second']);
  const late = budget.take('a', 0, () => {})!;
  late.setIdle(true);
  t.equal(late.grow(5), false, 'it would be the largest of them');
  t.ok(budget.take('a', 3, () => {}));
  t.same(revoked, ['second', 'first']);
});

t.test('taking does not become slower with the number of those that wait', async (t) => {
  const milliseconds = (count: number): number => {
    const budget = new FairBudget(count);
    const take = () => budget.take('a', 1, () => {})!.setIdle(true);
    for (let i = 0; i < count; i++) take();
    const began = process.cpuUsage();
    for (let i = 0; i < 20_000; i++) take();
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  };
  milliseconds(1000);
  const [few, many] = [milliseconds(1000), milliseconds(16_000)];
  t.ok(many < 5 * few + 20, `${many.toFixed(1)} ms beside 16,000, ${few.toFixed(1)} ms beside 1,000`);
});

t.test('hosts are identified by address, networks of IPv6 by their first 64 bits', async (t) => {
  const key = (remoteAddress?: string) => clientKey({ remoteAddress } as Parameters<typeof clientKey>[0]);
  t.equal(key('10.0.0.1'), '10.0.0.1');
  t.equal(key('::ffff:10.0.0.1'), '10.0.0.1');
  t.equal(key('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2');
  t.equal(key('2001:db8:1:2::9'), '2001:db8:1:2');
  t.equal(key('2001:db8::9'), '2001:db8:0:0');
  t.equal(key('::1'), '0:0:0:0');
  t.equal(key('fe80::1'), 'fe80:0:0:0');
  t.equal(key(undefined), '', 'a socket that is gone has none');
});

t.test('where the newest gives way, equal shares stay', async (t) => {
  const budget = new FairBudget(3, 'newest');
  const revoked: string[] = [];
  for (const name of ['a1', 'a2', 'a3']) t.ok(budget.take('a', 1, () => revoked.push(name)));
  t.notOk(budget.hasRoom('a'));
  t.equal(
    budget.take('a', 1, () => t.fail('a refusal is no revocation')),
    undefined,
  );
  t.ok(budget.hasRoom('b'));
  t.equal(budget.used, 3, 'asking takes nothing');
  t.ok(budget.take('b', 1, () => t.fail('holds less')));
  t.same(revoked, ['a3']);
});
