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
  }
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

export const podStrategy: TypeStrategy = {
  prepareCreate(pod) {
    defaultPodSpec(specOf(pod));
    pod.status = { phase: 'Pending', qosClass: 'BestEffort' };
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
