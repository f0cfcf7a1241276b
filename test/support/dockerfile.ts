/** Reads as much of a Dockerfile and a .dockerignore as ours use, so that their steps can be followed where no container engine is. */

/** One instruction: its name in capitals, and the rest with continued lines joined. */
export interface Instruction { name: string; rest: string }
/** What is built from one `FROM`. */
export interface Stage { name: string; from: string; steps: Instruction[] }

/** The stages of a Dockerfile in order, and the defaults of the arguments before the first. */
export function parseDockerfile(text: string): { args: Record<string, string>; stages: Stage[] } {
  const joined = text.split('\n').filter((line) => !line.trimStart().startsWith('#')).join('\n').replace(/\\\n\s*/g, ' ');
  const args: Record<string, string> = {};
  const stages: Stage[] = [];

  for (const line of joined.split('\n').map((candidate) => candidate.trim()).filter((candidate) => candidate !== '')) {
    const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    const stage = stages.at(-1);

    if (name === 'FROM') {
      const [, from = '', as] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest) ?? [];

      stages.push({ name: as ?? '', from, steps: [] });
    } else if (stage) {
      stage.steps.push({ name, rest });
    } else if (name === 'ARG') {
      const [key = '', value = ''] = rest.split('=', 2);

      args[key] = value;
    } else {
      throw new Error(`not understood before the first FROM: ${line}`);
    }
  }
  return { args, stages };
}

/** Source paths, target and stage of a `COPY`. */
export function parseCopy(rest: string): { from?: string; sources: string[]; target: string } {
  const words = rest.split(/\s+/);
  const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined;
  const target = words.pop() ?? '';

  return { sources: words, target, ...(from === undefined ? {} : { from }) };
}

/**
 * Which paths of the build context a .dockerignore keeps out: the last line that matches decides, and what matches a folder
 * holds for all in it. Wildcards other than `*` within one part of a path are refused.
 */
export function ignoredBy(text: string): (path: string) => boolean {
  const rules = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const keep = line.startsWith('!');
    const pattern = keep ? line.slice(1) : line;

    if (/[?[\]]|\*\*/.test(pattern)) throw new Error(`not understood in .dockerignore: ${line}`);
    return { keep, expression: new RegExp(`^${pattern.replace(/[.+^${}()|\\]/g, '\\$&').replaceAll('*', '[^/]*')}(/|$)`) };
  });

  return (path) => rules.reduce((ignored, { keep, expression }) => (expression.test(path) ? !keep : ignored), false);
}
