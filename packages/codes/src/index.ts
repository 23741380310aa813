export { Fault, refuse, type Finding, type Refusal } from "./fault.ts";
export { codes, type Code, type CodeText } from "./table.ts";
