// require(), and stripe-node's client over fetch.
'use strict';
const { majors } = require('./majors.cjs');
const { reads } = require('./reading.cjs');

(async () => {
  for (const major of majors) {
    const Stripe = require(major);
    await reads(Stripe, { httpClient: Stripe.createFetchHttpClient() });
    console.log(`${major}: ok`);
  }
})();
