import type { z } from 'zod';
import { BACKUP_ENGINE, BACKUP_REPOSITORY, VM_BACKUP, VM_RESTORE, type ResourceType } from '../api.ts';
import { backupEngineSpec, backupEngineStatus } from '../backup-engine.ts';
import { backupRepositorySpec, backupRepositoryStatus } from '../backup-repository.ts';
import { vmBackupSpec, vmBackupStatus } from '../vm-backup.ts';
import { vmRestoreSpec, vmRestoreStatus } from '../vm-restore.ts';

/** A column of `kubectl get`; Rancher's server-side paging sorts and filters by these only. */
export interface PrinterColumn { name: string; type: 'string' | 'integer' | 'date'; jsonPath: string; description?: string }

/** A CEL rule on `spec`. */
export interface Rule { rule: string; message: string }

/** What a CRD is generated from. */
export interface KindDefinition {
  resource: ResourceType;
  shortNames: string[];
  description: string;
  spec: z.ZodType;
  status: z.ZodType;
  rules: Rule[];
  columns: PrinterColumn[];
}

/** A rule that a field, required or optional, keeps its value for ever. */
function immutable(field: string, optional = false): Rule {
  const rule = optional
    ? `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`
    : `self.${field} == oldSelf.${field}`;
  return { rule, message: `spec.${field} is immutable: make a new object instead` };
}

const cancelStays: Rule = { rule: '!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)', message: 'spec.cancel cannot be taken back once it is true' };

/** An approval holds for one plan: to run another, ask for another restore. */
const approvalStays: Rule = {
  rule: '!has(oldSelf.approvedPlan) || (has(self.approvedPlan) && self.approvedPlan == oldSelf.approvedPlan)',
  message: 'spec.approvedPlan cannot be changed once it is set: make a new object instead',
};

const phase: PrinterColumn = { name: 'Phase', type: 'string', jsonPath: '.status.phase' };
const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
const failureCode: PrinterColumn = { name: 'Failure', type: 'string', jsonPath: '.status.failure.code' };

/** Every kind of ours, as its CRD is generated. */
export const KIND_DEFINITIONS: readonly KindDefinition[] = [
  {
    resource: BACKUP_ENGINE, shortNames: ['hvbe'], description: 'A data engine that is available in this cluster.',
    spec: backupEngineSpec, status: backupEngineStatus, rules: [],
    columns: [phase, { name: 'Version', type: 'string', jsonPath: '.status.capabilities.version' }, failureCode, age],
  },
  {
    resource: BACKUP_REPOSITORY, shortNames: ['hvbr'], description: 'Where backups are kept: an engine, a place and a key.',
    spec: backupRepositorySpec, status: backupRepositoryStatus, rules: [immutable('engine'), immutable('target')],
    columns: [
      phase,
      { name: 'Engine', type: 'string', jsonPath: '.spec.engine' },
      { name: 'Claim', type: 'string', jsonPath: '.spec.target.filesystem.claimName' },
      { name: 'Path', type: 'string', jsonPath: '.spec.target.filesystem.path' },
      { name: 'Backups', type: 'integer', jsonPath: '.status.backups' },
      { name: 'Size', type: 'integer', jsonPath: '.status.sizeBytes' },
      failureCode, age,
    ],
  },
  {
    resource: VM_BACKUP, shortNames: ['hvb'], description: 'One backup of one virtual machine.',
    spec: vmBackupSpec, status: vmBackupStatus,
    rules: [immutable('source'), immutable('repository'), immutable('quiesce', true), cancelStays],
    columns: [
      { name: 'VM', type: 'string', jsonPath: '.spec.source.name' },
      phase,
      { name: 'Consistency', type: 'string', jsonPath: '.status.consistency.level' },
      { name: 'Repository', type: 'string', jsonPath: '.spec.repository' },
      { name: 'Size', type: 'integer', jsonPath: '.status.progress.bytesTotal' },
      { name: 'Completed', type: 'date', jsonPath: '.status.completedAt' },
      { name: 'Verification', type: 'string', jsonPath: '.status.verification.state' },
      failureCode, age,
    ],
  },
  {
    resource: VM_RESTORE, shortNames: ['hvbs'], description: 'One restore of one backup.',
    spec: vmRestoreSpec, status: vmRestoreStatus,
    rules: [immutable('source'), immutable('target'), immutable('volumes', true), immutable('start', true), immutable('keepMacAddresses', true), approvalStays, cancelStays],
    columns: [
      { name: 'VM', type: 'string', jsonPath: '.spec.target.name' },
      phase,
      { name: 'Backup', type: 'string', jsonPath: '.spec.source.backup.name' },
      { name: 'From', type: 'string', jsonPath: '.spec.source.backup.namespace' },
      { name: 'Size', type: 'integer', jsonPath: '.status.progress.bytesTotal' },
      { name: 'Completed', type: 'date', jsonPath: '.status.completedAt' },
      failureCode, age,
    ],
  },
];
