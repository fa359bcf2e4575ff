import type { Rows } from './index.ts';

/** Those of `test_multiprocessing` about managers. */
export const manager: Rows = {
  '_test_multiprocessing.py': {
    _TestContainers: [
      'test_list',
      'test_list_isinstance',
      'test_list_iter',
      'test_list_proxy_in_list',
      'test_dict',
      'test_dict_isinstance',
      'test_dict_iter',
      'test_nested_queue',
      'test_namespace',
    ],
    _TestMyManager: ['test_mymanager', 'test_mymanager_context', 'test_mymanager_context_prestarted'],
    _TestRemoteManager: ['test_remote'],
    _TestManagerRestart: ['test_rapid_restart'],
    TestSyncManagerTypes: [
      'test_event',
      'test_lock',
      'test_rlock',
      'test_semaphore',
      'test_bounded_semaphore',
      'test_condition',
      'test_barrier',
      'test_pool',
      'test_queue',
      'test_joinable_queue',
      'test_list',
      'test_dict',
      'test_value',
      'test_array',
      'test_namespace',
      'test_set',
      'test_set_init',
      'test_set_contain_all_method',
    ],
  },
};
