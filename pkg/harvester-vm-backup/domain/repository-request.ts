import { API_VERSION, BACKUP_REPOSITORY, SECRET, apiVersionOf } from '../../../server/contract/api.ts';
import type { BackupRepository, KEY_SECRET_ENTRY } from '../../../server/contract/backup-repository.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import { TYPE } from '../config/types';
import { isObjectName } from './names';

/** The contract's value, held to it by its type: importing it would bring the whole schema library into the browser. */
const KEY_ENTRY: typeof KEY_SECRET_ENTRY = 'password';
const PASSWORD_MIN = 12;
const FOLDER = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;

/** What a person fills in to create a repository. */
export interface RepositoryChoice { name: string; engine: string; claimName: string; path: string; password: string; passwordAgain: string; stored: boolean; parallelMovers: number }

export type RepositoryField = 'name' | 'engine' | 'claimName' | 'path' | 'password' | 'passwordAgain' | 'stored' | 'parallelMovers';

/** The first thing that is wrong with each field, as the last part of a text key; an empty object when all is well. */
export function repositoryErrors(choice: RepositoryChoice): Partial<Record<RepositoryField, string>> {
  const errors: Partial<Record<RepositoryField, string>> = {};
  const demand = (field: RepositoryField, ok: boolean, error: string) => {
    if (!ok && !errors[field]) {
      errors[field] = error;
    }
  };

  demand('name', isObjectName(choice.name), 'name');
  demand('engine', !!choice.engine, 'required');
  demand('claimName', isObjectName(choice.claimName), 'required');
  demand('path', FOLDER.test(choice.path), 'path');
  demand('password', choice.password.length >= PASSWORD_MIN, 'passwordShort');
  demand('passwordAgain', choice.password === choice.passwordAgain, 'passwordDiffers');
  demand('stored', choice.stored, 'required');
  demand('parallelMovers', Number.isInteger(choice.parallelMovers) && choice.parallelMovers >= 1 && choice.parallelMovers <= 64, 'parallelMovers');

  return errors;
}

/** Name of the Secret that holds a repository's password. */
export const keySecretName = (repository: string): string => `${ repository }-key`;

/** The Secret with the password, in the system namespace. Values are base64 of UTF-8, as Kubernetes stores them. */
export function keySecretOf(choice: RepositoryChoice) {
  const utf8 = new TextEncoder().encode(choice.password);

  return {
    type:       TYPE.secret,
    _type:      'Opaque',
    apiVersion: apiVersionOf(SECRET),
    kind:       SECRET.kind,
    metadata:   { name: keySecretName(choice.name), namespace: SYSTEM_NAMESPACE },
    data:       { [KEY_ENTRY]: btoa(String.fromCharCode(...utf8)) },
  };
}

/** The repository itself. It names the Secret and never holds the password. */
export function repositoryOf(choice: RepositoryChoice): Pick<BackupRepository, 'apiVersion' | 'kind' | 'metadata' | 'spec'> & { type: string } {
  return {
    type:       TYPE.repository,
    apiVersion: API_VERSION,
    kind:       BACKUP_REPOSITORY.kind,
    metadata:   { name: choice.name },
    spec:       {
      engine:     choice.engine,
      target:     { filesystem: { claimName: choice.claimName, path: choice.path } },
      encryption: { secretRef: { name: keySecretName(choice.name) } },
      limits:     { parallelMovers: choice.parallelMovers },
    },
  };
}
