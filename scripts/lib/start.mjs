import { spawn } from 'node:child_process';
import path from 'node:path';

/** A second Ctrl-C within this time is the same one: npm passes on the signal that the terminal has sent already. */
const SAME_SIGNAL_MS = 2_000;

/**
 * What to do about a signal: pass the first one on, ignore its echoes, and end a process that does not end by itself
 * when the person insists.
 *
 * @param {{ now: () => number, forward: (signal: string) => void, kill: () => void }} effects `now` in milliseconds
 * @returns {(signal: string) => void}
 */
export function signalPolicy({ now, forward, kill }) {
  let first;

  return (signal) => {
    if (first === undefined) {
      first = now();
      forward(signal);
    } else if (now() - first > SAME_SIGNAL_MS) {
      kill();
    }
  };
}

/**
 * Runs the embedded cluster until it ends.
 *
 * @param {{ project: string, node: string, env: NodeJS.ProcessEnv, args: string[] }} options `args` go to the program as they are
 * @returns {Promise<number>} its exit code; 128 + 9 if it had to be killed
 */
export function start({ project, node, env, args }) {
  return new Promise((resolve, reject) => {
    // In a process group of its own, so that the terminal's Ctrl-C reaches it through us only, once.
    const child = spawn(node, [path.join(project, 'server/embedded/main.ts'), ...args], { cwd: project, env, detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
    const onSignal = signalPolicy({
      now: () => performance.now(),
      forward: (signal) => child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal),
      kill: () => process.kill(-child.pid, 'SIGKILL'),
    });
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

    signals.forEach((signal) => process.on(signal, onSignal));
    child.on('error', reject);
    child.on('exit', (code) => {
      signals.forEach((signal) => process.removeListener(signal, onSignal));
      resolve(code ?? 137);
    });
  });
}
