const sizeLimit = 28 * 1024;

/** Why Teams would not show the message, although its flow was started; undefined when it shows it. */
export function wrongCard(attachments: unknown[], size: number): string | undefined {
  if (size > sizeLimit) return "RequestEntityTooLarge: the message is larger than 28 KB";
  const [attachment] = attachments;
  if (attachments.length !== 1 || !isObject(attachment)) return "there is not exactly one card";
  if (attachment["contentType"] !== "application/vnd.microsoft.card.adaptive")
    return "the attachment is no Adaptive Card";
  const card = attachment["content"];
  if (!isObject(card) || card["type"] !== "AdaptiveCard")
    return "Property 'type' must be 'AdaptiveCard'";
  const version = /^1\.([0-5])$/.exec(String(card["version"]));
  if (version === null) return "Teams shows Adaptive Cards up to version 1.5";
  const body = card["body"];
  if (!Array.isArray(body) || body.length === 0) return "the card has no body";
  const wrong = (body as unknown[]).find(
    (block) =>
      !isObject(block) || (block["type"] === "TextBlock" && typeof block["text"] !== "string"),
  );
  return wrong === undefined ? undefined : "a TextBlock has no text";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
