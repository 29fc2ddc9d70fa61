// require(), and stripe-node's default client over node:https.
'use strict';
const { majors } = require('./majors.cjs');
const { reads } = require('./reading.cjs');
const { writes } = require('./writing.cjs');

(async () => {
  for (const major of majors) {
    const Stripe = require(major);
    await reads(Stripe, {});
    await writes(Stripe, {});
    console.log(`${major}: ok`);
  }
})();
