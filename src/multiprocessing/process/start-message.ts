/** The one message that a process gets: who it is, and what it is to run. */

import type { Places } from '../../memory/arena/places.ts';
import type { Family } from '../../tasks/family.ts';
import type { TaskReference } from '../../tasks/reference.ts';

export interface StartMessage {
  readonly family: Family;
  /** Absent where a subclass has a `run()` that needs none. */
  readonly target: TaskReference | undefined;
  /** Its arguments, as the codec packed them. */
  readonly args: unknown;
  /** Where the process is of a class of its own: that class, and the object's fields, packed. */
  readonly subclass: { readonly reference: TaskReference; readonly fields: unknown } | undefined;
  /** The memory that this family shares, if it has any yet: so that the child makes none of its own. */
  readonly places: Places | undefined;
}

/** The pipe that it comes by, as a descriptor in the child. The child answers with a byte when it calls its target. */
export const START_FD = 3;
