/**
 * Linux, by way of koffi: the calls that Node does not have, and those that open and close descriptors. In worker threads
 * `node:fs` keeps a list of these, warns of closing what is not on it, and closes what is when the thread ends, although
 * by then it may belong to somebody else.
 *
 * koffi is loaded with the first region, not before: it takes some 6 ms, and most programs never need it.
 */

import { fstatSync, ftruncateSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import type * as Koffi from 'koffi';
import { errors, type Mapping, type System, type SystemResult } from './system.ts';

/** The number of futex(2), for which libc has no function. */
const FUTEX: Readonly<Record<string, number>> = { x64: 202, arm64: 98 };
const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;

const MFD_CLOEXEC = 0x1;
/** Since Linux 6.3; systems may be set up to refuse memory that could be executed. */
const MFD_NOEXEC_SEAL = 0x8;
const O_RDWR = 0o2;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

const POLLIN = 0x1;
const POLLOUT = 0x4;
const O_TMPFILE = 0o20200000;
/** Paths are as for everybody else, and the last step of this one is a link to be followed. */
const AT_FDCWD = -100;
const AT_SYMLINK_FOLLOW = 0x400;
/** Exclusive is not waited for. */
const FLOCK = { shared: 1, exclusive: 2 | 4, none: 8 } as const;

const CLOCK_THREAD_CPUTIME_ID = 3;

const PROT_READ_WRITE = 0x3;
const MAP_SHARED = 0x1;
const MAP_PRIVATE = 0x2;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;

/**
 * Milliseconds that a worker thread waits at a time, and so what `worker.terminate()`, or a `process.exit()` of the
 * main thread, may have to wait for. Each slice costs some 80 us of a processor, most of it for waking up.
 */
const SLICE_OF_WORKER = 50;
/** Nothing ends the main thread but the end of its process, which needs no help of the thread. */
const SLICE_OF_MAIN = 1000;

let loaded: SystemResult | undefined;

/** The system that this runs on. What came of it is remembered, in each thread for itself. */
export function loadSystem(): SystemResult {
  loaded ??= load(process.platform, process.arch, createRequire(import.meta.url));
  return loaded;
}

/** With all that it depends on as parameters. `require` is asked for 'koffi', where there can be a use for it. */
export function load(platform: string, arch: string, require: (name: string) => unknown): SystemResult {
  if (platform !== 'linux') {
    return { unavailable: `shared memory between processes needs Linux; this is ${platform}` };
  }
  const futex = FUTEX[arch];
  if (futex === undefined) {
    return { unavailable: `shared memory between processes needs Linux on x64 or arm64; this is ${arch}` };
  }
  try {
    return { system: linux(require('koffi') as typeof Koffi, futex) };
  } catch (error) {
    const [why] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { unavailable: `koffi could not be loaded: ${why}` };
  }
}

function linux(koffi: typeof Koffi, futexNumber: number): System {
  // The libraries that this process has loaded, libc among them, whatever it is called: it is libc.so.6 for
  // glibc, and something with the name of the processor in it for musl.
  const libc = koffi.load(null);
  const mmap = libc.func('intptr_t mmap(intptr_t, size_t, int, int, int, int64_t)');
  const munmap = libc.func('int munmap(intptr_t, size_t)');
  const fallocate = libc.func('int fallocate(int, int, int64_t, int64_t)');
  const linkat = libc.func('int linkat(int, const char *, int, const char *, int)');
  const flock = libc.func('int flock(int, int)');
  const pipe2 = libc.func('int pipe2(int *, int)');
  const close = libc.func('int close(int)');
  const ends = new Int32Array(2);
  const poll = libc.func('int poll(void *, unsigned long, int)');
  // A struct pollfd: the descriptor, then what to look for and what was found, of 16 bits each.
  const looked = new Int32Array(2);
  // Variadic in C. Declared with their arguments as they are here, which are passed in the same way on both
  // processors, since koffi would otherwise want the types of all of them with every call.
  const open = libc.func('int open(const char *, int, unsigned int)');
  const futex = libc.func('long syscall(long, intptr_t, int, int, void *)');
  const clockGettime = libc.func('int clock_gettime(int, void *)');
  const clock = new BigInt64Array(2);
  // Outside of V8's heap, although any array would do: it fails here and now in a runtime that has no views of
  // foreign memory, as Electron.
  const duration = new Int32Array(koffi.view(koffi.alloc('int64_t', 2), 16)).fill(0);

  const failed = (result: number): number => (result < 0 ? -koffi.errno() : result);
  // Opening this name gives another descriptor of the same thing, of any process, as dup would of our own.
  const duplicate = (descriptor: number, pid: number = process.pid, flags: number = 0): number =>
    failed(open(`/proc/${pid}/fd/${descriptor}`, O_RDWR | O_CLOEXEC | flags, 0));
  const makeMemory = (): number => {
    try {
      const memfd = libc.func('int memfd_create(const char *, unsigned int)');
      const descriptor = memfd('manyhands', MFD_CLOEXEC | MFD_NOEXEC_SEAL);
      return descriptor >= 0 ? descriptor : failed(memfd('manyhands', MFD_CLOEXEC));
    } catch {
      // An old libc, which has no such function.
      return -1;
    }
  };

  return {
    slice: isMainThread ? SLICE_OF_MAIN : SLICE_OF_WORKER,
    createMemory(size) {
      let descriptor = makeMemory();
      if (descriptor < 0) descriptor = openAndUnlink(libc, failed);
      if (descriptor < 0) return descriptor;
      const error = attempt(() => ftruncateSync(descriptor, size));
      if (error < 0) close(descriptor);
      return error < 0 ? error : descriptor;
    },
    createUnnamed: (folder) => failed(open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0o600)),
    giveName: (descriptor, path) =>
      failed(linkat(AT_FDCWD, `/proc/self/fd/${descriptor}`, AT_FDCWD, path, AT_SYMLINK_FOLLOW)),
    lockFile(descriptor, how) {
      let result: number;
      do result = failed(flock(descriptor, FLOCK[how]));
      while (result === errors.interrupted);
      return result;
    },
    sizeOf: (descriptor) => attempt(() => fstatSync(descriptor).size),
    duplicate,
    createPipe() {
      const error: number = failed(pipe2(ends, O_CLOEXEC));
      if (error < 0) return error;
      const both = duplicate(ends[0] as number, process.pid, O_NONBLOCK);
      for (const end of ends) close(end);
      return both;
    },
    closeDescriptor: (descriptor) => void close(descriptor),
    isReady(descriptor, to, milliseconds) {
      looked[0] = descriptor;
      looked[1] = to === 'read' ? POLLIN : POLLOUT;
      return poll(looked, 1, milliseconds) > 0;
    },
    allocate: (descriptor, start, length) => failed(fallocate(descriptor, 0, start, length)),
    map(descriptor, size): Mapping | number {
      const address: number = failed(mmap(0, size, PROT_READ_WRITE, MAP_SHARED, descriptor, 0));
      return address < 0 ? address : { address, buffer: koffi.view(address, size) };
    },
    view(descriptor, address, size) {
      const isThere = attempt(() => (isMappedAt(descriptor, address, size) ? 0 : errors.badAddress));
      return isThere < 0 ? isThere : { address, buffer: koffi.view(address, size) };
    },
    vacate(address, size) {
      const flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE;
      mmap(address, size, PROT_READ_WRITE, flags, -1, 0);
    },
    unmap(address, size) {
      munmap(address, size);
    },
    futexWait(address, value, milliseconds) {
      // A struct timespec: two little-endian numbers of 64 bits, seconds and nanoseconds.
      duration[0] = Math.floor(milliseconds / 1000);
      duration[2] = Math.floor((milliseconds % 1000) * 1e6);
      return failed(futex(futexNumber, address, FUTEX_WAIT, value, duration));
    },
    futexWake: (address, count) => failed(futex(futexNumber, address, FUTEX_WAKE, count, null)),
    threadCpuTime() {
      clockGettime(CLOCK_THREAD_CPUTIME_ID, clock);
      // A struct timespec: seconds and nanoseconds.
      return Number(clock[0]) * 1e3 + Number(clock[1]) / 1e6;
    },
  };
}

/** As the system tells, since an address that is wrong is a crash: a line is `from-to rw-s offset device inode name`. */
function isMappedAt(descriptor: number, address: number, size: number): boolean {
  const range = `${address.toString(16)}-${(address + size).toString(16)}`;
  const lines = readFileSync('/proc/self/maps', 'latin1').split('\n');
  const fields = lines.find((line) => line.startsWith(`${range} rw-s `))?.split(/ +/);
  return fields !== undefined && Number(fields[4]) === fstatSync(descriptor).ino;
}

/** Where there is no memfd_create: under a name for a moment, which a kill in between would leave behind. */
function openAndUnlink(libc: Koffi.LibraryHandle, failed: (result: number) => number): number {
  const shmOpen = libc.func('int shm_open(const char *, int, unsigned int)');
  const shmUnlink = libc.func('int shm_unlink(const char *)');
  const name = `/manyhands-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const descriptor = failed(shmOpen(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600));
  if (descriptor >= 0) shmUnlink(name);
  return descriptor;
}

/** What Node throws, as what the kernel says. */
function attempt(call: () => number | void): number {
  try {
    return call() ?? 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).errno ?? errors.noMemory;
  }
}
