import type { BackupIdentity } from '../contract/mover-protocol.ts';
import { backupIdentitySchema } from '../contract/mover-protocol.ts';

/** What a snapshot carries beside its content; engines keep it as their tags. */
export type Labels = Readonly<Record<string, string>>;

/** Which part of a backup a snapshot holds. */
export type Part = 'volume' | 'digests' | 'document';

export const LABEL = {
  backup: 'hvb.backup',
  vmUID: 'hvb.vm-uid',
  namespace: 'hvb.namespace',
  vm: 'hvb.vm',
  cluster: 'hvb.cluster',
  volume: 'hvb.volume',
  part: 'hvb.part',
  operation: 'hvb.operation',
} as const;

/** The labels of one part of a backup; `volume` is absent for the document. */
export function labelsOf(identity: BackupIdentity, part: Part, operationID: string, volume?: string): Labels {
  return {
    [LABEL.backup]: identity.backupUID,
    [LABEL.vmUID]: identity.vmUID,
    [LABEL.namespace]: identity.namespace,
    [LABEL.vm]: identity.vmName,
    [LABEL.cluster]: identity.cluster,
    ...(volume === undefined ? {} : { [LABEL.volume]: volume }),
    [LABEL.part]: part,
    [LABEL.operation]: operationID,
  };
}

/** Reads an identity back from labels; undefined when one of them is missing (not a snapshot of ours). */
export function identityOf(labels: Labels): BackupIdentity | undefined {
  return backupIdentitySchema.safeParse({
    cluster: labels[LABEL.cluster],
    namespace: labels[LABEL.namespace],
    vmName: labels[LABEL.vm],
    vmUID: labels[LABEL.vmUID],
    backupUID: labels[LABEL.backup],
  }).data;
}
