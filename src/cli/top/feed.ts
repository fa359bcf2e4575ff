/** The feed of a dashboard, read by a program: server-sent events, as far as our server writes them. */

import type { Program, Tick } from '../../observe/dashboard/messages.ts';
import type { Announcement } from '../../observe/dashboard/runtime-folder.ts';

export type FeedEvent =
  | { readonly type: 'program'; readonly program: Program }
  | { readonly type: 'tick'; readonly tick: Tick };

/** Ends when the program does, or `signal` fires. Rejects if the program does not answer, or not with a feed. */
export async function* readFeed(
  { origin, token }: Pick<Announcement, 'origin' | 'token'>,
  signal: AbortSignal,
): AsyncGenerator<FeedEvent> {
  const response = await fetch(`${origin}/events`, { headers: { authorization: `Bearer ${token}` }, signal });
  if (!response.ok || response.body === null) {
    throw new Error(`${origin} answered ${response.status}: ${(await response.text()).trim()}`);
  }
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
      const messages = (rest + decoder.decode(piece, { stream: true })).split('\n\n');
      rest = messages.pop() ?? '';
      for (const message of messages) {
        const event = parse(message);
        if (event !== undefined) yield event;
      }
    }
  } catch (error) {
    // Cut off in the middle: the program has ended, or we are asked to.
    if (!signal.aborted && !isCutOff(error)) throw error;
  }
}

function parse(message: string): FeedEvent | undefined {
  const field = (name: string): string | undefined =>
    message
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const data = field('data');
  if (data === undefined) return undefined;
  const type = field('event');
  if (type === 'program') return { type, program: JSON.parse(data) as Program };
  if (type === 'tick') return { type, tick: JSON.parse(data) as Tick };
  return undefined;
}

/** What `fetch` says of a body that ends too early. */
function isCutOff(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'terminated';
}
