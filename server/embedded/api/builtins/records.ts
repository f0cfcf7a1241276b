/** Leases and Events: their microsecond times and the namespace of an event. */
import type { TypeStrategy } from '../resource-type.ts';
import type { KubeObject } from '../types.ts';
import type { FieldError } from '../status.ts';
import { badRequest, invalidValue } from '../status.ts';
import { getPath } from '../object.ts';

/** Go parses a MicroTime only with exactly six digits after the second. */
const MICRO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}(Z|[+-]\d{2}:\d{2})$/;
const MICRO_LAYOUT = '2006-01-02T15:04:05.000000Z07:00';

function requireMicroTime(object: KubeObject, path: readonly string[]): void {
  const value = getPath(object, path);
  if (value === undefined || value === null || (typeof value === 'string' && MICRO_TIME.test(value))) return;
  // Go names what is left after the seconds.
  const rest = typeof value === 'string' ? value.replace(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/, '') : path.join('.');
  throw badRequest(`${object.kind} in version ${JSON.stringify(object.apiVersion.split('/').at(-1))} cannot be handled as a ${object.kind}: parsing time ${JSON.stringify(value)} as ${JSON.stringify(MICRO_LAYOUT)}: cannot parse ${JSON.stringify(rest)} as ".000000"`);
}

function checkLeaseTimes(lease: KubeObject): void {
  requireMicroTime(lease, ['spec', 'acquireTime']);
  requireMicroTime(lease, ['spec', 'renewTime']);
}

export const leaseStrategy: TypeStrategy = {
  prepareCreate: checkLeaseTimes,
  prepareUpdate: checkLeaseTimes,
  validate(lease) {
    const errors: FieldError[] = [];
    const duration = getPath(lease, ['spec', 'leaseDurationSeconds']);
    if (typeof duration === 'number' && duration <= 0) errors.push(invalidValue('spec.leaseDurationSeconds', duration, 'must be greater than 0'));
    const transitions = getPath(lease, ['spec', 'leaseTransitions']);
    if (typeof transitions === 'number' && transitions < 0) errors.push(invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
    return errors;
  },
};

function checkEventTimes(event: KubeObject): void {
  requireMicroTime(event, ['eventTime']);
  requireMicroTime(event, ['series', 'lastObservedTime']);
}

/** Writes the fields that an Event always has, and times in seconds as the real server keeps them. */
function completeEvent(event: KubeObject): void {
  checkEventTimes(event);
  const seconds = (time: unknown): unknown => (typeof time === 'string' ? time.replace(/\.\d+(?=Z|[+-])/, '') : null);
  Object.assign(event, {
    firstTimestamp: seconds(event.firstTimestamp), lastTimestamp: seconds(event.lastTimestamp), eventTime: event.eventTime ?? null, source: event.source ?? {},
    reportingComponent: event.reportingComponent ?? '', reportingInstance: event.reportingInstance ?? '',
  });
}

export const eventStrategy: TypeStrategy = {
  prepareCreate: completeEvent,
  prepareUpdate: completeEvent,
  validate(event) {
    const involved = getPath(event, ['involvedObject', 'namespace']) ?? '';
    // Events about cluster-scoped objects live in the namespace default.
    const expected = involved === '' ? 'default' : involved;
    return event.metadata.namespace === expected ? [] : [invalidValue('involvedObject.namespace', involved, 'does not match event.namespace')];
  },
};
