/** A request to a resource, and what it says about how it is meant. */
import type { JsonObject, KubeObject } from './types.ts';
import type { Admit } from './admission/index.ts';
import type { Presentation } from './table.ts';
import type { RequestInfo } from './routing.ts';
import type { ResourceType } from './resource-type.ts';
import type { UpdateOptions, WriteOptions } from './write.ts';
import { badRequest } from './status.ts';
import { finalizerWarnings } from './names.ts';
import { readDryRun, readFieldValidation } from './options.ts';
import { unknownMetadata } from './intake.ts';

/** A request to a resource, with its type found. */
export interface ResourceRequest {
  info: RequestInfo;
  type: ResourceType;
  query: URLSearchParams;
  body: unknown;
  contentType: string;
  userAgent: string;
  presentation: Presentation;
  admit: Admit;
}

/** HTTP status and body: an object, or text that is JSON already. */
export interface ResourceAnswer {
  status: number;
  body: JsonObject | string;
  /** Texts for Warning headers. */
  warnings?: string[];
}

const OPTIONS: Readonly<Record<string, string>> = { create: 'CreateOptions', update: 'UpdateOptions', patch: 'PatchOptions' };

/** How a write is meant, by its query and its verb. */
export function writeOptions({ query, userAgent, admit, info }: ResourceRequest): WriteOptions {
  return { dryRun: readDryRun(OPTIONS[info.verb] ?? '', query), manager: query.get('fieldManager') || userAgent.split('/')[0] || 'unknown', admit };
}

/** The same for a change of what is there. */
export function updateOptions(request: ResourceRequest, requireVersion: boolean): UpdateOptions {
  const { subresource } = request.info;
  return { ...writeOptions(request), subresource: subresource === 'status' || subresource === 'finalize' ? subresource : '', requireVersion, patch: request.info.verb === 'patch' };
}

/** Unknown fields are refused (`fieldValidation=Strict`), ignored, or dropped with a warning, which is the default. */
export function checkFields({ type, query, info }: ResourceRequest, body: unknown, object: KubeObject): { warnings?: string[] } {
  const mode = readFieldValidation(OPTIONS[info.verb] ?? '', query);
  const paths = mode === 'Ignore' ? [] : [...unknownMetadata(body), ...(type.schema?.unknownFields(object) ?? [])];
  const unknown = paths.map((path) => `unknown field ${JSON.stringify(path)}`);
  if (unknown.length > 0 && mode === 'Strict') throw badRequest(`${type.kind} in version ${JSON.stringify(type.version)} cannot be handled as a ${type.kind}: strict decoding error: ${unknown.join(', ')}`);
  const warnings = [...unknown, ...(type.custom ? finalizerWarnings(object) : [])];
  return warnings.length > 0 ? { warnings } : {};
}
