export type { Address, Family, HostAndPort } from './address.ts';
export { type AuthKey, answerChallenge, deliverChallenge, type HandshakeOptions } from './authentication.ts';
export { Client, type ClientOptions } from './client.ts';
export { type Bytes, Connection, type ConnectionOptions, type ReceiveOptions } from './connection.ts';
export { Listener, type ListenerOptions, type Peer } from './listener.ts';
export {
  Pipe,
  type PipeConnection,
  type PipeOptions,
  type ReceiveSyncOptions,
} from './pipe.ts';
export { type Pollable, type Waitable, wait } from './wait.ts';
