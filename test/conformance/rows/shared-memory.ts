import type { Rows } from './index.ts';

/** The same for shared values and shared memory. */
export const sharedMemory: Rows = {
  '_test_multiprocessing.py': {
    _TestValue: ['test_value', 'test_rawvalue', 'test_getobj_getlock'],
    _TestArray: ['test_array', 'test_array_from_size', 'test_rawarray', 'test_getobj_getlock_obj'],
    _TestSharedCTypes: ['test_sharedctypes', 'test_synchronize', 'test_copy'],
    _TestSharedMemory: [
      'test_shared_memory_name_with_embedded_null',
      'test_shared_memory_basics',
      'test_shared_memory_recreate',
      'test_invalid_shared_memory_creation',
      'test_shared_memory_pickle_unpickle',
      'test_shared_memory_pickle_unpickle_dead_object',
      'test_shared_memory_across_processes',
      'test_shared_memory_SharedMemoryServer_ignores_sigint',
      'test_shared_memory_SharedMemoryManager_basics',
      'test_shared_memory_ShareableList_pickling',
      'test_shared_memory_ShareableList_pickling_dead_object',
      'test_shared_memory_cleaned_after_process_termination',
      'test_shared_memory_untracking',
      'test_shared_memory_tracking',
    ],
    TestResourceTracker: [
      'test_resource_tracker',
      'test_resource_tracker_sigkill',
      'test_resource_tracker_reused',
      'test_too_long_name_resource',
      'test_resource_tracker_exit_code',
    ],
    TestSharedMemoryNames: ['test_that_shared_memory_name_with_colons_has_no_resource_tracker_errors'],
  },
};
