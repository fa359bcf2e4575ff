// How a class is named to another process, and found there.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { NotShareableError } from '../../src/errors.ts';
import { referenceToClass } from '../../src/tasks/class-reference.ts';
import { resolveTask } from '../../src/tasks/resolve.ts';
import * as classes from './fixtures/classes.ts';
import { evaluate } from './support.ts';

const url = new URL('./fixtures/classes.js', import.meta.url).href;

describe('a class', () => {
  for (const [type, name] of [
    [classes.Plain, 'Plain'],
    [classes.WithConstructor, 'WithConstructor'],
    [classes.AnotherName, 'AnotherName'],
    [classes.Held, 'Held'],
    [classes.default, 'default'],
    [classes.registered.Known, 'Known'],
  ] as const) {
    it(`that is exported as ${name} is found by that name`, async () => {
      const reference = referenceToClass(type);
      assert.deepEqual(reference, { kind: 'module', url, export: name, label: type.name });
      assert.equal(await resolveTask(reference), type);
      assert.equal(referenceToClass(type), reference);
    });
  }

  for (const [what, type] of [
    ['that is not exported', classes.hidden()],
    ['inside of an exported one', classes.WithConstructor.inner()],
    ['without a name, inside of an exported one', classes.WithConstructor.plainInner()],
    ['of no module', evaluate('(class Lost {})') as Function],
    ['of the language', Map],
  ] as const) {
    it(`${what} is refused`, () => {
      assert.throws(
        () => referenceToClass(type),
        (error) => error instanceof NotShareableError && /is not exported from a module/.test(error.message),
      );
    });
  }

  it('of a CommonJS module is found among its exports', () => {
    const { Common } = createRequire(import.meta.url)('./fixtures/commonjs.cjs') as { Common: Function };
    assert.equal(referenceToClass(Common).export, 'Common');
  });
});
