/** Every claim of the articles, by topic, and their verdicts over one run. */
import type { Claim } from '../report.ts';
import { choice } from './choice.ts';
import { type ClaimDefinition, judgeClaim, type Measurements } from './claim.ts';
import { communication } from './communication.ts';
import { cost } from './cost.ts';
import { crash } from './crash.ts';
import { parallelism } from './parallelism.ts';
import { waiting } from './waiting.ts';

export const claims: readonly ClaimDefinition[] = [
  ...parallelism,
  ...waiting,
  ...cost,
  ...communication,
  ...crash,
  ...choice,
];

/** Judges all claims by what a run measured. */
export function judgeClaims(run: Measurements): Claim[] {
  return claims.map((definition) => judgeClaim(definition, run));
}
