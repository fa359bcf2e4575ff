/** The worker of poolifier's thread pool. */
import { type TaskFunctions, ThreadWorker } from 'poolifier';
import * as tasks from '../tasks.ts';

// The library's types want tasks of `unknown`; these know what they get.
const worker: ThreadWorker = new ThreadWorker({ ...tasks } as unknown as TaskFunctions);
export default worker;
