import { receiverKey } from "@release-actions/notify";
import type { Pipeline } from "./pipeline-file.ts";

/** What is wrong in `notify:` beyond the form of its values. `path`: place in the file. */
export function wrongNotices(pipeline: Pipeline): { path: (string | number)[]; saw: string }[] {
  const { messages = [], contacts = {}, mail } = pipeline.notify ?? {};
  const names = pipeline.environments.map(({ name }) => name);
  return messages.flatMap((message, at) => [
    ...message.to.flatMap((to, index) => {
      const path = ["notify", "messages", at, "to", index];
      const key = receiverKey(to, contacts);
      if (key === undefined)
        return [{ path, saw: `the role \`${to}\` has no mail address under \`notify.contacts\`` }];
      return key.startsWith("mail:") && mail === undefined
        ? [{ path, saw: `\`${to}\` gets mail, and \`notify.mail\` names no server` }]
        : [];
    }),
    ...(message.environments ?? []).flatMap((environment, index) =>
      names.includes(environment)
        ? []
        : [
            {
              path: ["notify", "messages", at, "environments", index],
              saw: `the environment \`${environment}\` does not exist`,
            },
          ],
    ),
  ]);
}
