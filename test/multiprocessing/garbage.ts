// The garbage collector, at once.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Also lets those hear of it who wait for what was collected. */
export async function collectGarbage(): Promise<void> {
  for (let n = 0; n < 10; n += 1) {
    gc();
    await new Promise(setImmediate);
  }
}
