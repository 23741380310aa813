import { note } from "./stage.mjs";

note("post");
