/**
 * The document that the `io` experiment downloads: 100 made-up posts, about 27 KB of JSON, the same in every
 * run, so that a download can be checked to the byte.
 */
import { createHash } from 'node:crypto';

const POSTS = 100;
const WORDS_IN_BODY = 33;
const SYLLABLES = ['ka', 'lo', 'mi', 'ne', 'su', 'ta', 'ri', 'vo', 'el', 'an', 'or', 'us'];

export interface Post {
  readonly userId: number;
  readonly id: number;
  readonly title: string;
  readonly body: string;
}

/** What a right download is, in a form that is cheap to compare. */
export interface DocumentCheck {
  readonly bytes: number;
  readonly sha256: string;
}

export function buildDocument(): string {
  const random = pseudoRandom(1);
  const words = (count: number): string =>
    Array.from({ length: count }, () => {
      const syllables = 2 + random(3);
      return Array.from({ length: syllables }, () => SYLLABLES[random(SYLLABLES.length)]).join('');
    }).join(' ');
  const posts: Post[] = [];
  for (let id = 1; id <= POSTS; id++) {
    posts.push({ userId: Math.ceil(id / 10), id, title: words(4), body: words(WORDS_IN_BODY - 7) });
  }
  return JSON.stringify(posts, null, 2);
}

export function checkOf(body: string | Uint8Array): DocumentCheck {
  return {
    bytes: Buffer.byteLength(body),
    sha256: createHash('sha256').update(body).digest('hex'),
  };
}

/**
 * The generator of Numerical Recipes: poor, short, and the same everywhere, which is all that is asked of it.
 */
function pseudoRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
