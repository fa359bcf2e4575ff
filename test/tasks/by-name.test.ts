import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, describe, it } from 'node:test';
import { NotShareableError } from '../../src/errors.ts';
import { referenceTo } from '../../src/tasks/reference.ts';
import * as exported from './fixtures/exports.ts';
import { tasks } from './fixtures/registered.ts';
import { TestWorker } from './support.ts';

const commonJs = createRequire(import.meta.url)('./fixtures/commonjs.cjs') as Function & { named: Function };
const exportsUrl = new URL('./fixtures/exports.js', import.meta.url).href;

describe('an exported function', () => {
  const worker = new TestWorker();
  after(() => worker[Symbol.asyncDispose]());

  const cases: [string, Function, string, unknown][] = [
    ['a declaration', exported.declared, 'declared', 1005],
    ['an async declaration', exported.asynchronous, 'asynchronous', 1005],
    ['a generator', exported.generator, 'generator', [1000, 5]],
    ['an async generator', exported.asyncGenerator, 'asyncGenerator', [1000, 5]],
    ['an arrow', exported.arrow, 'arrow', 1005],
    ['an async arrow', exported.bare, 'bare', 1005],
    ['a function expression', exported.expression, 'expression', 1005],
    ['an arrow inside Object.assign', exported.withExtras, 'withExtras', 1005],
    ['a name that is no identifier', exported.sameAsLocal, 'a name with spaces', 1005],
    ['a name other than the local one', exported.wrappedAlias, 'renamed', 1005],
    ['a name that an inner variable has too', exported.shadowedInside, 'shadowedInside', 1005],
    ['the default', exported.default, 'default', 1005],
    ['a factory', exported.makeAdder, 'makeAdder', undefined],
  ];
  for (const [title, fn, name, expected] of cases) {
    it(`goes by name: ${title}`, async () => {
      const reference = referenceTo(fn);
      assert.ok(reference.kind === 'module', `a module reference, not ${JSON.stringify(reference)}`);
      assert.equal(reference.url, exportsUrl);
      assert.equal(reference.export, name);
      if (expected !== undefined) assert.deepEqual(await worker.run(fn, 5), expected);
    });
  }

  it('goes by name with destructured and default parameters', async () => {
    assert.equal(referenceTo(exported.defaults).kind, 'module');
    assert.equal(await worker.run(exported.defaults), 1001);
  });

  it('is labelled by its own name, or by its file for an anonymous default', () => {
    assert.equal(referenceTo(exported.renamed).label, 'aliased');
    assert.equal(referenceTo(exported.default).label, 'exports.js');
  });

  it('keeps its reference', () => {
    assert.equal(referenceTo(exported.declared), referenceTo(exported.declared));
  });
});

describe('a function that only looks exported', () => {
  it('is refused when a factory made it', () => {
    assert.throws(() => referenceTo(exported.addTwo), captures('k'));
  });
  it('is refused when its binding was given another value', () => {
    assert.throws(() => referenceTo(exported.original.replaced), captures('base'));
    assert.throws(() => referenceTo(exported.replaced), captures('base'));
  });
  it('is refused when it is a member of an exported object', () => {
    assert.throws(() => referenceTo(exported.hidden.capturing), captures('base'));
  });
  it('is told which module an import that it captures came from', () => {
    assert.throws(() => referenceTo(exported.hidden.reading), /readFileSync \(from 'node:fs'\)/);
  });
});

describe('a function of a CommonJS module', () => {
  const worker = new TestWorker();
  after(() => worker[Symbol.asyncDispose]());

  it('goes by name as module.exports itself', async () => {
    const reference = referenceTo(commonJs);
    assert.ok(reference.kind === 'module' && reference.export === 'default');
    assert.equal(await worker.run(commonJs, 5), 2005);
  });
  it('goes by name as a property of module.exports', async () => {
    const reference = referenceTo(commonJs.named);
    assert.ok(reference.kind === 'module' && reference.export === 'named');
    assert.equal(await worker.run(commonJs.named, 5), 2005);
  });
});

describe('a registered function', () => {
  it('goes by the name it was registered under, closure or not', async () => {
    await using worker = new TestWorker();
    const reference = referenceTo(tasks.two);
    assert.ok(reference.kind === 'module' && reference.export === 'two');
    assert.equal(await worker.run(tasks.one, 5), 3006);
    assert.equal(await worker.run(tasks.two, 5), 3007);
  });
});

function captures(name: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, new RegExp(`it uses ${name}, which is defined outside of it`));
    assert.match(error.message, /export it from a module/);
    return true;
  };
}
