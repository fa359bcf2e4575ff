// The portable cases of CPython's own tests for `queue`, and for the queues of `multiprocessing`, by file and class.
import type { Rows } from './index.ts';

export const queues: Rows = {
  'test_queue.py': {
    BaseQueueTestMixin: [
      'test_queue_task_done',
      'test_queue_join',
      'test_negative_timeout_raises_exception',
      'test_nowait',
      'test_shrinking_queue',
      'test_shutdown_empty',
      'test_shutdown_nonempty',
      'test_shutdown_immediate',
      'test_shutdown_allowed_transitions',
      'test_shutdown_all_methods_in_one_thread',
      'test_shutdown_immediate_all_methods_in_one_thread',
      'test_shutdown_all_methods_in_many_threads',
      'test_shutdown_immediate_all_methods_in_many_threads',
      'test_shutdown_immediate_get',
      'test_shutdown_put',
      'test_shutdown_immediate_put',
      'test_shutdown_immediate_join',
      'test_shutdown_join',
      'test_shutdown_put_join',
      'test_shutdown_get_task_done_join',
      'test_shutdown_pending_get',
    ],
    BaseSimpleQueueTest: [
      'test_basic',
      'test_negative_timeout_raises_exception',
      'test_order',
      'test_many_threads_nonblock',
      'test_many_threads_timeout',
    ],
  },
  '_test_multiprocessing.py': {
    _TestQueue: [
      'test_put',
      'test_get',
      'test_fork',
      'test_qsize',
      'test_task_done',
      'test_timeout',
      'test_queue_feeder_on_queue_feeder_error',
      'test_closed_queue_empty_exceptions',
      'test_closed_queue_put_get_exceptions',
    ],
    TestSimpleQueue: ['test_empty_exceptions', 'test_empty', 'test_close'],
  },
};
