// A backend of the npm package `statsd`: appends what each flush found to a file, one line of JSON each.
'use strict';

const fs = require('fs');

exports.init = function (started, config, events) {
  events.on('flush', function (time, metrics) {
    const sets = {};
    for (const name in metrics.sets) {
      sets[name] = metrics.sets[name].values();
    }
    const found = { counters: metrics.counters, gauges: metrics.gauges, timers: metrics.timers, sets: sets };
    fs.appendFileSync(config.found, JSON.stringify(found) + '\n');
  });
  return true;
};
