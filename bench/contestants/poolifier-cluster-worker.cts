/**
 * The worker of poolifier's cluster pool. It is CommonJS, since the pool sends its first message as soon as
 * the process is up: a worker that is an ES module is not listening yet then, and never answers.
 */
const { ClusterWorker } = require('poolifier');
const tasks = require('../tasks.js');

module.exports = new ClusterWorker({ ...tasks });
