import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { processFlags, threadFlagsOrInherit } from '../../src/tasks/worker-flags.ts';

describe('the flags of a worker', () => {
  const loader = ['--require', '/tsx/preflight.cjs', '--import', 'file:///tsx/loader.mjs'];
  const cases: [string, string[], string[], string[] | undefined][] = [
    ['nothing', [], [], undefined],
    ['loaders', loader, loader, undefined],
    [
      'memory limits',
      ['--max-old-space-size=64', '--expose-gc'],
      ['--max-old-space-size=64', '--expose-gc'],
      undefined,
    ],
    ['an input type', ['--input-type=module', '-e', 'code', '--expose-gc'], ['--expose-gc'], []],
    ['an input type apart from its value', ['--input-type', 'module', ...loader], loader, loader],
    [
      'a watched program',
      ['--watch', '--watch-path', './src', '-C', 'development'],
      ['-C', 'development'],
      ['-C', 'development'],
    ],
    [
      'a flag that has the name of another in its value',
      ['--import=--watch'],
      ['--import=--watch'],
      undefined,
    ],
  ];
  for (const [title, given, process, thread] of cases) {
    it(`are right for ${title}`, () => {
      assert.deepEqual(processFlags(given), process);
      assert.deepEqual(threadFlagsOrInherit(given), thread);
    });
  }
});
