import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flagAgainstAddons, processFlags, threadFlagsOrInherit } from '../../src/tasks/worker-flags.ts';

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

describe('a process that loads no native addons', () => {
  const cases: ReadonlyArray<readonly [string[], string | undefined, string | undefined]> = [
    [[], undefined, undefined],
    [['--import', 'x.js'], '--max-old-space-size=100', undefined],
    [['--no-addons'], undefined, '--no-addons'],
    [[], '--no-warnings  --no-addons', '--no-addons'],
    [['--permission', '--allow-fs-read=*'], undefined, '--permission'],
    [['--experimental-permission', '--allow-addons'], undefined, undefined],
    [['--allow-addons'], '--permission', undefined],
  ];
  for (const [flags, options, flag] of cases) {
    it(`is told by its flags: ${flags.join(' ')} (NODE_OPTIONS: ${options})`, () => {
      assert.equal(flagAgainstAddons(flags, options === undefined ? {} : { NODE_OPTIONS: options }), flag);
    });
  }
});
