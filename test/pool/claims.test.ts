import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { CLAIM_SLOTS, claim, SharedClaims } from '../../src/pool/claims.ts';

test('a task that was offered is claimed once', () => {
  const claims = new SharedClaims();
  const ticket = claims.offer();
  assert.equal(claims.isClaimed(ticket), false);
  assert.equal(claim(claims.words, ticket), true);
  assert.equal(claims.isClaimed(ticket), true);
  assert.equal(claim(claims.words, ticket), false);
  assert.equal(claims.revoke(ticket), false);
});

test('a task that was revoked is claimed by nobody', () => {
  const claims = new SharedClaims();
  const ticket = claims.offer();
  assert.equal(claims.revoke(ticket), true);
  assert.equal(claims.revoke(ticket), false);
  assert.equal(claim(claims.words, ticket), false);
  assert.equal(claims.isClaimed(ticket), false);
});

test('a ticket is no good once its slot has been given again', () => {
  const claims = new SharedClaims();
  const first = claims.offer();
  claims.revoke(first);
  claims.release(first);
  const second = claims.offer();
  assert.equal(second % CLAIM_SLOTS, first % CLAIM_SLOTS);
  assert.notEqual(second, first);
  assert.equal(claim(claims.words, first), false);
  assert.equal(claims.revoke(first), false);
  assert.equal(claim(claims.words, second), true);
});

test('there are so many slots, and not one more', () => {
  const claims = new SharedClaims();
  const tickets = Array.from({ length: CLAIM_SLOTS }, () => claims.offer());
  assert.equal(new Set(tickets.map((ticket) => ticket % CLAIM_SLOTS)).size, CLAIM_SLOTS);
  assert.equal(claims.free, 0);
  assert.throws(() => claims.offer(), RangeError);
  for (const ticket of tickets) claims.release(ticket);
  assert.equal(claims.free, CLAIM_SLOTS);
});

test('offers, claims and revocations in any order agree with a model', () => {
  const step = fc.tuple(fc.constantFrom('offer', 'claim', 'revoke', 'release'), fc.nat(1000));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const claims = new SharedClaims();
      const held: Array<{ ticket: number; state: 'offered' | 'claimed' | 'revoked' }> = [];
      for (const [what, n] of steps) {
        const entry = held[n % Math.max(1, held.length)];
        if (what === 'offer') {
          if (claims.free > 0) held.push({ ticket: claims.offer(), state: 'offered' });
        } else if (entry === undefined) continue;
        else if (what === 'claim') {
          assert.equal(claim(claims.words, entry.ticket), entry.state === 'offered');
          if (entry.state === 'offered') entry.state = 'claimed';
        } else if (what === 'revoke') {
          assert.equal(claims.revoke(entry.ticket), entry.state === 'offered');
          if (entry.state === 'offered') entry.state = 'revoked';
        } else if (entry.state !== 'offered') {
          claims.release(entry.ticket);
          held.splice(held.indexOf(entry), 1);
        }
        assert.equal(claims.free, CLAIM_SLOTS - held.length);
        for (const each of held) assert.equal(claims.isClaimed(each.ticket), each.state === 'claimed');
      }
    }),
  );
});

test('when a thread claims what the pool revokes, exactly one of them gets it', {
  timeout: 60_000,
}, async () => {
  const rounds = 2000;
  const claims = new SharedClaims();
  const turn = new Int32Array(new SharedArrayBuffer(4));
  const won = new Uint8Array(new SharedArrayBuffer(rounds));
  const claimsUrl = new URL('../../src/pool/claims.js', import.meta.url).href;
  const offer = new Int32Array(new SharedArrayBuffer(4));
  const code = `
    const { workerData: { words, turn, won, offer, rounds, claimsUrl } } = require('node:worker_threads');
    import(claimsUrl).then(({ claim }) => {
      for (let id = 0; id < rounds; id += 1) {
        while (Atomics.load(turn, 0) < id + 1) Atomics.wait(turn, 0, id, 1);
        won[id] = claim(words, Atomics.load(offer, 0)) ? 1 : 0;
        Atomics.store(turn, 0, -id - 1);
        Atomics.notify(turn, 0);
        while (Atomics.load(turn, 0) === -id - 1) Atomics.wait(turn, 0, -id - 1, 1);
      }
    });`;
  const workerData = { words: claims.words, turn, won, offer, rounds, claimsUrl };
  const worker = new Worker(code, { eval: true, workerData });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  for (let id = 0; id < rounds; id += 1) {
    const ticket = claims.offer();
    Atomics.store(offer, 0, ticket);
    Atomics.store(turn, 0, id + 1);
    Atomics.notify(turn, 0);
    const revoked = claims.revoke(ticket);
    while (Atomics.load(turn, 0) !== -id - 1) Atomics.wait(turn, 0, id + 1, 1);
    assert.equal(Number(revoked) + (won[id] ?? 0), 1, `round ${id}`);
    claims.release(ticket);
  }
  Atomics.store(turn, 0, rounds + 1);
  Atomics.notify(turn, 0);
  await ended;
});
