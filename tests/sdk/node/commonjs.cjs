// require(), and stripe-node's own client over node:https.
'use strict';
const { majors } = require('./majors.cjs');
const { reads } = require('./reading.cjs');

(async () => {
  for (const major of majors) {
    await reads(require(major), {});
    console.log(`${major}: ok`);
  }
})();
