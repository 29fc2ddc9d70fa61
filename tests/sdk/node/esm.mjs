// import, in which the library reaches node:https by another way.
import { majors } from './majors.cjs';
import { reads } from './reading.cjs';

for (const major of majors) {
  const { default: Stripe } = await import(major);
  await reads(Stripe, {});
  console.log(`${major}: ok`);
}
