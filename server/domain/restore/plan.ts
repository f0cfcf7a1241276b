import type { BackupDocument } from '../../contract/backup-document.ts';
import type { FailureCode } from '../../contract/failures.ts';
import type { PlanCheck, RestorePlan } from '../../contract/vm-restore.ts';
import { canonicalJson, type Hasher } from './canonical.ts';
import { checkConsistency, checkExcluded, checkFirmwareState } from './check-backup.ts';
import type { Check, CheckContext, PlannedDisk, RestoreRequest } from './check-context.ts';
import { checkBinding, checkContent, checkConversion, checkMapping, checkModes, checkNodes, checkSize, checkStorageClass } from './check-disks.ts';
import { checkClaimNames, checkMacAddresses, checkNamespace, checkNetworks, checkReferences, checkSecretNames, checkVMName } from './check-target.ts';
import type { RestoreFacts } from './facts.ts';
import { mapVolume } from './mapping.ts';
import { restoredClaimName, restoredSecretNames } from './names.ts';
import { finalRunStrategy, resumedRunStrategy, startBy } from './run-strategy.ts';
import { sanitiseVM } from './sanitise.ts';

/** In the order in which a person reads them: where to, disks, the machine, the backup. */
const CHECKS: readonly Check[] = [
  checkNamespace, checkVMName, checkClaimNames, checkSecretNames, checkMapping, checkStorageClass, checkSize, checkModes, checkConversion,
  checkContent, checkBinding, checkNodes, checkNetworks, checkMacAddresses, checkReferences, checkConsistency, checkExcluded, checkFirmwareState,
];

function planDisks({ volumes }: BackupDocument, request: RestoreRequest, facts: RestoreFacts, hash: Hasher): PlannedDisk[] {
  return volumes.map((source) => {
    const mapping = request.volumes?.find(({ name }) => name === source.name) ?? { name: source.name };
    const className = mapping.storageClassName ?? source.storageClassName;
    const storageClass = facts.storageClasses.find(({ name }) => name === className);
    const claimName = restoredClaimName(facts.restoreUID, request.target.name, source.name, hash);

    return { source, storageClass, plan: { ...mapVolume(source, mapping, storageClass), claimName } };
  });
}

/**
 * The plan of a restore: every object, every check with its facts, every change to the manifest, and the hash that a person
 * approves. Pure: the same document, request and facts give the same plan, wherever it is computed.
 */
export function planRestore(document: BackupDocument, request: RestoreRequest, facts: RestoreFacts, hash: Hasher, plannedAt: Date): RestorePlan {
  const namespace = facts.namespace.name;
  const { name } = request.target;
  const disks = planDisks(document, request, facts, hash);
  const volumes = disks.map(({ plan }) => plan);
  const secretNames = restoredSecretNames(name, document.secrets.map((secret) => secret.name), facts.secrets, hash);
  const runStrategy = finalRunStrategy(document.vm, request.start);
  const context: CheckContext = { document, request, facts, disks, secretNames, starts: startBy(runStrategy, request.start) !== 'None' };
  const { changes } = sanitiseVM(document.vm, {
    restoreUID: facts.restoreUID, target: { namespace, name }, volumes, secretNames, keepMacAddresses: request.keepMacAddresses, resume: resumedRunStrategy(document.vm),
  });
  const plan = {
    volumes, changes, runStrategy,
    objects: [
      ...volumes.map(({ claimName }) => ({ kind: 'PersistentVolumeClaim', namespace, name: claimName })),
      ...[...secretNames.values()].map((secret) => ({ kind: 'Secret', namespace, name: secret })),
      { kind: document.vm.kind, namespace, name },
    ],
    checks: CHECKS.flatMap((check) => check(context)),
    predictedBytes: volumes.reduce((sum, volume) => sum + volume.sourceBytes, 0),
  };

  return { ...plan, hash: hash(canonicalJson(approvedPart(plan, facts, request))), plannedAt: plannedAt.toISOString() };
}

/** What an approval is about. Not the time, and not the wording of checks, which name passing facts such as the list of classes. */
function approvedPart(plan: Omit<RestorePlan, 'hash' | 'plannedAt'>, facts: RestoreFacts, request: RestoreRequest): unknown {
  return {
    ...plan, backup: facts.backup, restoreUID: facts.restoreUID, start: request.start, keepMacAddresses: request.keepMacAddresses,
    checks: plan.checks.map(({ id, verdict, subject }) => ({ id, verdict, subject })),
  };
}

/** The checks that forbid the restore. */
export function failedChecks(plan: Pick<RestorePlan, 'checks'>): PlanCheck[] {
  return plan.checks.filter(({ verdict }) => verdict === 'Fail');
}

const CODES: Readonly<Record<string, FailureCode>> = {
  namespace: 'HVB-TARGET-NAMESPACE-MISSING', 'vm-name': 'HVB-TARGET-VM-EXISTS', 'claim-names': 'HVB-TARGET-CONFLICT', 'secret-names': 'HVB-TARGET-CONFLICT',
  'storage-class': 'HVB-STORAGE-CLASS-MISSING', 'volume-size': 'HVB-STORAGE-TOO-SMALL',
};

/** Why an approved plan is not run. */
export interface Refusal { code: FailureCode; message: string }

/**
 * Judges a plan, made just now, against what a person approved: undefined means run it.
 * @param approved hash in the request
 * @param before the plan that the person saw
 */
export function refuseApproval(approved: string, before: Pick<RestorePlan, 'checks'> | undefined, now: RestorePlan): Refusal | undefined {
  const failed = failedChecks(now);
  const known = new Set(before ? failedChecks(before).map(keyOf) : []);
  const fresh = failed.filter((check) => !known.has(keyOf(check)));
  const [first] = fresh.length > 0 ? fresh : failed;

  if (first) return { code: fresh.length > 0 && before ? CODES[first.id] ?? 'HVB-PLAN-FAILED' : 'HVB-PLAN-FAILED', message: [...new Set([...fresh, ...failed])].map(describe).join(' ') };
  if (now.hash === approved) return undefined;
  return { code: 'HVB-PLAN-CHANGED', message: `The approved plan ${approved.slice(0, 12)} is not what would be done now (${now.hash.slice(0, 12)}).` };
}

const keyOf = ({ id, subject }: PlanCheck): string => `${id}/${subject ?? ''}`;

/** A check in one sentence for messages and events. */
export function describe({ message, subject }: PlanCheck): string {
  return subject === undefined ? message : `${subject}: ${message}`;
}
