const keptBytes = 1024 * 1024;

export type ContainerLog = ReturnType<typeof createContainerLog>;

/** What a container wrote, both streams as they came; the last MiB of it. */
export function createContainerLog() {
  let chunks: Buffer[] = [];
  let size = 0;
  let ended = false;
  const followers = new Set<(chunk: Buffer | undefined) => void>();

  return {
    write(chunk: Buffer): void {
      chunks.push(chunk);
      size += chunk.length;
      if (size > 2 * keptBytes) {
        const kept = Buffer.concat(chunks).subarray(-keptBytes);
        chunks = [kept];
        size = kept.length;
      }
      for (const follower of followers) follower(chunk);
    },
    end(): void {
      ended = true;
      for (const follower of followers) follower(undefined);
      followers.clear();
    },
    text: (): string => Buffer.concat(chunks).subarray(-keptBytes).toString("utf8"),
    /** Gives every later chunk, and undefined at the end. Returns the function that stops it. */
    follow(follower: (chunk: Buffer | undefined) => void): () => void {
      if (ended) follower(undefined);
      else followers.add(follower);
      return () => followers.delete(follower);
    },
  };
}

/** The last lines of a text, whole lines only. */
export function tail(text: string, lines: number): string {
  if (lines <= 0) return "";
  const ends = text.endsWith("\n");
  const all = (ends ? text.slice(0, -1) : text).split("\n");
  return `${all.slice(-lines).join("\n")}${ends ? "\n" : ""}`;
}
