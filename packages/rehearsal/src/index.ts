export { rehearse, type Place } from "./command.ts";
export { serveStandIn } from "./stand-in/command.ts";
