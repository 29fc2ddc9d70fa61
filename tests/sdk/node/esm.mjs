// import, with which the library loads node:https differently.
import { majors } from './majors.cjs';
import { reads } from './reading.cjs';
import { writes } from './writing.cjs';

for (const major of majors) {
  const { default: Stripe } = await import(major);
  await reads(Stripe, {});
  await writes(Stripe, {});
  console.log(`${major}: ok`);
}
