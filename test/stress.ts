/**
 * How many times as long those tests run that look for what happens rarely: workers killed at random moments, and workers by the
 * hundred. Once is enough to see that they work; `npm run test:stress` looks for the rest.
 */
export const STRESS: number = Number(process.env['MANYHANDS_STRESS'] ?? 1);
