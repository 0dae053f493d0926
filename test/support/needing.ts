// Tests that need something of the machine: without it they are skipped with the reason, or fail where ADDERNET_REQUIRE_ALL is 1.
import { spawnSync } from 'node:child_process';
import t, { type Test } from 'tap';

/** A test that runs unless one of `missing` is a reason why it cannot. */
export function testNeeding(missing: (string | false)[], name: string, body: (t: Test) => void | Promise<void>): void {
  const reason = missing.find(Boolean);
  if (!reason) t.test(name, async (t) => body(t));
  else if (process.env.ADDERNET_REQUIRE_ALL === '1') t.fail(`${name}: ${reason}`);
  else t.pass(name, { skip: reason });
}

/** Why a test cannot use `program`; false if it can. */
export const missingProgram = (program: string, hint: string): string | false =>
  spawnSync(program, ['--version']).error !== undefined && `${program} is not installed: ${hint}`;
