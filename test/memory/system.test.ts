// Where shared memory between processes cannot be had, or not enough of it: what users are told.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Heap } from '../../src/memory/heap.ts';
import { load, loadSystem } from '../../src/memory/linux.ts';
import {
  createProcessRegion,
  openProcessRegion,
  type ProcessRegion,
} from '../../src/memory/process-region.ts';
import { errors, type System } from '../../src/memory/system.ts';
import { ThreadRegion } from '../../src/memory/thread-region.ts';
import { runNode } from '../tasks/support.ts';
import { descriptors } from './support.ts';

const KIB = 1024;
const MIB = 2 ** 20;

const { system } = loadSystem();
assert.ok(system !== undefined);
const real: System = system;

/** A region of a system that is the real one but for this. */
function regionOf(part: Partial<System>, size = MIB): ProcessRegion {
  const { region, unavailable } = createProcessRegion(size, { system: { ...real, ...part } });
  assert.ok(region !== undefined, unavailable);
  return region;
}

const require = (name: string): never => {
  throw new Error(`Cannot find module '${name}'\nRequire stack:\n- somewhere`);
};

describe('where there can be no shared memory between processes', () => {
  it('the reason is a sentence', () => {
    const needs = 'shared memory between processes needs Linux';
    assert.deepEqual(load('darwin', 'arm64', require), { unavailable: `${needs}; this is darwin` });
    assert.deepEqual(load('linux', 's390x', require), {
      unavailable: `${needs} on x64 or arm64; this is s390x`,
    });
    assert.deepEqual(load('linux', 'x64', require), {
      unavailable: "koffi could not be loaded: Cannot find module 'koffi'",
    });
  });

  it('so it is if koffi is there and does not work', () => {
    const broken = {
      load: () => {
        throw new Error('dlopen is not allowed');
      },
    };
    const { unavailable } = load('linux', 'arm64', () => broken);
    assert.equal(unavailable, 'koffi could not be loaded: dlopen is not allowed');
  });

  it('no region is made, nor opened', () => {
    const from = load('darwin', 'arm64', require);
    assert.equal(createProcessRegion(MIB, from).unavailable, from.unavailable);
    assert.equal(openProcessRegion(3, { from }).unavailable, from.unavailable);
  });

  it('koffi is loaded with the first region, and not by importing any of it', async () => {
    const url = JSON.stringify(new URL('../../src/memory/process-region.js', import.meta.url).href);
    const program = `import { createRequire } from 'node:module';
      const { createProcessRegion } = await import(${url});
      const loaded = () => Object.keys(createRequire(${url}).cache).some((path) => path.includes('koffi'));
      const before = loaded();
      createProcessRegion(4096).region.close();
      console.log(before, loaded());`;
    const { stdout, stderr } = await runNode(['--input-type=module', '-e', program]);
    assert.equal(stdout, 'false true\n', stderr);
  });
});

describe('where the system has no room', () => {
  it('a region is not made, and says why', () => {
    const before = descriptors();
    const failing: Array<readonly [Partial<System>, string]> = [
      [{ createMemory: () => errors.noSpace }, 'the system has no room for 64 MiB of shared memory (ENOSPC)'],
      [{ map: () => errors.noMemory }, 'the system has no room for 64 MiB of shared memory (ENOMEM)'],
      [{ createMemory: () => -1 }, 'the system refused 64 MiB of shared memory (EPERM)'],
    ];
    for (const [part, expected] of failing) {
      assert.equal(createProcessRegion(64 * MIB, { system: { ...real, ...part } }).unavailable, expected);
    }
    assert.deepEqual(descriptors(), before);
  });

  it('so it is with a process that may make no large files', () => {
    const url = JSON.stringify(new URL('../../src/memory/process-region.js', import.meta.url).href);
    const program = `import { createProcessRegion } from ${url};
      console.log(createProcessRegion(64 * 2 ** 20).unavailable);`;
    const script = 'ulimit -f 1000; exec "$0" --input-type=module -e "$1"';
    const stdout = execFileSync('sh', ['-c', script, process.execPath, program], { encoding: 'utf8' });
    assert.equal(stdout, 'the system has no room for 64 MiB of shared memory (EFBIG)\n');
  });

  it('commit says so, and what is committed stays', () => {
    let room = 3;
    const region = regionOf({
      allocate: (...range) => (room > 0 ? ((room -= 1), real.allocate(...range)) : errors.noSpace),
    });
    assert.equal(region.refusal, undefined);
    assert.equal(region.commit(0, 300 * KIB), true);
    region.bytes.fill(1, 0, 300 * KIB);
    assert.equal(region.commit(500 * KIB, MIB), false);
    assert.equal(region.refusal, 'the system has no room for 256 KiB of shared memory (ENOSPC)');
    assert.equal(region.commit(0, 512 * KIB), true);
    assert.ok(region.bytes.subarray(0, 300 * KIB).every((byte) => byte === 1));
    room = 1;
    assert.equal(region.commit(512 * KIB, MIB), true);
    region.bytes.fill(2);
    region.close();
  });

  it('a heap goes on with what it has', () => {
    let room = Infinity;
    const region = regionOf({
      allocate: (...range) => (room > 0 ? ((room -= 1), real.allocate(...range)) : errors.noMemory),
    });
    const heap = new Heap(region, 0, MIB);
    const block = heap.alloc(200 * KIB);
    room = 0;
    assert.equal(heap.alloc(100 * KIB), -1);
    const small = heap.alloc(40 * KIB);
    region.bytes.fill(3, small, small + 40 * KIB);
    heap.free(block);
    assert.equal(heap.alloc(150 * KIB), block);
    region.close();
  });
});

