/**
 * The feed, and how it is with it. A browser reconnects by itself when a connection breaks, and says which tick it saw
 * last; not so when it is answered with an error, as by a program that has started anew, with another token.
 */
import type { Program, Tick } from '../../src/observe/dashboard/messages.ts';

export type ConnectionState = 'connecting' | 'open' | 'lost' | 'refused';

export interface Listeners {
  onProgram(program: Program): void;
  onTick(tick: Tick): void;
  onState(state: ConnectionState): void;
}

export function connect({ onProgram, onTick, onState }: Listeners): void {
  onState('connecting');
  const source = new EventSource('events');
  source.addEventListener('open', () => onState('open'));
  source.addEventListener('program', ({ data }) => onProgram(JSON.parse(data) as Program));
  source.addEventListener('tick', ({ data }) => onTick(JSON.parse(data) as Tick));
  source.addEventListener('error', () => {
    onState(source.readyState === EventSource.CLOSED ? 'refused' : 'lost');
  });
}
