import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildDocument, checkOf } from '../../src/compare/document.ts';
import { startServer } from '../../src/compare/server.ts';

test('the document is the same every time, and as large as is said', () => {
  const document = buildDocument();
  assert.equal(document, buildDocument());
  assert.equal((JSON.parse(document) as unknown[]).length, 100);
  assert.ok(document.length > 25_000 && document.length < 29_000, `${document.length} bytes`);
});

test('the server hands out the document over HTTP, and is gone when closed', async () => {
  const server = await startServer(1, new AbortController().signal);
  const response = await fetch(server.url);
  const body = await response.text();
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.equal(body, buildDocument());
  assert.deepEqual(checkOf(body), { bytes: server.bytes, sha256: server.sha256 });
  await server.close();
  await assert.rejects(fetch(server.url));
});

test('aborting takes the server along', async () => {
  const controller = new AbortController();
  const server = await startServer(1, controller.signal);
  controller.abort();
  await server.close();
  await assert.rejects(fetch(server.url));
});

test('an aborted start rejects with the reason', async () => {
  const reason = new Error('enough');
  await assert.rejects(startServer(1, AbortSignal.abort(reason)), reason);
});
