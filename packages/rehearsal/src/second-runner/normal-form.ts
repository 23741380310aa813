/** Brings a text into the form that it has in every world in which the same happened. */
export type NormalForm = (text: string) => string;

/**
 * Two worlds differ in their hashes, secrets and clocks, and in nothing else. Values that are known have a name; other
 * hashes are numbered in the order in which they first appear, so that one that stands for another is still seen.
 */
export function createNormalForm(known: Record<string, string>): NormalForm {
  const names = Object.entries(known)
    .filter(([, value]) => value !== "")
    .toSorted(([, a], [, b]) => b.length - a.length);
  const hashes: string[] = [];
  const uuids: string[] = [];

  const hash = (text: string): string => {
    const named = names.find(([, value]) => value.startsWith(text));
    if (named) return `<${named[0]}${text.length < named[1].length ? "…" : ""}>`;
    // Numbers that systems give out are the same in both worlds.
    if (/^\d+$/.test(text)) return text;
    const at = hashes.findIndex((one) => one.startsWith(text) || text.startsWith(one));
    if (at < 0) hashes.push(text);
    return `<hash ${at < 0 ? hashes.length : at + 1}>`;
  };

  const uuid = (text: string): string => {
    if (!uuids.includes(text)) uuids.push(text);
    return `<uuid ${uuids.indexOf(text) + 1}>`;
  };

  return (text) => {
    let normal = text;
    for (const [name, value] of names) normal = normal.replaceAll(value, `<${name}>`);
    return normal
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "<time>")
      .replaceAll(/\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, "<time>")
      .replaceAll(/\b\d{1,2}:\d\d\b/g, "<clock>")
      .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, uuid)
      .replaceAll(/\b[0-9a-f]{7,64}\b/g, hash);
  };
}
