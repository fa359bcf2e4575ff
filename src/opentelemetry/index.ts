/** `manyhands/opentelemetry`: traces that go on in workers, and metrics. */

export { type Instrumentation, type InstrumentOptions, instrument } from './instrument.ts';
