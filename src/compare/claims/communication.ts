/** Claims about sharing memory, passing data, and what goes wrong when several write at once. */

import { microseconds, milliseconds, perSecond, whole } from '../format.ts';
import { type ClaimDefinition, given, smaller, sources } from './claim.ts';

/** Moving the data is what a message costs if it takes this many times as long as an empty one. */
const DOMINATED_BY_DATA = 3;

export const communication: readonly ClaimDefinition[] = [
  {
    id: 'threads-share-memory',
    source: sources.all,
    text: 'Threads share memory: what one writes to an object, all see',
    judge: (run) =>
      given(
        [
          run.metric('communicate', 'threads', 'sharesObjects'),
          run.metric('communicate', 'threads', 'sharesBuffers'),
        ],
        (objects, buffers) => ({
          holds: objects === 1,
          figures:
            objects === 1
              ? 'a write to an object is seen'
              : `a write to an object is not seen, to a shared buffer it is${buffers === 1 ? '' : ' not either'}`,
        }),
      ),
    whyDifferent: 'Objects are copied to threads of Node; only a SharedArrayBuffer is shared.',
  },
  {
    id: 'processes-have-own-memory',
    source: sources.all,
    text: 'Processes have memory of their own: what one writes, others do not see',
    judge: (run) =>
      given(
        [
          run.metric('communicate', 'processes', 'sharesObjects'),
          run.metric('communicate', 'processes', 'sharesBuffers'),
        ],
        (objects, buffers) => ({
          holds: objects === 0 && buffers === 0,
          figures: objects === 0 && buffers === 0 ? 'a write is not seen' : 'a write is seen',
        }),
      ),
  },
  {
    id: 'threads-communicate-faster',
    source: sources.difference,
    text: 'Threads communicate faster than processes',
    judge: (run) =>
      smaller(
        ['there and back: threads', run.metric('communicate', 'threads', 'roundTripUs')],
        ['processes', run.metric('communicate', 'processes', 'roundTripUs')],
        microseconds,
      ),
  },
  {
    id: 'threads-move-data-faster',
    source: sources.choosing,
    text: 'Data reaches threads more cheaply than processes',
    judge: (run) =>
      given(
        [
          run.metric('communicate', 'threads', 'mbPerSecond'),
          run.metric('communicate', 'processes', 'mbPerSecond'),
        ],
        (threads, processes) => ({
          holds: threads > processes,
          figures: `threads ${perSecond(threads)}, processes ${perSecond(processes)}`,
        }),
      ),
  },
  {
    id: 'minimise-data-transfer',
    source: sources.choosing,
    text: 'Passing much data between processes is costly; pass little',
    judge: (run) =>
      given(
        [
          run.metric('communicate', 'processes', 'payloadMs'),
          run.metric('communicate', 'processes', 'roundTripUs'),
        ],
        (payloadMs, emptyUs) => ({
          holds: payloadMs * 1000 >= emptyUs * DOMINATED_BY_DATA,
          figures: `1 MiB there and back ${milliseconds(payloadMs)}, nothing ${microseconds(emptyUs)}`,
        }),
      ),
  },
  {
    id: 'frequent-messages-costly',
    source: sources.choosing,
    text: 'Frequent messages make processes a bad choice: each costs far more than a call',
    judge: (run) =>
      smaller(
        ['a call', run.metric('communicate', 'one-by-one', 'roundTripUs')],
        ['a message to a process and back', run.metric('communicate', 'processes', 'roundTripUs')],
        microseconds,
      ),
  },
  {
    id: 'threads-race',
    source: sources.guide,
    text: 'Threads bring race conditions: unguarded updates get lost',
    judge: (run) =>
      given(
        [
          run.metric('communicate', 'threads', 'lostUpdates'),
          run.metric('communicate', 'threads', 'increments'),
        ],
        (lost, all) => ({ holds: lost > 0, figures: `${whole(lost)} of ${whole(all)} updates lost` }),
      ),
  },
  {
    id: 'locks-prevent-races',
    source: sources.guide,
    text: 'A lock (here an atomic operation) prevents lost updates',
    judge: (run) =>
      given([run.metric('communicate', 'threads', 'lostUpdatesGuarded')], (lost) => ({
        holds: lost === 0,
        figures: `${whole(lost)} updates lost`,
      })),
  },
  {
    id: 'processes-do-not-race',
    source: sources.guide,
    text: 'Processes lose no updates, since each has its own data',
    judge: (run) =>
      given([run.metric('communicate', 'processes', 'lostUpdates')], (lost) => ({
        holds: lost === 0,
        figures: `${whole(lost)} updates lost`,
      })),
  },
  {
    id: 'queues-are-safe',
    source: sources.guide,
    text: 'Messages carry data between processes safely',
    judge: (run) =>
      given(
        [
          run.metric('communicate', 'processes', 'messagesReceived'),
          run.metric('communicate', 'processes', 'messagesSent'),
        ],
        (received, sent) => ({
          holds: received === sent,
          figures: `${whole(received)} of ${whole(sent)} arrived`,
        }),
      ),
  },
];
