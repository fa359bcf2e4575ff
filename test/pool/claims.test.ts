import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { CLAIM_SLOTS, claim, SharedClaims } from '../../src/pool/claims.ts';

const isSlot = (slot: number): boolean => Number.isInteger(slot) && slot >= 0 && slot < CLAIM_SLOTS;

test('a task that was offered is claimed once', () => {
  const claims = new SharedClaims();
  const slot = claims.offer(7);
  assert.ok(isSlot(slot));
  assert.equal(claims.isClaimed(slot, 7), false);
  assert.equal(claim(claims.words, slot, 7), true);
  assert.equal(claims.isClaimed(slot, 7), true);
  assert.equal(claim(claims.words, slot, 7), false);
  assert.equal(claims.revoke(slot, 7), false);
});

test('a task that was revoked is claimed by nobody', () => {
  const claims = new SharedClaims();
  const slot = claims.offer(7);
  assert.equal(claims.revoke(slot, 7), true);
  assert.equal(claims.revoke(slot, 7), false);
  assert.equal(claim(claims.words, slot, 7), false);
  assert.equal(claims.isClaimed(slot, 7), false);
});

test('a slot is no good for the number of the task that had it before', () => {
  const claims = new SharedClaims();
  const slot = claims.offer(1);
  claims.revoke(slot, 1);
  claims.release(slot);
  const again = claims.offer(2);
  assert.equal(again, slot);
  assert.equal(claim(claims.words, slot, 1), false);
  assert.equal(claim(claims.words, slot, 2), true);
});

test('there are so many slots, and not one more', () => {
  const claims = new SharedClaims();
  const slots = Array.from({ length: CLAIM_SLOTS }, (_, id) => claims.offer(id));
  assert.equal(new Set(slots).size, CLAIM_SLOTS);
  assert.equal(claims.free, 0);
  assert.throws(() => claims.offer(999), RangeError);
  for (const slot of slots) claims.release(slot);
  assert.equal(claims.free, CLAIM_SLOTS);
});

test('numbers that wrap work like small ones', () => {
  for (const id of [2 ** 29 - 1, 2 ** 29, 2 ** 29 + 1, 2 ** 40 + 5, Number.MAX_SAFE_INTEGER]) {
    const claims = new SharedClaims();
    const slot = claims.offer(id);
    assert.equal(claim(claims.words, slot, id - 1), false, `${id}`);
    assert.equal(claim(claims.words, slot, id), true, `${id}`);
    assert.equal(claims.isClaimed(slot, id), true, `${id}`);
  }
});

test('offers, claims and revocations in any order agree with a model', () => {
  const step = fc.tuple(fc.constantFrom('offer', 'claim', 'revoke', 'release'), fc.nat(1000));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const claims = new SharedClaims();
      const held: Array<{ id: number; slot: number; state: 'offered' | 'claimed' | 'revoked' }> = [];
      let id = 0;
      for (const [what, n] of steps) {
        const entry = held[n % Math.max(1, held.length)];
        if (what === 'offer') {
          if (claims.free === 0) continue;
          held.push({ id, slot: claims.offer(id), state: 'offered' });
          id += 1;
        } else if (entry === undefined) continue;
        else if (what === 'claim') {
          assert.equal(claim(claims.words, entry.slot, entry.id), entry.state === 'offered');
          if (entry.state === 'offered') entry.state = 'claimed';
        } else if (what === 'revoke') {
          assert.equal(claims.revoke(entry.slot, entry.id), entry.state === 'offered');
          if (entry.state === 'offered') entry.state = 'revoked';
        } else if (entry.state !== 'offered') {
          claims.release(entry.slot);
          held.splice(held.indexOf(entry), 1);
        }
        assert.equal(claims.free, CLAIM_SLOTS - held.length);
        for (const each of held) assert.equal(claims.isClaimed(each.slot, each.id), each.state === 'claimed');
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
  // The slot is the same in every round, since it is the last one released.
  const slot = claims.offer(0);
  const code = `
    const { workerData: { words, turn, won, slot, rounds, claimsUrl } } = require('node:worker_threads');
    import(claimsUrl).then(({ claim }) => {
      for (let id = 0; id < rounds; id += 1) {
        while (Atomics.load(turn, 0) < id + 1) Atomics.wait(turn, 0, id, 1);
        won[id] = claim(words, slot, id) ? 1 : 0;
        Atomics.store(turn, 0, -id - 1);
        Atomics.notify(turn, 0);
        while (Atomics.load(turn, 0) === -id - 1) Atomics.wait(turn, 0, -id - 1, 1);
      }
    });`;
  const workerData = { words: claims.words, turn, won, slot, rounds, claimsUrl };
  const worker = new Worker(code, { eval: true, workerData });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  claims.revoke(slot, 0);
  claims.release(slot);
  for (let id = 0; id < rounds; id += 1) {
    assert.equal(claims.offer(id), slot);
    Atomics.store(turn, 0, id + 1);
    Atomics.notify(turn, 0);
    const revoked = claims.revoke(slot, id);
    while (Atomics.load(turn, 0) !== -id - 1) Atomics.wait(turn, 0, id + 1, 1);
    assert.equal(Number(revoked) + (won[id] ?? 0), 1, `round ${id}`);
    claims.release(slot);
  }
  Atomics.store(turn, 0, rounds + 1);
  Atomics.notify(turn, 0);
  await ended;
});
