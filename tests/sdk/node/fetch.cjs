// require(), and stripe-node's client over fetch.
'use strict';
const { majors } = require('./majors.cjs');
const { reads } = require('./reading.cjs');
const { writes } = require('./writing.cjs');

(async () => {
  for (const major of majors) {
    const Stripe = require(major);
    const options = { httpClient: Stripe.createFetchHttpClient() };
    await reads(Stripe, options);
    await writes(Stripe, options);
    console.log(`${major}: ok`);
  }
})();
