import { failure, type Failure, type FailureCode } from '../../contract/failures.ts';
import type { Job, Pod } from '../../contract/kubernetes.ts';
import { MOVER_EXIT, type MoverResult } from '../../contract/mover-protocol.ts';
import { parseLine } from './lines.ts';

/** How a mover ended. */
export type Verdict = { result: MoverResult } | { failure: Failure };

/** What is seen of a mover that is over. `lastLine` stands in for a termination message that the image did not write. */
export interface Ended { job: Job; pod: Pod | undefined; lastLine: string; logExcerpt: string; at: Date }

const SIGKILL = 137;
const SIGTERM = 143;

/** True when the Job reports its end, whether or not its pod is still there. */
export function jobEnded(job: Job): boolean {
  return (job.status?.conditions ?? []).some(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
}

/** True when the pod is over. */
export function podEnded(pod: Pod | undefined): boolean {
  return pod?.status?.phase === 'Succeeded' || pod?.status?.phase === 'Failed';
}

/** Judges an ended mover by its exit code and its last line. What is not in the contract is a failure of its own, never a success. */
export function judge({ job, pod, lastLine, logExcerpt, at }: Ended): Verdict {
  const name = `${job.metadata.namespace}/${job.metadata.name}`;
  const terminated = pod?.status?.containerStatuses?.[0]?.state?.terminated;
  const facts = [
    ...(pod?.status?.reason ? [`pod: ${pod.status.reason} ${pod.status.message ?? ''}`] : []),
    ...(terminated ? [`exit code: ${terminated.exitCode}${terminated.reason ? ` (${terminated.reason})` : ''}`] : []),
    ...(job.status?.conditions ?? []).map(({ type, status, reason, message }) => `job ${type}=${status}: ${reason ?? ''} ${message ?? ''}`),
    logExcerpt,
  ].join('\n');
  const failed = (code: FailureCode, message: string): Verdict => ({ failure: failure(code, message, at, facts) });

  if (!pod) {
    return failed('HVB-MOVER-LOST', `The pod of mover ${name} is gone, and what it reported with it.`);
  }
  const disrupted = pod.status?.conditions?.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');

  if (pod.status?.reason === 'Evicted' || (disrupted && pod.status?.phase === 'Failed')) {
    return failed('HVB-MOVER-KILLED', `Mover ${name} was evicted: ${pod.status?.message ?? disrupted?.message ?? disrupted?.reason ?? ''}`);
  }
  if (!terminated) {
    return failed('HVB-MOVER-LOST', `Mover ${name} ended without an exit code; its node may be gone.`);
  }
  if (terminated.reason === 'OOMKilled') {
    return failed('HVB-MOVER-KILLED', `Mover ${name} used more memory than its limit and was killed.`);
  }
  if (terminated.signal || terminated.exitCode === SIGKILL || terminated.exitCode === SIGTERM) {
    return failed('HVB-MOVER-KILLED', `Mover ${name} was killed by signal ${terminated.signal ?? terminated.exitCode - 128}.`);
  }
  if (terminated.exitCode === MOVER_EXIT.cancelled) {
    // A cancel of ours deletes the Job, so this stop came from elsewhere, such as the drain of a node.
    return failed('HVB-MOVER-KILLED', `Mover ${name} was asked to stop.`);
  }
  const line = parseLine(terminated.message?.trim() || lastLine);

  if (line?.type === 'error') {
    const made = failure(line.code, line.message, at, line.evidence ?? facts);

    return { failure: { ...made, retryable: line.retryable } };
  }
  if (terminated.exitCode !== MOVER_EXIT.ok || line?.type !== 'result') {
    return failed('HVB-MOVER-PROTOCOL', `Mover ${name} ended with exit code ${terminated.exitCode} and without a valid last line.`);
  }

  return { result: line.result };
}
