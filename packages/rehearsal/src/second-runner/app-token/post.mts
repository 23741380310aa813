import { call } from "./api.mts";

const token = process.env["STATE_token"];
if (token) await call("DELETE", "/installation/token", `token ${token}`);
