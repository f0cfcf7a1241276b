/** Pods and Jobs: the defaults that drivers and clients read back. */
import type { TypeStrategy } from '../resource-type.ts';
import type { JsonObject, KubeObject } from '../types.ts';
import type { FieldError } from '../status.ts';
import { forbiddenField, invalidValue, required } from '../status.ts';
import { cloneJson, deepEqual, getPath, isObject, omit } from '../object.ts';

const UID_LABEL = 'batch.kubernetes.io/controller-uid';
const NAME_LABEL = 'batch.kubernetes.io/job-name';

function specOf(object: KubeObject): JsonObject {
  if (!isObject(object.spec)) object.spec = {};
  return object.spec as JsonObject;
}

const FILE_SOURCES = ['secret', 'configMap', 'projected', 'downwardAPI'];
const DEFAULT_FILE_MODE = 0o644;

function containersOf(podSpec: JsonObject): JsonObject[] {
  return ['initContainers', 'containers'].flatMap((field) => (Array.isArray(podSpec[field]) ? (podSpec[field] as unknown[]).filter(isObject) : []));
}

function defaultPodSpec(spec: JsonObject): void {
  spec.restartPolicy ??= 'Always';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.schedulerName ??= 'default-scheduler';
  spec.securityContext ??= {};
  for (const container of containersOf(spec)) {
    container.terminationMessagePath ??= '/dev/termination-log';
    container.terminationMessagePolicy ??= 'File';
    container.imagePullPolicy ??= typeof container.image === 'string' && /:(?!latest$)[^/]+$/.test(container.image) ? 'IfNotPresent' : 'Always';
    container.resources ??= {};
    for (const { valueFrom } of (Array.isArray(container.env) ? container.env : []).filter(isObject)) {
      if (isObject(valueFrom) && isObject(valueFrom.fieldRef)) valueFrom.fieldRef.apiVersion ??= 'v1';
    }
  }
  for (const volume of (Array.isArray(spec.volumes) ? spec.volumes : []).filter(isObject)) {
    for (const source of FILE_SOURCES) if (isObject(volume[source])) volume[source].defaultMode ??= DEFAULT_FILE_MODE;
  }
}

/** How long a pod stays on a node that is not ready or out of reach, in seconds. */
const EVICTION_SECONDS = 300;

/** What the admission plugins ServiceAccount, Priority and DefaultTolerationSeconds, and defaults of pods alone, add. The account's token volume is not made. */
function admitPodSpec(spec: JsonObject): void {
  spec.serviceAccountName ??= 'default';
  spec.serviceAccount ??= spec.serviceAccountName;
  spec.priority ??= 0;
  spec.preemptionPolicy ??= 'PreemptLowerPriority';
  spec.enableServiceLinks ??= true;
  const tolerations = (Array.isArray(spec.tolerations) ? spec.tolerations : []).filter(isObject);
  const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter((key) => !tolerations.some((known) => known.key === key));
  spec.tolerations = [...tolerations, ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: EVICTION_SECONDS }))];
}

function validatePodSpec(spec: JsonObject, at: string): FieldError[] {
  if (!Array.isArray(spec.containers) || spec.containers.length === 0) return [required(`${at}.containers`)];
  const errors: FieldError[] = [];
  const volumes = new Set((Array.isArray(spec.volumes) ? spec.volumes : []).filter(isObject).map((volume) => volume.name));
  spec.containers.filter(isObject).forEach((container, index) => {
    const here = `${at}.containers[${index}]`;
    if (!container.name) errors.push(required(`${here}.name`));
    if (!container.image) errors.push(required(`${here}.image`));
    for (const field of ['volumeMounts', 'volumeDevices'] as const) {
      (Array.isArray(container[field]) ? container[field] : []).filter(isObject).forEach((mount, position) => {
        if (!volumes.has(mount.name)) errors.push({ field: `${here}.${field}[${position}].name`, reason: 'FieldValueNotFound', text: `Not found: ${JSON.stringify(mount.name)}` });
      });
    }
  });
  return errors;
}

/** Pod spec without what may change: images, tolerations, deadline. */
function fixedPodSpec(spec: JsonObject): JsonObject {
  const fixed = omit(cloneJson(spec), ['tolerations', 'activeDeadlineSeconds', 'terminationGracePeriodSeconds', 'schedulingGates']);
  for (const container of containersOf(fixed)) delete container.image;
  return fixed;
}

/** A copy of a status; times of its conditions that nobody gave are written as null. */
function withTimes(status: unknown): unknown {
  if (!isObject(status) || !Array.isArray(status.conditions)) return isObject(status) ? { ...status } : status;
  return { ...status, conditions: status.conditions.map((condition: object) => ({ lastProbeTime: null, lastTransitionTime: null, ...condition })) };
}