describe('commit', () => {
  it('asks the system once for each part, whatever ranges it is given', () => {
    const range = fc.tuple(fc.nat(3 * MIB + 8), fc.nat(3 * MIB + 8));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), (ranges) => {
        const allocated: Array<readonly [number, number]> = [];
        const allocate: System['allocate'] = (_, start, length) => {
          allocated.push([start, start + length]);
          return 0;
        };
        const region = regionOf({ allocate }, 3 * MIB + 8);
        for (const pair of ranges) {
          const [start, end] = [Math.min(...pair), Math.max(...pair)];
          assert.equal(region.commit(start, end), true);
          // Whole: no byte of it is missing, and none was asked for twice.
          const own = allocated.filter(([from, to]) => from < end && start < to);
          const bytes = own.map(([from, to]) => Math.min(to, end) - Math.max(from, start));
          assert.equal(
            bytes.reduce((sum, count) => sum + count, 0),
            end - start,
          );
        }
        assert.equal(new Set(allocated.map(([from]) => from)).size, allocated.length);
        assert.ok(allocated.every(([from, to]) => from < to && to <= region.size));
        region.close();
      }),
      { numRuns: 50 },
    );
  });

  it('tries again when a signal has interrupted it', () => {
    let calls = 0;
    const region = regionOf({ allocate: () => ((calls += 1) % 3 === 0 ? 0 : errors.interrupted) });
    assert.equal(region.commit(0, 512 * KIB), true);
    assert.equal(calls, 6);
    region.close();
  });

  it('refuses what is no range of the region', () => {
    const regions = [regionOf({}), new ThreadRegion(MIB)];
    for (const region of regions) {
      const wrong = [
        [-1, 8],
        [0, MIB + 1],
        [16, 8],
        [0, NaN],
        [0.5, 8],
      ] as const;
      for (const [start, end] of wrong) {
        assert.throws(() => region.commit(start, end), RangeError, `${start}, ${end}`);
      }
      assert.equal(region.commit(MIB, MIB), true);
      region.close();
    }
  });
});

describe('a region', () => {
  it('has a size that all views can show', () => {
    for (const size of [0, -8, 4, 12, 1.5, NaN, Infinity]) {
      assert.throws(() => createProcessRegion(size), RangeError, `${size}`);
      assert.throws(() => new ThreadRegion(size), RangeError, `${size}`);
    }
  });
});

describe('a wait', () => {
  it('goes in slices, of which the last is as short as it takes', () => {
    const slices: number[] = [];
    const futexWait: System['futexWait'] = (_address, _value, milliseconds) => {
      slices.push(milliseconds);
      return slices.length < 5 ? errors.timedOut : 0;
    };
    const region = regionOf({ slice: 30, futexWait });
    region.commit(0, 4096);
    assert.equal(region.wait(0, 0), 'ok');
    assert.deepEqual(slices, [30, 30, 30, 30, 30]);
    assert.equal(region.wait(0, 0, 20), 'ok');
    assert.ok(slices.length === 6 && (slices[5] as number) <= 20, `${slices}`);
    region.close();
  });

  it('goes on when a signal has interrupted it, and sees what changed meanwhile', () => {
    const answers: number[] = [errors.interrupted, errors.timedOut, errors.interrupted, 0];
    const region = regionOf({ futexWait: () => answers.shift() ?? 0 });
    region.commit(0, 4096);
    assert.equal(region.wait(0, 0), 'ok');
    assert.equal(answers.length, 0);
    answers.push(errors.timedOut, errors.again);
    assert.equal(region.wait(0, 0), 'ok');
    // Changed after it was looked at and before the system did: it has not blocked.
    answers.push(errors.again);
    assert.equal(region.wait(0, 0), 'not-equal');
    region.close();
  });

  it('fails where there is no futex, and does not spin', () => {
    const region = regionOf({ futexWait: () => -38 });
    region.commit(0, 4096);
    assert.throws(() => region.wait(0, 0), /futex cannot wait for word 0: ENOSYS/);
    region.close();
  });
});
