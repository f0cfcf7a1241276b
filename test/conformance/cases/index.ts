/** All scenarios; those that make the APIs forget come last, as they restart one. */
import type { Scenario } from '../scenario.ts';
import { ACCESS } from './access.ts';
import { BUILTINS } from './builtins.ts';
import { CUSTOM } from './custom.ts';
import { DEFINITIONS } from './definitions.ts';
import { DELETION } from './deletion.ts';
import { DISCOVERY } from './discovery.ts';
import { LISTS } from './lists.ts';
import { OBJECTS } from './objects.ts';
import { OWNERSHIP } from './ownership.ts';
import { PATCHING } from './patching.ts';
import { POLICY_CASES } from './policies.ts';
import { TABLES } from './tables.ts';
import { WATCHES } from './watches.ts';

export { TEST_CRDS } from './samples.ts';
export const SCENARIOS: readonly Scenario[] = [...OBJECTS, ...PATCHING, ...OWNERSHIP, ...LISTS, ...TABLES, ...BUILTINS, ...DELETION, ...CUSTOM, ...DEFINITIONS, ...ACCESS, ...POLICY_CASES, ...DISCOVERY, ...WATCHES];
