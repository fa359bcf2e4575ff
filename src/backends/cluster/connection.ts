/**
 * Where the queue is: Redis, or PostgreSQL through BullMQ's own backend for it.
 *
 * Whatever says how to connect (hosts, credentials, TLS) is handed on as it is. Added are only the things without which a
 * cluster would not outlive its server: commands wait for it as long as it takes, instead of failing after some tries, and
 * look for it at least every two seconds.
 */

import { type BackendFactory, createPostgresBackend, type IQueueBackend } from 'bullmq';

/**
 * `redis://`, `rediss://`, `postgres://` or `postgresql://`; the options of an ioredis client, or such a client; the options
 * of a `pg.Pool` with a `connectionString`, or such a pool.
 */
export type ClusterConnection = string | object;

/** What all of BullMQ's classes are made with. */
export interface Connection {
  readonly options: { readonly connection: object };
  readonly backend: BackendFactory<IQueueBackend, object> | undefined;
}

/** Milliseconds between two tries to reach a Redis that is away: more each time, up to this. */
const MOST_BETWEEN_TRIES_MS = 2000;

/** @throws TypeError for what is neither a URL nor an object */
export function connectionOf(where: ClusterConnection): Connection {
  if (typeof where === 'string') {
    if (/^rediss?:\/\//.test(where)) return toRedis({ url: where });
    if (/^postgres(?:ql)?:\/\//.test(where)) return toPostgres({ connectionString: where, migrate: true });
  } else if (typeof where === 'object' && where !== null) {
    return isPostgres(where) ? toPostgres(where) : toRedis(where);
  }
  // Not the value: a URL with a typing error may hold a password.
  throw new TypeError(
    'connection must be a URL (redis://, rediss://, postgres://), or an object: options or a client of ioredis or pg',
  );
}

function toRedis(options: object): Connection {
  // A client has been configured by whoever made it.
  const isClient = 'defineCommand' in options || 'sendCommand' in options || 'duplicate' in options;
  const connection = isClient
    ? options
    : {
        retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 10), MOST_BETWEEN_TRIES_MS),
        maxRetriesPerRequest: null,
        ...options,
      };
  return { options: { connection }, backend: undefined };
}

function toPostgres(connection: object): Connection {
  return { options: { connection }, backend: createPostgresBackend as Connection['backend'] };
}

/** The options of a pool of pg, or the pool itself. */
function isPostgres(where: object): boolean {
  return 'connectionString' in where || 'totalCount' in where || 'database' in where;
}
