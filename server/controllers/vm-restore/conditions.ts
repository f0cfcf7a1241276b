import type { Condition } from '../../contract/kubernetes.ts';
import type { VMRestoreStatus } from '../../contract/vm-restore.ts';
import { failedChecks } from '../../domain/restore/plan.ts';
import { setCondition } from '../../kube/objects.ts';

type Fact = Omit<Condition, 'lastTransitionTime'>;

const fact = (type: string, is: boolean, reason: string, message?: string): Fact => ({ type, status: is ? 'True' : 'False', reason, ...(message ? { message } : {}) });

/** The conditions that follow from the rest of the status, in Kubernetes' usual shape. */
export function restoreConditions(status: VMRestoreStatus, now: Date): Condition[] {
  const failed = status.plan ? failedChecks(status.plan).length : 0;
  const volumes = status.volumes ?? [];
  const done = volumes.filter(({ phase }) => phase === 'Completed').length;
  const rolledBack = status.phase === 'RollingBack' || status.created?.length === 0;
  const restored = !rolledBack && status.volumes !== undefined && done === volumes.length;
  const hasVM = !rolledBack && (status.created?.some(({ kind }) => kind === 'VirtualMachine') ?? false);
  const facts = [
    fact('Planned', status.plan !== undefined && failed === 0, !status.plan ? 'NotPlanned' : failed > 0 ? 'ChecksFailed' : 'ChecksPassed', failed > 0 ? `${failed} checks of the plan failed.` : undefined),
    fact('VolumesRestored', restored, rolledBack ? 'RolledBack' : restored ? 'AllRestored' : 'NotRestored', status.volumes && !rolledBack ? `${done} of ${volumes.length} volumes are restored.` : undefined),
    fact('VMCreated', hasVM, rolledBack ? 'RolledBack' : hasVM ? 'Created' : 'NotCreated'),
    fact('Ready', status.phase === 'Completed', status.failure?.code ?? status.phase, status.failure?.message),
  ];

  return facts.reduce<Condition[]>((all, each) => setCondition(all, each, now), status.conditions ?? []);
}
