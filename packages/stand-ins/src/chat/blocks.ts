/** Why Slack would refuse these blocks; undefined when it takes them. Counted in UTF-16 units, after escaping, as Slack does. */
export function wrongBlocks(blocks: unknown): string | undefined {
  if (!Array.isArray(blocks)) return "blocks is not a list";
  if (blocks.length > 50) return "more than 50 blocks";
  for (const block of blocks as unknown[]) {
    const wrong = wrongBlock(block);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function wrongBlock(block: unknown): string | undefined {
  if (!isObject(block)) return "a block is not an object";
  switch (block["type"]) {
    case "divider":
      return undefined;
    case "header":
      return wrongText(block["text"], 150, ["plain_text"]);
    case "section":
      return wrongSection(block);
    case "context":
      return wrongList(block["elements"], (element) =>
        isObject(element) && element["type"] === "image" ? undefined : wrongText(element, 3000),
      );
    default:
      return `unsupported type: ${String(block["type"])}`;
  }
}

function wrongSection(block: Record<string, unknown>): string | undefined {
  const { text, fields } = block;
  if (text === undefined && fields === undefined) return "a section needs text or fields";
  return (
    (text === undefined ? undefined : wrongText(text, 3000)) ??
    (fields === undefined ? undefined : wrongList(fields, (field) => wrongText(field, 2000)))
  );
}

function wrongList(
  list: unknown,
  wrong: (item: unknown) => string | undefined,
): string | undefined {
  if (!Array.isArray(list) || list.length === 0 || list.length > 10)
    return "needs one to ten pieces";
  return (list as unknown[]).map(wrong).find((why) => why !== undefined);
}

function wrongText(
  value: unknown,
  limit: number,
  types: string[] = ["plain_text", "mrkdwn"],
): string | undefined {
  if (!isObject(value)) return "a text is not an object";
  const type = String(value["type"]);
  if (!types.includes(type)) return `${type} is no type of text here`;
  if (typeof value["text"] !== "string" || value["text"].length === 0) return "a text is empty";
  if (value["text"].length > limit) return `a text has more than ${limit} characters`;
  if (value["emoji"] !== undefined && type !== "plain_text") return "emoji belongs to plain_text";
  if (value["verbatim"] !== undefined && type !== "mrkdwn") return "verbatim belongs to mrkdwn";
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
