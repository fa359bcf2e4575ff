/** A process of its own for one function, and one for the method of a class. */
import { isMain } from 'manyhands';
import { currentProcess, Process } from 'manyhands/multiprocessing';

export function greet(name: string): void {
  console.log(`Hello ${name}, from ${currentProcess().name}`);
}

export class Counter extends Process {
  readonly limit: number;

  constructor(limit: number) {
    super({ name: 'counter' });
    this.limit = limit;
  }

  override run(): void {
    let sum = 0;
    for (let i = 1; i <= this.limit; i++) sum += i;
    console.log(`The ${this.name} counted to ${this.limit}: ${sum}`);
    process.exitCode = 3;
  }
}

async function main(): Promise<void> {
  const greeter = new Process({ target: greet, args: ['Bob'], name: 'greeter' });
  greeter.start();
  console.log(`The greeter exited with ${(await greeter.join()).exitCode}`);

  const counter = new Counter(1000);
  counter.start();
  console.log(`The counter exited with ${(await counter.join()).exitCode}`);
}

// A child imports this module to find `greet` and `Counter`.
if (isMain(import.meta)) await main();
