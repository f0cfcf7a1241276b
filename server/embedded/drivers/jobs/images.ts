/** What an image starts: its entry point, and variables that its environment has. */
export interface ImageProgram { command: readonly string[]; env?: Readonly<Record<string, string>> }

/** Programs by the last part of an image's name, without registry and tag. */
export type ImageTable = Readonly<Record<string, ImageProgram>>;

/** The program of an image reference such as `registry.example/team/name:tag`; undefined when it cannot be pulled. */
export function programOf(images: ImageTable, image: string): ImageProgram | undefined {
  const name = (image.split('@')[0] ?? '').split('/').at(-1)?.split(':')[0] ?? '';

  return Object.hasOwn(images, name) ? images[name] : undefined;
}
