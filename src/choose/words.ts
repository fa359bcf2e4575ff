/** The advice in plain words. Nothing is decided here, except how to say it. */

import { fileURLToPath } from 'node:url';
import type { Advice, Option, Words } from './advice.ts';
import { count, digits, duration, percent, size } from './figures.ts';
import type { BackendKind, CallProfile, Plan } from './predict.ts';

type Facts = Omit<Advice, 'words'>;

const names: Readonly<Record<BackendKind, string>> = {
  'event-loop': 'the event loop',
  thread: 'threads',
  process: 'processes',
};

/** What is said of a call that takes this part of its time for one thing. */
const MOSTLY = 0.6;
/** A pool that has to carry values for this part of the work is told so. */
const MUCH = 0.2;

export function putIntoWords(facts: Facts): Words {
  const chosen = facts.options.find(({ backend }) => backend === facts.use) as Option;
  return {
    use: whatToUse(facts, chosen),
    because: [...reasons(facts, chosen), ...facts.findings.map(({ text }) => text)],
    pays: whenItPays(facts),
    changes: whatWouldChange(facts, chosen),
    code: codeFor(facts, chosen),
  };
}

/** "2 threads, with 8 calls under way in each". */
export function describePlan({ backend, workers, concurrency, chunkSize }: Plan): string {
  const atATime =
    concurrency > 1 ? `${concurrency} calls under way${backend === 'event-loop' ? '' : ' in each'}` : '';
  const chunks = chunkSize > 1 ? `chunks of ${chunkSize}` : '';
  const more = [atATime, chunks].filter((part) => part !== '').join(', and ');
  const noun = backend === 'process' ? 'process' : 'thread';
  const plural = workers === 1 ? noun : backend === 'process' ? 'processes' : 'threads';
  const place = backend === 'event-loop' ? 'the event loop' : `${workers} ${plural}`;
  return more === '' ? place : `${place}, with ${more}`;
}

function whatToUse({ call, calls, samples, function: { name } }: Facts, chosen: Option): string {
  if (samples.length === 0)
    return `Use ${names[chosen.backend]}. No call of ${name} came to its end, so that nothing is known of its time.`;
  if (chosen.backend === 'event-loop' && !call.async) {
    return `Call ${name} as it is, without any pool: ${duration(chosen.ms)} for ${count(calls, 'call')}.`;
  }
  return `Use ${describePlan(chosen)}: ${duration(chosen.ms)} for ${count(calls, 'call')}.`;
}

function reasons(facts: Facts, chosen: Option): string[] {
  const { call, options, machine, maxBlocked } = facts;
  // Nothing is known of times where no call came to its end.
  if (facts.samples.length === 0) return [];
  const said = [kindOf(call)];
  for (const { backend, ms, but } of options) {
    if (backend === chosen.backend) continue;
    if (but !== undefined) said.push(`Not ${names[backend]}: ${but}.`);
    else if (ms > chosen.ms * 1.1) {
      said.push(
        `${capital(names[backend])} would take ${digits(ms / chosen.ms)} times as long: ${duration(ms)}.`,
      );
    } else {
      said.push(
        ms < chosen.ms
          ? `${capital(names[backend])} would take ${duration(ms)}, which is not worth what they cost.`
          : `${capital(names[backend])} would take about as long, ${duration(ms)}.`,
      );
    }
  }
  if (chosen.backend !== 'event-loop') {
    said.push(limitation(chosen, machine.cores), `It takes about ${size(chosen.memory)} of memory.`);
    if (
      maxBlocked !== null &&
      call.blocked > maxBlocked &&
      !options.some(({ backend, but }) => backend === 'event-loop' && but)
    ) {
      said.push(`The event loop stays free: a call blocks its own for ${duration(call.blocked)}.`);
    }
  }
  return said.filter((text) => text !== '');
}

function kindOf({ cpu, hold, wait, async, bytes }: CallProfile): string {
  const total = hold + wait;
  const values = bytes >= 1000 ? ` Arguments and result are ${size(bytes)}.` : '';
  if (total === 0) return '';
  if (cpu > MOSTLY * total) return `A call computes for ${duration(cpu)}.${values}`;
  if (wait > MOSTLY * total) {
    return `A call waits for ${duration(wait)}, and computes for ${duration(cpu)} (${percent(cpu / total)}).${values}`;
  }
  if (!async) {
    return `A call blocks its thread for ${duration(hold)}, and computes for ${duration(cpu)} of that: it waits without letting others run.${values}`;
  }
  return `A call computes for ${duration(cpu)} and waits for ${duration(wait)}.${values}`;
}