/** BestEffort without requests and limits, Guaranteed where every container's limits are its requests. */
function qosClass(spec: JsonObject): string {
  const all = containersOf(spec).map(({ resources }) => (isObject(resources) ? resources : {}));
  const named = (list: unknown): [string, unknown][] => (isObject(list) ? Object.entries(list).filter(([name]) => name === 'cpu' || name === 'memory') : []);
  if (all.every(({ requests, limits }) => named(requests).length === 0 && named(limits).length === 0)) return 'BestEffort';
  const guaranteed = all.every(({ requests, limits }) => named(limits).length === 2 && named(limits).every(([name, limit]) => !isObject(requests) || requests[name] === undefined || requests[name] === limit));
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

export const podStrategy: TypeStrategy = {
  prepareCreate(pod) {
    defaultPodSpec(specOf(pod));
    admitPodSpec(specOf(pod));
    pod.status = { phase: 'Pending', qosClass: qosClass(specOf(pod)) };
  },
  prepareStatus(pod) {
    pod.status = withTimes(pod.status);
    if (isObject(pod.status) && Array.isArray(pod.status.containerStatuses)) pod.status.containerStatuses = pod.status.containerStatuses.map((status: object) => ({ lastState: {}, ...status }));
  },
  validate: (pod) => validatePodSpec(specOf(pod), 'spec'),
  validateUpdate(pod, old) {
    // The node, too: only a binding sets it.
    if (deepEqual(fixedPodSpec(specOf(pod)), fixedPodSpec(specOf(old)))) return [];
    return [forbiddenField('spec', 'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)')];
  },
};

/** How a Job ended is told first by a condition that says why: a client that skips it is refused. */
const ANNOUNCED_BY: Readonly<Record<string, string>> = { Complete: 'SuccessCriteriaMet', Failed: 'FailureTarget' };

function endedWithoutReason(job: KubeObject): FieldError[] {
  const all = getPath(job, ['status', 'conditions']);
  const types = (Array.isArray(all) ? all : []).filter(isObject).filter(({ status }) => status === 'True').map(({ type }) => String(type));
  return Object.entries(ANNOUNCED_BY).filter(([end, reason]) => types.includes(end) && !types.includes(reason))
    .map(([end, reason]) => invalidValue('status.conditions', all, `cannot set ${end}=True condition without the ${reason}=true condition`));
}

export const jobStrategy: TypeStrategy = {
  prepareStatus(job) {
    const status = withTimes(job.status);
    // Zeros are not written.
    job.status = isObject(status) ? omit(status, ['active', 'succeeded', 'failed'].filter((field) => status[field] === 0)) : status;
  },
  prepareCreate(job) {
    const spec = specOf(job);
    spec.parallelism ??= 1;
    spec.completions ??= 1;
    spec.backoffLimit ??= 6;
    spec.completionMode ??= 'NonIndexed';
    spec.suspend ??= false;
    spec.manualSelector ??= false;
    spec.podReplacementPolicy ??= 'TerminatingOrFailed';
    const template = isObject(spec.template) ? spec.template : {};
    const metadata = isObject(template.metadata) ? template.metadata : {};
    const podSpec = isObject(template.spec) ? template.spec : {};
    defaultPodSpec(podSpec);
    const uid = job.metadata.uid ?? '';
    const labels = isObject(metadata.labels) ? metadata.labels : {};
    metadata.labels = { ...labels, [UID_LABEL]: uid, 'controller-uid': uid, [NAME_LABEL]: job.metadata.name, 'job-name': job.metadata.name };
    job.metadata.labels ??= { ...metadata.labels as Record<string, string> };
    spec.selector = { matchLabels: { [UID_LABEL]: uid } };
    spec.template = { ...template, metadata, spec: podSpec };
    job.status = {};
  },
  validate(job) {
    const template = getPath(job, ['spec', 'template', 'spec']);
    const errors = validatePodSpec(isObject(template) ? template : {}, 'spec.template.spec');
    const policy = isObject(template) ? template.restartPolicy : undefined;
    if (policy !== 'Never' && policy !== 'OnFailure') {
      errors.push({ field: 'spec.template.spec.restartPolicy', reason: 'FieldValueRequired', text: 'Required value: valid values: "OnFailure", "Never"' });
    }
    return errors;
  },
  validateUpdate(job, old) {
    const errors: FieldError[] = [];
    for (const field of ['selector', 'completionMode', 'completions'] as const) {
      if (!deepEqual(specOf(job)[field], specOf(old)[field])) errors.push(invalidValue(`spec.${field}`, specOf(job)[field], 'field is immutable'));
    }
    errors.push(...endedWithoutReason(job));
    if (!deepEqual(specOf(job).template, specOf(old).template)) errors.push(invalidValue('spec.template', specOf(job).template, 'field is immutable'));
    return errors;
  },
};
