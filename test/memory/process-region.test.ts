// What the regions of processes leave behind (nothing), and how they end.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InvalidStateError } from '../../src/errors.ts';
import { load } from '../../src/memory/linux.ts';
import { createProcessRegion, openProcessRegion } from '../../src/memory/process-region.ts';
import { ThreadRegion } from '../../src/memory/thread-region.ts';
import { regionNames } from '../contract/processes.ts';
import { runNode } from '../tasks/support.ts';
import { begun, descriptors, makeProcessRegion, startProcess } from './support.ts';

const MIB = 2 ** 20;
const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}.js`, import.meta.url));
const mapped = (): number => readFileSync('/proc/self/maps', 'utf8').split('memfd:manyhands').length - 1;

describe('closing a region', () => {
  for (const kind of ['thread', 'process']) {
    it(`makes every use of it an error, of the kind for a ${kind}`, () => {
      const region = kind === 'process' ? makeProcessRegion(4096) : new ThreadRegion(4096);
      region.commit(0, region.size);
      region.close();
      region.close();
      const uses = [
        () => region.handle,
        () => region.buffer,
        () => region.words,
        () => region.doubles,
        () => region.bytes,
        () => region.commit(0, 8),
        () => region.wait(0, 0),
        () => region.notify(0),
      ];
      for (const use of uses) assert.throws(use, InvalidStateError, String(use));
      assert.equal(region.size, 4096);
    });
  }

  it('leaves zeros of their own to those who still have views', () => {
    const region = makeProcessRegion(MIB);
    region.commit(0, MIB);
    const other = openProcessRegion(region.handle, { duplicate: true }).region;
    assert.ok(other !== undefined);
    const { words, bytes } = region;
    words[5] = 55;
    assert.equal(other.words[5], 55);
    region.close();
    assert.equal(words[5], 0);
    assert.ok(bytes.every((byte) => byte === 0));
    bytes.fill(1);
    assert.equal(other.words[5], 55);
    assert.equal(Atomics.add(words, 5, 1), 0x01010101);
    other.close();
  });

  it('leaves no descriptor, no mapping and no name behind', () => {
    const before = { descriptors: descriptors(), names: regionNames(), mapped: mapped() };
    for (let n = 0; n < 200; n += 1) {
      const region = makeProcessRegion(MIB);
      assert.ok(region.commit(0, 64 * 1024));
      region.words[n] = 1;
      if (n % 4 === 0) openProcessRegion(region.handle, { duplicate: true }).region?.close();
      region.close();
    }
    assert.deepEqual({ descriptors: descriptors(), names: regionNames(), mapped: mapped() }, before);
  });

  it('gives the addresses back when nobody has a view, and so does dropping a region', async () => {
    const { code, stdout, stderr } = await runNode(['--expose-gc', fixture('collecting')]);
    assert.equal(code, 0, stderr);
    const { states, word } = JSON.parse(stdout) as {
      states: Array<Record<'mapped' | 'descriptors' | 'addresses', number>>;
      word: number;
    };
    const [start, open, closed, collected] = states;
    assert.ok(start && open && closed && collected);
    assert.deepEqual([open.mapped, open.descriptors], [20, 20]);
    assert.ok(open.addresses >= start.addresses + 20 * 256);
    assert.deepEqual([closed.mapped, closed.descriptors], [10, 10]);
    // One is left, of which there is a view.
    assert.deepEqual([collected.mapped, collected.descriptors, word], [1, 1, 5]);
    assert.ok(collected.addresses < open.addresses - 15 * 256, `${collected.addresses} MiB`);
  });
});

describe('the memory of a region', { timeout: 60_000 }, () => {
  it('has no name, also when those who have it are killed', async () => {
    const before = regionNames();
    const region = makeProcessRegion(MIB);
    region.commit(0, MIB);
    const others = [1, 2].map(() => startProcess(region, 'waitOut'));
    await begun(region, 2);
    assert.deepEqual(regionNames(), before);
    await Promise.all(others.map((other) => other.end()));
    assert.deepEqual(regionNames(), before);
    region.close();
  });

  it('cannot be transferred out of its hands', () => {
    const region = makeProcessRegion(MIB);
    try {
      structuredClone(region.buffer, { transfer: [region.buffer] });
    } catch {
      // What some versions do; others copy.
    }
    assert.equal(region.buffer.byteLength, MIB);
    region.close();
  });

  it('reaches a process only by its stdio, and goes no further', () => {
    const region = makeProcessRegion(MIB);
    const list = (stdio: Array<'ignore' | 'pipe' | number>): { own: string[]; child: string[] } =>
      JSON.parse(
        execFileSync(process.execPath, [fixture('lists-descriptors'), 'child'], { stdio, encoding: 'utf8' }),
      ) as { own: string[]; child: string[] };
    const isRegion = (link: string): boolean => link.includes('memfd:manyhands');
    const plain = list(['ignore', 'pipe', 'pipe']);
    assert.equal(plain.own.filter(isRegion).length, 0);
    const inheriting = list(['ignore', 'pipe', 'pipe', region.handle]);
    assert.equal(inheriting.own.filter(isRegion).length, 1);
    assert.equal(inheriting.child.filter(isRegion).length, 0);
    region.close();
  });

  it('is found by shm_open where there is no memfd_create, without leaving a name', () => {
    const before = regionNames();
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const withoutMemfd = {
      ...koffi,
      load: (path: string | null) => {
        const library = koffi.load(path);
        return {
          func: (definition: string) => {
            if (definition.includes('memfd_create')) throw new Error('Cannot find function memfd_create');
            return library.func(definition);
          },
        };
      },
    };
    const from = load(process.platform, process.arch, () => withoutMemfd);
    const { region, unavailable } = createProcessRegion(MIB, from);
    assert.ok(region !== undefined, unavailable);
    assert.ok(region.commit(0, MIB));
    assert.deepEqual(regionNames(), before);
    assert.equal(mapped(), 0);
    const other = openProcessRegion(region.handle, { duplicate: true }).region;
    region.words[9] = 9;
    assert.equal(other?.words[9], 9);
    other?.close();
    region.close();
  });
});

describe('a descriptor that leads to no region', () => {
  it('is said to be none', () => {
    const before = descriptors();
    const file = openSync(fileURLToPath(import.meta.url), 'r');
    const none = openSync('/dev/null', 'r');
    for (const descriptor of [9999, none]) {
      const { unavailable } = openProcessRegion(descriptor);
      assert.equal(unavailable, `descriptor ${descriptor} leads to no region of shared memory`);
      assert.ok(openProcessRegion(descriptor, { duplicate: true }).unavailable);
    }
    // It cannot be written to, so it cannot be mapped either, whatever its size.
    assert.ok(openProcessRegion(file).unavailable);
    closeSync(file);
    closeSync(none);
    assert.deepEqual(descriptors(), before);
  });
});