function limitation({ limit, workers, startMs, ms }: Option, cores: number): string {
  switch (limit) {
    case 'start':
      return `Most of that, ${duration(startMs)}, is for starting workers: a pool that runs already would take ${duration(ms - startMs)}.`;
    case 'messages':
      return 'Most of it is for messages: larger pieces of work for each call would be faster.';
    case 'computing':
      return workers >= cores
        ? `All ${count(cores, 'core')} compute; more workers would not be faster.`
        : 'More workers would not be faster.';
    case 'waiting':
      return 'Most of it is waiting, which more calls at a time would shorten, if what they wait for allows it.';
  }
}

function whenItPays({ crossings, warm }: Facts): string[] {
  return crossings.map(({ faster, than, calls }) => {
    if (calls === null) return `${capital(names[faster])} are never faster than ${names[than]} here.`;
    if (calls === 1)
      return `${capital(names[faster])} ${verb(faster)} faster than ${names[than]} from the first call on.`;
    return `${capital(names[faster])} ${verb(faster)} faster than ${names[than]} from ${count(calls, 'call')} on${warm ? '' : ', starting them included'}.`;
  });
}

function verb(backend: BackendKind): string {
  return backend === 'event-loop' ? 'is' : 'are';
}

function whatWouldChange(facts: Facts, chosen: Option): string[] {
  const { call, growth, conditions, machine, warm, options, maxBlocked } = facts;
  const said: string[] = [];
  if (growth !== null && growth.kind !== 'constant') {
    const of =
      growth.of === 'value'
        ? 'the number given'
        : growth.of === 'length'
          ? 'the length of its input'
          : 'the bytes of its input';
    said.push(
      growth.kind === 'power'
        ? `Larger inputs: a call takes time that grows as ${of} to the power of ${digits(growth.rate)}.`
        : `Larger inputs: a call takes ${digits(growth.rate)} times as long for each 1 more of ${of}.`,
    );
  }
  if (
    !warm &&
    chosen.limit !== 'start' &&
    chosen.backend !== 'event-loop' &&
    chosen.startMs > MUCH * chosen.ms
  ) {
    said.push(
      `A pool that runs already: ${duration(chosen.startMs)} of ${duration(chosen.ms)} are for starting it.`,
    );
  }
  if (conditions.together < 0.8 * machine.cores) {
    said.push(
      `A machine with less to do: of ${count(machine.cores, 'core')} ${digits(conditions.together)} could be had while this was measured.`,
    );
  }
  if (chosen.concurrency > 1) {
    said.push(
      `Whatever the calls wait for: that ${chosen.workers * chosen.concurrency} at a time take no longer than one was not tried on it, beyond the check below.`,
    );
  }
  const loop = options.find(({ backend }) => backend === 'event-loop');
  if (
    loop?.but === undefined &&
    chosen.backend === 'event-loop' &&
    maxBlocked !== null &&
    call.blocked > maxBlocked / 5
  ) {
    said.push(
      `Calls that block for more than ${duration(maxBlocked)}: then threads, so that the program can do something else meanwhile.`,
    );
  }
  if (chosen.backend === 'thread')
    said.push('A call that may crash, or must not see the memory of others: then processes.');
  return said;
}

function codeFor(facts: Facts, { backend, workers, concurrency, chunkSize }: Option): string {
  const { call, function: fn } = facts;
  const lines: string[] = [];
  const from = fn.url === null ? undefined : fn.url.startsWith('file:') ? fileURLToPath(fn.url) : fn.url;
  const named = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(fn.export ?? fn.name);
  const name = fn.export === 'default' || !named ? 'fn' : (fn.export ?? fn.name);
  const imported =
    from === undefined
      ? []
      : [`import ${fn.export === 'default' ? name : `{ ${name} }`} from ${JSON.stringify(from)};`];
  if (backend === 'event-loop' && !call.async) {
    const each =
      facts.arity === 1 ? `inputs.map((input) => ${name}(input))` : `inputs.map((args) => ${name}(...args))`;
    return [...imported, '', `const results = ${each};`].join('\n').trim();
  }
  const executor =
    backend === 'event-loop'
      ? 'EventLoopExecutor'
      : backend === 'thread'
        ? 'ThreadPoolExecutor'
        : 'ProcessPoolExecutor';
  const options =
    backend === 'event-loop'
      ? `{ concurrency: ${concurrency}, isolated: false }`
      : `{ maxWorkers: ${workers}${concurrency > 1 ? `, concurrency: ${concurrency}` : ''} }`;
  lines.push(
    `import { ${executor} } from 'manyhands';`,
    ...imported,
    '',
    `await using pool = new ${executor}(${options});`,
    `const results = await pool${chunkSize > 1 ? `.with({ chunkSize: ${chunkSize} })` : ''}.map(${name}, ${columnsOf(facts)});`,
  );
  return lines.join('\n');
}

/** One list for each parameter. */
function columnsOf({ arity }: Facts): string {
  if (arity <= 1) return 'inputs';
  return Array.from({ length: arity }, (_, index) => `inputs.map((args) => args[${index}])`).join(', ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
