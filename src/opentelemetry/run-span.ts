/**
 * Where tasks run: a span around each, as a child of the one that it was submitted in. Workers import this module with the
 * first call that carries a trace; what records spans there is set up by the program's `initializer`.
 */

import * as api from '@opentelemetry/api';
import { registerCarrier } from '../context.ts';
import { CARRIER, traceCarrier } from './carrier.ts';

registerCarrier(CARRIER, traceCarrier(api));
