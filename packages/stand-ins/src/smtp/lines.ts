import type { Duplex } from "node:stream";

/** Lines of one connection, read when they are asked for. */
export type Lines = {
  /** The next line without its end; undefined when the client is gone. */
  next(): Promise<Buffer | undefined>;
  /** True when the client has sent on without waiting for an answer. */
  ahead(): boolean;
  /** Gives the connection to another reader; what was sent ahead is thrown away. */
  release(): void;
};

/** A longer line than this ends the connection. */
const longest = 65_536;

export function readLines(socket: Duplex): Lines {
  let buffered: Buffer = Buffer.alloc(0);
  let ended = false;
  let wake: (() => void) | undefined;
  const onData = (chunk: Buffer): void => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    wake?.();
  };
  const onEnd = (): void => {
    ended = true;
    wake?.();
  };
  socket.on("data", onData);
  for (const event of ["end", "close", "error"]) socket.on(event, onEnd);

  return {
    ahead: () => buffered.length > 0,
    release: () => {
      socket.off("data", onData);
      buffered = Buffer.alloc(0);
    },
    next: async () => {
      for (;;) {
        const end = buffered.indexOf(0x0a);
        if (end >= 0) {
          const line = buffered.subarray(0, end > 0 && buffered[end - 1] === 0x0d ? end - 1 : end);
          buffered = buffered.subarray(end + 1);
          return line;
        }
        if (ended || buffered.length > longest) return undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
