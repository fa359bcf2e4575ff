import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { workerEntry } from '../../src/backends/worker-entry.ts';

test('a file that is there is given by its path', () => {
  assert.equal(workerEntry(new URL(import.meta.url)), fileURLToPath(import.meta.url));
});

test('a missing one is named, with what to tell a bundler', () => {
  const missing = new URL('./no-such-worker.js', import.meta.url);
  assert.throws(
    () => workerEntry(missing),
    (error: Error) =>
      error.message.includes(fileURLToPath(missing)) && error.message.includes("external: ['manyhands']"),
  );
});
