import type { Rows } from './index.ts';

/** The same for `threading`, as far as it is about threads, timers and thread-local values. */
export const threading: Rows = {
  'test_threading.py': {
    ThreadTests: [
      'test_name',
      'test_args_argument',
      'test_various_ops',
      'test_various_ops_small_stack',
      'test_various_ops_large_stack',
      'test_limbo_cleanup',
      'test_join_nondaemon_on_shutdown',
      'test_enumerate_after_join',
      'test_join_from_multiple_threads',
      'test_join_with_timeout',
      'test_repr_daemon',
      'test_daemon_param',
      'test_main_thread',
      'test_repr_stopped',
      'test_boolean_target',
      'test_leak_without_join',
      'test_start_new_thread_at_finalization',
      'test_start_new_thread_failed',
    ],
    ThreadJoinOnShutdown: ['test_1_join_on_shutdown', 'test_4_daemon_threads'],
    ThreadingExceptionTests: [
      'test_start_thread_again',
      'test_joining_current_thread',
      'test_joining_inactive_thread',
      'test_daemonize_active_thread',
      'test_recursion_limit',
      'test_print_exception',
    ],
    ExceptHookTests: [
      'test_excepthook',
      'test_excepthook_thread_None',
      'test_system_exit',
      'test_custom_excepthook',
      'test_custom_excepthook_fail',
      'test_original_excepthook',
    ],
    TimerTests: ['test_init_immutable_default_args'],
    MiscTestCase: ['test__all__', 'test_change_name'],
    InterruptMainTests: ['test_can_interrupt_tight_loops'],
  },
  'test_threading_local.py': {
    BaseLocalTest: [
      'test_derived',
      'test_arguments',
      'test_threading_local',
      'test_threading_local_subclass',
    ],
  },
};
