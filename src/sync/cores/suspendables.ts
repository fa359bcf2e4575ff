/** The locks that a condition can let go of and have back, by the objects that users have of them. */

import type { Suspendable } from './condition-core.ts';

export const suspendables: WeakMap<object, Suspendable> = new WeakMap();
