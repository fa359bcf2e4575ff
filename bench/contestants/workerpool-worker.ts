/** The worker of workerpool, for both of its kinds: it registers the tasks by name. */
import workerpool from 'workerpool';
import * as tasks from '../tasks.ts';

workerpool.worker({ ...tasks });
