// Who may look at a dashboard, and what becomes of those who lose it.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { type Dashboard, type DashboardOptions, dashboard } from '../../../src/observe/index.ts';
import { ask, Viewer } from './viewer.ts';

const TIMEOUT = { timeout: 30_000 };

describe('a dashboard', () => {
  it('shows nothing without its token', TIMEOUT, async () => {
    await using board = await dashboard();
    const wrong = 'x'.repeat(board.token.length);
    const refused: [path: string, headers: Record<string, string>][] = [
      ['/', {}],
      ['/events', {}],
      ['/other', {}],
      ['/?token=', {}],
      [`/?token=${wrong}`, {}],
      [`/?token=${board.token}x`, {}],
      // Only the page takes it in the address.
      [`/events?token=${board.token}`, {}],
      ['/events', { authorization: `Bearer ${wrong}` }],
      ['/events', { cookie: `manyhands-${board.port}=${wrong}` }],
      ['/events', { cookie: `manyhands-${board.port + 1}=${board.token}` }],
    ];
    for (const [path, headers] of refused) {
      const { status, text } = await ask(board.port, path, headers);
      assert.equal(status, 401, path);
      assert.ok(!text.includes(board.token));
    }
  });

  it('takes the token out of the address into a cookie that scripts cannot read', TIMEOUT, async () => {
    await using board = await dashboard();
    const { pathname, search } = new URL(board.url);
    const { status, headers } = await ask(board.port, pathname + search);
    assert.equal(status, 303);
    assert.equal(headers.location, '/');
    const [cookie = ''] = headers['set-cookie'] ?? [];
    assert.match(cookie, /; HttpOnly; SameSite=Strict; Path=\//);
    const { status: known } = await ask(board.port, '/none', { cookie: cookie.split(';')[0] ?? '' });
    assert.equal(known, 404);
  });

  it('is not found under the names of others', TIMEOUT, async () => {
    await using board = await dashboard();
    const authorization = `Bearer ${board.token}`;
    for (const host of ['evil.example', `evil.example:${board.port}`, '10.0.0.1', 'localhost.evil.example']) {
      assert.equal((await ask(board.port, '/none', { authorization, host })).status, 403, host);
    }
    for (const host of [
      'localhost',
      `LOCALHOST:${board.port}`,
      `127.0.0.1:${board.port}`,
      `[::1]:${board.port}`,
    ]) {
      assert.equal((await ask(board.port, '/none', { authorization, host })).status, 404, host);
    }
    const host = `127.0.0.1:${board.port}`;
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${board.port + 1}`]) {
      assert.equal((await ask(board.port, '/events', { authorization, host, origin })).status, 403, origin);
    }
    assert.equal(
      (await ask(board.port, '/none', { authorization, host, origin: `http://${host}` })).status,
      404,
    );
  });

  it('on all addresses is found by numbers, and not by names', TIMEOUT, async () => {
    await using board = await dashboard({ host: '0.0.0.0' });
    const authorization = `Bearer ${board.token}`;
    assert.equal(
      (await ask(board.port, '/none', { authorization, host: `10.1.2.3:${board.port}` })).status,
      404,
    );
    assert.equal((await ask(board.port, '/none', { authorization, host: 'evil.example' })).status, 403);
  });

  it('is only to be looked at', TIMEOUT, async () => {
    await using board = await dashboard();
    const { status, headers } = await ask(
      board.port,
      '/',
      { authorization: `Bearer ${board.token}` },
      'POST',
    );
    assert.equal(status, 405);
    assert.equal(headers.allow, 'GET');
  });

  it('refuses wrong options', TIMEOUT, async () => {
    const wrong: [DashboardOptions, RegExp][] = [
      [{ port: -1 }, /port must be >= 0, received -1/],
      [{ port: 65_536 }, /port must be <= 65535, received 65536/],
      [{ token: 'short' }, /token must be 16 or more characters/],
      [{ token: 'with; another=cookie' }, /token must be 16 or more characters/],
      [{ prot: 8080 } as DashboardOptions, /dashboard has no option 'prot'/],
    ];
    for (const [options, message] of wrong) await assert.rejects(dashboard(options), { message });
  });

  it('rejects if its port is taken, and leaves nothing behind', TIMEOUT, async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await assert.rejects(dashboard({ port }), { code: 'EADDRINUSE' });
    await new Promise((resolve) => server.close(resolve));
    await using board = await dashboard({ port });
    assert.equal(board.port, port);
  });

  it('ends the feeds of its viewers when it is closed, and may be closed twice', TIMEOUT, async () => {
    const board = await dashboard();
    const viewer = await Viewer.open(board);
    await Promise.all([board.close(), board.close()]);
    await viewer.closed;
    await assert.rejects(Viewer.open(board), { code: 'ECONNREFUSED' });
  });

  it('tells who comes back what was missed, and who comes from elsewhere everything', TIMEOUT, async () => {
    await using board = await dashboard();
    const id = await lastOf(board);
    const [, number = ''] = id.split(':');
    await using back = await Viewer.open(board, id);
    await back.tick(() => true);
    assert.equal(back.programs.length, 0);
    assert.equal(back.ids[0]?.split(':')[1], String(Number(number) + 1));
    for (const last of [`other:${number}`, 'nonsense', `${id.split(':')[0]}:-7`]) {
      await using anew = await Viewer.open(board, last);
      await anew.tick(() => true);
      assert.equal(anew.programs.length, 1, last);
      assert.equal(anew.ids[0]?.split(':')[1], '1', last);
    }
  });
});

/** The id of the first tick that a viewer saw who has left. */
async function lastOf(board: Dashboard): Promise<string> {
  await using viewer = await Viewer.open(board);
  await viewer.tick(() => true);
  return viewer.ids[0] ?? '';
}
