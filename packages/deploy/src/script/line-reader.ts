import { StringDecoder } from "node:string_decoder";

/** Longer lines are handed on in pieces, so that a program without line ends cannot fill the memory. */
const longest = 8 * 1024;

/** Cuts a stream of bytes into lines and hands each on as soon as it is whole. */
export function createLineReader(take: (line: string) => void): {
  write(bytes: Buffer): void;
  end(): void;
} {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const add = (text: string): void => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
    while (rest.length > longest) {
      take(rest.slice(0, longest));
      rest = rest.slice(longest);
    }
  };
  return {
    write: (bytes) => add(decoder.write(bytes)),
    end: () => {
      add(decoder.end());
      const last = rest.replace(/\r$/, "");
      rest = "";
      if (last !== "") take(last);
    },
  };
}
