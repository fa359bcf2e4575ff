import type { Rows } from './index.ts';

/** Of `_test_multiprocessing.py`, what is about connections, listeners and clients. */
export const connections: Rows = {
  '_test_multiprocessing.py': {
    _TestConnection: ['test_duplex_false', 'test_spawn_close', 'test_sendbytes', 'test_context'],
    _TestListener: ['test_multiple_bind', 'test_context', 'test_empty_authkey', 'test_abstract_socket'],
    _TestListenerClient: ['test_listener_client', 'test_issue14725', 'test_issue16955'],
    _TestPoll: ['test_empty_string', 'test_strings', 'test_boundaries', 'test_dont_merge'],
    _TestPicklingConnections: ['test_access'],
    TestInvalidHandle: ['test_invalid_handles'],
    OtherTest: ['test_deliver_challenge_auth_failure', 'test_answer_challenge_auth_failure'],
    ChallengeResponseTest: ['test_challengeresponse'],
    TestWait: [
      'test_wait',
      'test_wait_slow',
      'test_wait_socket',
      'test_wait_socket_slow',
      'test_wait_timeout',
      'test_wait_integer',
      'test_neg_timeout',
    ],
    TestInvalidFamily: ['test_invalid_family'],
  },
};
