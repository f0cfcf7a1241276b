import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/** A child process that ended with something else than exit code 0. `output` is what it printed, stdout and stderr mixed. */
export class CommandFailed extends Error {
  constructor(command, how, output) {
    super(`${ command } ${ how }${ lastWords(output) }`);
    this.name = 'CommandFailed';
    this.output = output;
  }
}

/** The last line that says something, for a one-line message; stack frames and npm's pointers to its log do not. */
function lastWords(output) {
  const lines = output.split('\n').map((line) => line.trim())
    .filter((line) => line && !line.startsWith('at ') && !/complete log of this run|debug-\d+\.log/.test(line));

  return lines.length ? `: ${ lines.at(-1).slice(0, 300) }` : '';
}

/**
 * Runs a program to its end and gives what it printed on stdout.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>}
 * @throws {CommandFailed}
 */
export function capture(command, args, { cwd, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const name = path.basename(command);
    let stdout = '';
    let output = '';

    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.on('error', (error) => reject(new CommandFailed(name, `could not be started (${ error.code })`, '')));
    child.on('close', (code, signal) => (code === 0 ? resolve(stdout) : reject(new CommandFailed(name, signal ? `was ended by ${ signal }` : `failed with exit code ${ code }`, output))));
  });
}

/**
 * Runs a program that talks to the person directly, and gives its exit code (128 + signal when a signal ended it).
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>}
 */
export function passThrough(command, args, { cwd, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: 'inherit' });

    child.on('error', (error) => reject(new CommandFailed(path.basename(command), `could not be started (${ error.code })`, '')));
    child.on('close', (code) => resolve(code ?? 128));
  });
}

/**
 * Absolute path of a program on PATH.
 *
 * @param {string} name
 * @param {string} [searchPath] folders as in PATH; /usr/sbin and /sbin are searched too, where an ordinary user's PATH has not mkfs
 * @returns {string | undefined}
 */
export function which(name, searchPath = process.env.PATH ?? '') {
  return [...searchPath.split(path.delimiter), '/usr/sbin', '/sbin'].filter(Boolean)
    .map((folder) => path.join(folder, name))
    .find(isExecutable);
}

/** True for a file that this user may execute. */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);

    return statSync(file).isFile();
  } catch {
    return false;
  }
}
