/** What is typed for many reasons; each `{name}` is quoted for a shell. */
export const commands = {
  events: "kubectl -n {namespace} get events --field-selector involvedObject.name={name}",
  describe: "kubectl -n {namespace} describe {kind} {name}",
  logs: "kubectl -n {namespace} logs {name} -c {container}",
} as const;
