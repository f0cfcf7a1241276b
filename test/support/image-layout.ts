/**
 * Follows the Dockerfile into folders, where no container engine is: COPY with .dockerignore and between stages, RUN as it
 * stands (paths moved into the stage's folder). What a base image brings is not there and is planted by the caller.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ignoredBy, parseCopy, parseDockerfile, type Instruction } from './dockerfile.ts';

/** How {@link followDockerfile} works. */
export interface FollowOptions {
  /** Folder with Dockerfile and .dockerignore. */
  project: string;
  /** Where the context's folder `dist` is read from, so that a test need not put anything into the project. */
  dist: string;
  /** Where each stage gets a folder, by name; the last one is `image`. */
  out: string;
  /** Changes a RUN before it is run, for what cannot be had here. */
  rewrite?: (stage: string, script: string) => string;
  env: NodeJS.ProcessEnv;
}

/** Builds every stage, and gives the folder that stands for the image's `/`. @throws Error with the output of a RUN that fails */
export function followDockerfile({ project, dist, out, rewrite = (_stage, script) => script, env }: FollowOptions): string {
  const { stages } = parseDockerfile(readFileSync(path.join(project, 'Dockerfile'), 'utf8'));
  const ignored = ignoredBy(readFileSync(path.join(project, '.dockerignore'), 'utf8'));
  const folderOf = (name: string): string => path.join(out, name || 'image');

  for (const stage of stages) {
    const folder = folderOf(stage.name);
    let workdir = '/';

    mkdirSync(folder, { recursive: true });
    for (const { name, rest } of stage.steps) {
      if (name === 'WORKDIR') workdir = path.posix.resolve(workdir, rest);
      else if (name === 'COPY') copy({ rest, workdir, folder });
      else if (name === 'RUN') run(rewrite(stage.name, rest), { stage: stage.name, folder, workdir });
      else assertOnlyDescribes({ name, rest });
    }
  }
  return folderOf('');

  function copy({ rest, workdir, folder }: { rest: string; workdir: string; folder: string }): void {
    const { from, sources, target } = parseCopy(rest);
    const into = target.endsWith('/');

    for (const source of sources) {
      const base = from ? folderOf(from) : source.startsWith('dist/') ? path.join(dist, '..') : project;
      const origin = path.join(base, source);
      const destination = path.join(folder, path.posix.resolve(workdir, target), into ? path.basename(source) : '');

      mkdirSync(path.dirname(destination), { recursive: true });
      // As a container engine does it: a folder's contents go into the target, a file becomes it.
      cpSync(origin, destination, {
        recursive: true, verbatimSymlinks: true,
        filter: (file) => from !== undefined || !ignored(path.relative(base, file)) || (statSync(file).isDirectory() && file === origin),
      });
    }
  }

  function run(script: string, { stage, folder, workdir }: { stage: string; folder: string; workdir: string }): void {
    const cwd = path.join(folder, workdir);

    mkdirSync(cwd, { recursive: true });
    const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { cwd, env, encoding: 'utf8' });

    if (status !== 0) throw new Error(`RUN of stage ${stage} ended with ${status}: ${stdout}${stderr}`);
  }
}

function assertOnlyDescribes({ name, rest }: Instruction): void {
  if (!['ENV', 'USER', 'EXPOSE', 'ENTRYPOINT', 'CMD'].includes(name)) throw new Error(`not understood: ${name} ${rest}`);
}
