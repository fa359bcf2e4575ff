/** What it takes to copy a value out of its heap and into another one. */

import { types } from 'node:util';
import { DefaultSerializer, deserialize } from 'node:v8';

/** One value, or all arguments of a call. */
export interface Crossing {
  /** As bytes; what is shared and not copied does not count. */
  readonly bytes: number;
  /** Milliseconds to make bytes of it, and a value again. `decode` is 0 where only its first owner can read it. */
  readonly encode: number;
  readonly decode: number;
}

/** Hooks of Node's that its types leave out. */
interface Hooks {
  _writeHostObject(value: object): void;
  _getSharedArrayBufferId(memory: SharedArrayBuffer): number;
}

/**
 * A serializer that takes what crosses as something else than a copy (ports, memory that is shared) for nothing, where the
 * common one would refuse it.
 *
 * @param onShared is called when something is left out; the bytes cannot be read back then.
 */
function sizer(onShared: () => void): DefaultSerializer {
  const serializer = new DefaultSerializer() as DefaultSerializer & Hooks;
  const writeView = serializer._writeHostObject.bind(serializer);
  serializer._getSharedArrayBufferId = () => {
    onShared();
    return 0;
  };
  serializer._writeHostObject = (value) => {
    if (ArrayBuffer.isView(value) && !types.isSharedArrayBuffer(value.buffer)) {
      writeView(value);
      return;
    }
    onShared();
    serializer.writeUint32(0);
  };
  return serializer;
}

/** `undefined` for values that hold something which can neither be copied nor shared, as a function. */
export function crossingOf(value: unknown): Crossing | undefined {
  try {
    let readsBack = true;
    const serializer = sizer(() => {
      readsBack = false;
    });
    const startedAt = performance.now();
    serializer.writeHeader();
    serializer.writeValue(value);
    const bytes = serializer.releaseBuffer();
    const encode = performance.now() - startedAt;
    if (!readsBack) return { bytes: bytes.byteLength, encode, decode: 0 };
    const encodedAt = performance.now();
    deserialize(bytes);
    return { bytes: bytes.byteLength, encode, decode: performance.now() - encodedAt };
  } catch {
    return undefined;
  }
}
