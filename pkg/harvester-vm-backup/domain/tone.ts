/** How a state looks. Never alone: the state's name always stands beside the colour. */
export type Tone = 'success' | 'error' | 'warning' | 'info' | 'muted';

const TONES: Record<string, Tone> = {
  Completed:        'success',
  Ready:            'success',
  Running:          'success',
  Failed:           'error',
  Unavailable:      'error',
  AwaitingApproval: 'warning',
  RollingBack:      'warning',
  Cancelled:        'muted',
  Stopped:          'muted',
  Halted:           'muted',
  Pending:          'muted',
  Deleting:         'warning',
};

/** Tone of a phase of any kind of ours, or of a VM's run state; whatever is not listed is work in progress. */
export function toneOf(phase: string): Tone {
  return TONES[phase] ?? 'info';
}

const BADGES: Record<Tone, string> = {
  success: 'bg-success', error: 'bg-error', warning: 'bg-warning', info: 'bg-info', muted: 'bg-darker'
};

/** The shell's class for a badge of that tone. */
export function badgeClass(tone: Tone): string {
  return BADGES[tone];
}
