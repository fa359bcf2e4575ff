/**
 * `manyhands/dashboard`: to be imported before a program, so that it has a dashboard without knowing of it.
 *
 *   MANYHANDS_DASHBOARD=8080 node --import manyhands/dashboard app.js
 *
 * The dashboard begins with the first executor. Programs that only start other programs, as `npm start` does, have none,
 * and do not take the port from those that need it.
 *
 * Options are in variables of the environment: MANYHANDS_DASHBOARD is the port, MANYHANDS_DASHBOARD_TOKEN the token,
 * MANYHANDS_DASHBOARD_QUIET=1 keeps the address from being printed.
 */

import { isMainThread } from 'node:worker_threads';
import { subscribe } from '../../events/subscribe.ts';
import type { Dashboard } from '../../futures/dashboard.ts';
import { dashboard } from './dashboard.ts';

const { MANYHANDS_DASHBOARD: port, MANYHANDS_DASHBOARD_TOKEN: token } = process.env;
const isQuiet = process.env['MANYHANDS_DASHBOARD_QUIET'] === '1';

// The threads of a program inherit its `--import`.
if (isMainThread) {
  const stop = subscribe('manyhands:executor:open', () => {
    stop();
    // An executor says so while it is being made, and cannot be asked anything yet.
    void Promise.resolve()
      .then(start)
      .then(
        ({ url }) => isQuiet || process.stderr.write(`manyhands: dashboard at ${url}\n`),
        (error: unknown) => process.emitWarning(`There is no dashboard: ${String(error)}`),
      );
  });
}

async function start(): Promise<Dashboard> {
  const wanted = Number(port ?? 0);
  const options = token === undefined ? {} : { token };
  try {
    return await dashboard({ ...options, port: wanted });
  } catch (error) {
    // A process of a pool that has an executor of its own was given the same environment.
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || wanted === 0) throw error;
    return dashboard(options);
  }
}
