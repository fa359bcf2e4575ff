// What the tests of processes and pools share.
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { activeChildren } from '../../../src/multiprocessing/index.ts';
import { type Run, runNode } from '../../tasks/support.ts';
import { Scene } from '../futures/support.ts';

export const LIMIT = { timeout: 60_000 };

/** A test with a gate and a log. What it started and did not end is ended. */
export function inScene(title: string, body: (scene: Scene) => Promise<void>): void {
  test(title, LIMIT, async (context: TestContext) => {
    const scene = new Scene(context);
    try {
      await body(scene);
    } finally {
      scene.open();
      for (const child of activeChildren()) child.kill();
    }
  });
}

/** What children have told, as JSON, one after the other. */
export function told(scene: Scene): unknown[] {
  return scene.lines().map((line) => JSON.parse(line) as unknown);
}

const program = fileURLToPath(new URL('./program.js', import.meta.url));

/** Runs one of the programs of `program.ts` to its end. */
export function runProgram(
  what: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Run> {
  return runNode([...flags, program, what, ...args], { env });
}
