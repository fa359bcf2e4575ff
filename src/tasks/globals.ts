/**
 * The names that mean the same in every worker. What a program put on `globalThis` itself is not among them:
 * it is there in the parent only.
 */
import { runInNewContext } from 'node:vm';

/** What Node adds to the language, over all versions supported; some are missing on the older ones. */
const platform = `
  process global Buffer console navigator
  setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate queueMicrotask structuredClone
  URL URLSearchParams URLPattern AbortController AbortSignal DOMException
  Event EventTarget CustomEvent MessageEvent CloseEvent ErrorEvent EventSource WebSocket
  MessageChannel MessagePort BroadcastChannel Blob File FormData Headers Request Response fetch
  TextEncoder TextDecoder TextEncoderStream TextDecoderStream CompressionStream DecompressionStream
  ReadableStream ReadableStreamDefaultReader ReadableStreamBYOBReader ReadableStreamBYOBRequest
  ReadableStreamDefaultController ReadableByteStreamController
  WritableStream WritableStreamDefaultWriter WritableStreamDefaultController
  TransformStream TransformStreamDefaultController ByteLengthQueuingStrategy CountQueuingStrategy
  atob btoa crypto Crypto CryptoKey SubtleCrypto Navigator Storage
  performance Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver
  PerformanceObserverEntryList PerformanceResourceTiming
`;

/**
 * Builtins younger than the oldest Node supported, which code asks for by `typeof` (as helpers of `using`
 * do).
 */
const young = 'Iterator Float16Array SuppressedError DisposableStack AsyncDisposableStack Temporal';

let language: ReadonlySet<string> | undefined;
let all: ReadonlySet<string> | undefined;

/** The builtins of the language, as this runtime has them before anybody touched them. */
export function languageGlobals(): ReadonlySet<string> {
  language ??= new Set([
    ...(runInNewContext('Object.getOwnPropertyNames(globalThis)') as string[]),
    ...young.split(' '),
  ]);
  return language;
}

/** The builtins of the language, of the web as Node has it, and of Node. */
export function standardGlobals(): ReadonlySet<string> {
  all ??= new Set([...languageGlobals(), ...platform.trim().split(/\s+/)]);
  return all;
}

/** What Vite writes for `import()` in the modules that it runs itself. */
export const viteImport = '__vite_ssr_dynamic_import__';

/** What a worker provides to a function that came by source, because compilers write calls to it. */
export function isProvidedHelper(name: string): boolean {
  // esbuild, and so tsx and Vite, keep function names by `__name(fn, "name")`; Istanbul counts by
  // `cov_1a2b3c()`.
  return name === '__name' || name === viteImport || /^cov_[a-z0-9]+$/.test(name);
}
